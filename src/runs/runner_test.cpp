#include "runs/runner.h"

#include <gtest/gtest.h>

#include <fstream>

#include "runs/estimate.h"
#include "runs/summary.h"
#include "runs/test_runs.h"

namespace koan::runs {
namespace {

Result<std::string> finish(const RunSetup& setup) {
  KOAN_ASSIGN(const Gathered gathered, gather(setup.config, setup.folder));
  if (!gathered.complete()) return Error{ErrorCode::kUsage, "not complete"};
  KOAN_TRY(write_results(setup.config, summarise(setup.config, gathered.samples), gathered.samples, setup.folder));
  return content_of(setup.folder + "/results.json") + content_of(setup.folder + "/samples_additions.jsonl");
}

std::string whole_run(const TestWorld& world, unsigned workers = 1, std::uint32_t trials = 1) {
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path());
  setup.workers = workers;
  setup.config.trials = trials;
  EXPECT_TRUE(begin(setup));
  const auto outcome = run(setup);
  EXPECT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->made, world.count * all_arms().size() * trials);
  const auto results = finish(setup);
  EXPECT_TRUE(results) << results.error().message;
  return *results;
}

TEST(Runner, ResultsDoNotDependOnWorkers) {
  const TestWorld world;
  const std::string one = whole_run(world);
  EXPECT_NE(one.find("\"random_bits\""), std::string::npos);
  EXPECT_EQ(whole_run(world), one);
  EXPECT_EQ(whole_run(world, 4), one);
}

TEST(Runner, ShardsMakeTheSameResultsAsOneRun) {
  const TestWorld world;
  const std::string one = whole_run(world, 1, 2);
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path());
  setup.config.trials = 2;
  ASSERT_TRUE(begin(setup));
  setup.shard = {1, 2};
  ASSERT_TRUE(run(setup));
  EXPECT_FALSE(finish(setup));
  setup.shard = {0, 2};
  ASSERT_TRUE(run(setup));
  EXPECT_EQ(finish(setup).value(), one);
}

// Whatever was made by a run with other shards counts.
TEST(Runner, AnotherDivisionGoesOn) {
  const TestWorld world;
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path());
  ASSERT_TRUE(begin(setup));
  setup.shard = {1, 3};
  ASSERT_TRUE(run(setup));
  setup.shard = {0, 1};
  const auto rest = run(setup);
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->made, 4 * all_arms().size());
  EXPECT_EQ(finish(setup).value(), whole_run(world));
}

// Stopped after any sample, it goes on and comes to the same, and no sample is made twice.
TEST(Runner, GoesOnWhereItWasStopped) {
  const TestWorld world;
  const std::string one = whole_run(world);
  const std::size_t all = world.count * all_arms().size();
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path());
  ASSERT_TRUE(begin(setup));
  std::size_t made = 0, left = 0;  // the hooks of `setup` outlive the loop
  for (int round = 0; made < all; ++round) {
    ASSERT_LT(round, 200);
    // A journal that loses its last bytes, as after a loss of power.
    const std::string path = folder.path() + "/journal-0-of-1.jsonl";
    if (round % 3 == 2) std::filesystem::resize_file(path, std::filesystem::file_size(path) - 20);
    left = 4;
    setup.config.rules.cancelled = [&] { return left == 0; };
    setup.progress = [&](std::size_t done, std::size_t total) {
      EXPECT_EQ(total, all);
      made = done;
      left -= left > 0 ? 1 : 0;
    };
    const auto outcome = run(setup);
    if (outcome) continue;
    ASSERT_EQ(outcome.error().code, ErrorCode::kCancelled) << outcome.error().message;
  }
  EXPECT_EQ(finish(setup).value(), one);
  const std::size_t asked = *world.asked_small + *world.asked_large;
  setup.config.rules.cancelled = {};
  ASSERT_TRUE(run(setup));
  EXPECT_EQ(*world.asked_small + *world.asked_large, asked);
}

TEST(Runner, FailedSamplesAreTriedAgain) {
  TestWorld world;
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path(), {"qa"});
  ASSERT_TRUE(begin(setup));
  const CrewMaker good = setup.crew;
  setup.crew = [&]() -> Result<Crew> {
    KOAN_ASSIGN(Crew crew, good());
    dynamic_cast<ask::ScriptedChat*>(crew.small.get())->limit = 0;
    return crew;
  };
  setup.shard = {0, 6};  // three samples, of which two need the small model
  const auto outcome = run(setup);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->failed, 2u);
  EXPECT_NE(outcome->first_error.find("arm small: out of replies"), std::string::npos) << outcome->first_error;
  setup.shard = {0, 1};
  EXPECT_EQ(gather(setup.config, folder.path())->failed, 2u);
  setup.crew = good;
  ASSERT_TRUE(run(setup));
  EXPECT_EQ(gather(setup.config, folder.path())->failed, 0u);
  EXPECT_TRUE(finish(setup));
}

TEST(Runner, AJudgeGradesFreeForm) {
  TestWorld world;
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path(), {"qa"});
  for (tasks::Problem& problem : setup.config.problems) problem.target.kind = grade::Kind::kJudge;
  ASSERT_TRUE(begin(setup));
  EXPECT_EQ(run(setup).error().code, ErrorCode::kUsage);  // without one
  setup.crew = [&]() -> Result<Crew> {
    Crew crew = world.crew();
    crew.judge = std::make_unique<ask::ScriptedChat>("judge", "", [](const ChatRequest& request) {
      const std::string text = all_of(request);
      return number_after(text, "Right answer:\n") == number_after(text, "Answer: ") ? "CORRECT" : "INCORRECT";
    });
    return crew;
  };
  ASSERT_TRUE(run(setup));
  const RunSummary summary = summarise(setup.config, gather(setup.config, folder.path())->samples);
  EXPECT_EQ(summary.find("small")->correct, 3u);
  EXPECT_EQ(summary.find("qa")->correct, 6u);
  EXPECT_EQ(summary.find("large")->correct, 5u);
}

TEST(Runner, AServerThatIsGoneEndsIt) {
  TestWorld world;
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path());
  ASSERT_TRUE(begin(setup));
  setup.crew = [&]() -> Result<Crew> {
    Crew crew = world.crew();
    dynamic_cast<ask::ScriptedChat*>(crew.large.get())->limit = 0;
    return crew;
  };
  const auto outcome = run(setup);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kRemote);
  EXPECT_EQ(gather(setup.config, folder.path())->failed, kMostFailures * all_arms().size());
}

TEST(Runner, AnotherRunInTheFolderIsRefused) {
  const TestWorld world;
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path());
  ASSERT_TRUE(begin(setup));
  ASSERT_TRUE(begin(setup));
  const std::vector<std::pair<std::string, std::function<void(RunConfig&)>>> changes = {
      {"seed", [](RunConfig& c) { c.seed = 1; }},
      {"trials", [](RunConfig& c) { c.trials = 2; }},
      {"arms", [](RunConfig& c) { c.arms.pop_back(); }},
      {"problems", [](RunConfig& c) { c.problems[2].target.reference = "x"; }},
      {"models", [](RunConfig& c) { c.large.identity = kSmallHash; }},
      {"max_tokens", [](RunConfig& c) { c.rules.cap = 9; }},
      {"samples", [](RunConfig& c) { c.rules.samples = 3; }},
      {"task", [](RunConfig& c) { c.task.version = 2; }},
      {"unsandboxed", [](RunConfig& c) { c.unsandboxed = true; }}};
  for (const auto& [name, change] : changes) {
    RunSetup other = world.setup(folder.path());
    change(other.config);
    const auto refused = begin(other);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
    EXPECT_NE(refused.error().message.find("'" + name + "' differs"), std::string::npos) << refused.error().message;
  }
}

// Not fewer calls than are made, and not many more: arms whose answers turn out equal share what follows.
void compare_estimate(const TestWorld& world) {
  const TestFolder folder;
  RunSetup setup = world.setup(folder.path(), {"retry", "self_consistency", "blc", "qa", "qa_plus", "oracle"});
  const auto estimated = estimate(setup.config, world.count);
  ASSERT_TRUE(estimated) << estimated.error().message;
  ASSERT_TRUE(begin(setup));
  ASSERT_TRUE(run(setup));
  for (const auto& [calls, made] : {std::pair(estimated->small.calls, static_cast<double>(*world.asked_small)),
                                    std::pair(estimated->large.calls, static_cast<double>(*world.asked_large))}) {
    EXPECT_GE(calls, made);
    EXPECT_LE(calls, 1.3 * made);
  }
  EXPECT_GT(estimated->large.most_output_tokens, estimated->large.output_tokens);
  EXPECT_EQ(estimated->judge.calls, 0);
}

TEST(Estimate, CountsTheCallsThatARunMakes) {
  TestWorld world;
  world.small_hash = world.large_hash = "";
  compare_estimate(world);
}

TEST(Estimate, OfAnExactSmallModel) {
  TestWorld world;
  world.large_hash = "";
  const RunSetup setup = world.setup("");
  const auto estimated = estimate(setup.config, 2);
  ASSERT_TRUE(estimated) << estimated.error().message;
  EXPECT_GT(estimated->large.calls, 0);
}

}  // namespace
}  // namespace koan::runs
