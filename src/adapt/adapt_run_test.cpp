// Whole runs of koan-train adapt with a tiny model.
#include <fstream>
#include <nlohmann/json.hpp>

#include "adapt/test_adapt.h"
#include "model/model.h"
#include "route/profile.h"

namespace koan {
namespace {

class AdaptRunTest : public AdaptTest {
 protected:
  std::vector<nlohmann::json> log_lines() const {
    std::vector<nlohmann::json> out;
    std::ifstream in(path("log"));
    for (std::string line; std::getline(in, line);) out.push_back(nlohmann::json::parse(line));
    return out;
  }
  // What two equal runs share: everything but the date.
  Bytes undated(const std::string& name) const {
    Adapter adapter = this->adapter(name);
    adapter.metadata.erase("koan.adapter.created");
    return write_adapter(adapter);
  }
};

TEST_F(AdaptRunTest, LearnsTheFormOfTheText) {
  AdaptOptions o = options("out.lora.gguf");
  o.log = path("log");
  o.evaluations = 5;
  ASSERT_TRUE(succeeds(run_adapt(o)));
  const Adapter learned = adapter("out.lora.gguf");
  EXPECT_EQ(learned.name, "out");
  EXPECT_EQ(learned.tensors.size(), 14u);
  const double before = *learned.number("koan.adapter.heldout_bits_before");
  const double after = *learned.number("koan.adapter.heldout_bits_after");
  EXPECT_LT(after, 0.75 * before);
  EXPECT_EQ(learned.text("koan.adapter.base_name"), "tiny");
  EXPECT_EQ(learned.text("koan.adapter.targets"), "q,k,v,o,gate,up,down");
  EXPECT_EQ(learned.text("koan.adapter.created").size(), 20u);
  EXPECT_EQ(learned.text("koan.adapter.data_sha256").size(), 64u);
  EXPECT_EQ(learned.number("koan.adapter.data_bytes"), static_cast<double>(text_.size()));
  EXPECT_EQ(learned.number("koan.adapter.seed"), 1.0);
  EXPECT_GT(*learned.number("koan.adapter.trained_tokens"), 10000);

  // The adapter fits the model that koan loads from the same bytes, and profiles for the router are in it.
  const auto model = Model::load(*read_file(path("base.gguf"), kMaxFile));
  ASSERT_TRUE(model.has_value()) << model.error().message;
  EXPECT_EQ(learned.base_sha256(), (*model)->sha256());
  EXPECT_TRUE(Model::with_adapter(**model, learned).has_value());
  const auto profiles = read_profiles(learned.metadata);
  ASSERT_TRUE(profiles.has_value());
  EXPECT_FALSE(profiles->text.empty());
  EXPECT_TRUE(profiles->prompt.empty()) << "there were no prompts";

  const auto lines = log_lines();
  ASSERT_GE(lines.size(), 7u);
  EXPECT_EQ(lines.front()["step"], 0);
  EXPECT_NEAR(lines.front()["bits_per_byte"].get<double>(), before, 1e-5);
  EXPECT_NEAR(lines.back()["bits_per_byte_requantised"].get<double>(), after, 1e-5);
  std::size_t measured = 0;
  for (const auto& line : lines) measured += line.contains("bits_per_byte");
  EXPECT_EQ(measured, 6u) << "before, and five times in the run";
  EXPECT_FALSE(exists("out.lora.gguf.checkpoint"));
}

TEST_F(AdaptRunTest, PromptsGetAProfileAndAreNotPaidFor) {
  std::string records;
  for (int i = 0; i < 200; ++i)
    records += "{\"text\":" + nlohmann::json(templated_text(60, static_cast<std::uint64_t>(i) + 1)).dump() +
               ",\"prompt\":\"report number " + std::to_string(i) + "\"}\n";
  AdaptOptions o = options("out.gguf");
  o.inputs = {write("records.jsonl", as_bytes(records))};
  o.context_field = "prompt";
  o.steps = 3;
  ASSERT_TRUE(succeeds(run_adapt(o)));
  EXPECT_FALSE(read_profiles(adapter("out.gguf").metadata)->prompt.empty());
  EXPECT_LT(*adapter("out.gguf").number("koan.adapter.data_bytes"), 200 * 130);
}

TEST_F(AdaptRunTest, ResumedRunGivesTheSameBytes) {
  AdaptOptions o = options("straight.gguf");
  o.name = "one";
  o.steps = 24;
  ASSERT_TRUE(succeeds(run_adapt(o)));
  o.out = path("resumed.gguf");
  for (const int steps : {0, 7, 11}) {
    const Status stopped = run_adapt(o, stop_after(steps));
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled) << stopped.error().message;
    EXPECT_NE(stopped.error().message.find("--resume"), std::string::npos);
    EXPECT_FALSE(exists("resumed.gguf"));
    ASSERT_TRUE(exists("resumed.gguf.checkpoint"));
    o.resume = true;
  }
  ASSERT_TRUE(succeeds(run_adapt(o)));
  EXPECT_EQ(undated("resumed.gguf"), undated("straight.gguf"));
  EXPECT_FALSE(exists("resumed.gguf.checkpoint"));
  o.seed = 2;
  o.resume = false;
  o.out = path("other.gguf");
  ASSERT_TRUE(succeeds(run_adapt(o)));
  EXPECT_NE(undated("other.gguf"), undated("straight.gguf"));
}

TEST_F(AdaptRunTest, CheckpointOfAnotherRunIsRefused) {
  AdaptOptions o = options("out.gguf");
  ASSERT_EQ(run_adapt(o, stop_after(3)).error().code, ErrorCode::kCancelled);
  const Bytes checkpoint = *read_file(path("out.gguf.checkpoint"), kMaxFile);

  const Status again = run_adapt(o);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kUsage);
  EXPECT_NE(again.error().message.find("--resume"), std::string::npos);

  o.resume = true;
  const auto refused = [&](const AdaptOptions& other, const char* what) {
    const Status status = run_adapt(other);
    ASSERT_FALSE(status) << what;
    EXPECT_EQ(status.error().code, ErrorCode::kUsage) << what;
    EXPECT_NE(status.error().message.find("out.gguf.checkpoint: was made with other"), std::string::npos)
        << status.error().message;
  };
  AdaptOptions other = o;
  other.rank = 5;
  refused(other, "rank");
  other = o;
  other.seed = 2;
  refused(other, "seed");
  other = o;
  other.targets = "q,v";
  refused(other, "targets");
  other = o;
  other.inputs = {write("other.txt", as_bytes(templated_text(30000, 5)))};
  refused(other, "data");
  train::Net net = random_net(8);
  write_model(net, path("base2.gguf"));
  other = o;
  other.model = path("base2.gguf");
  refused(other, "base");
  EXPECT_EQ(*read_file(path("out.gguf.checkpoint"), kMaxFile), checkpoint) << "it stays as it was";

  for (std::size_t n = 0; n + 64 < checkpoint.size(); n += 1 + checkpoint.size() / 31) {
    write("out.gguf.checkpoint", ByteView(checkpoint).first(n));
    EXPECT_EQ(run_adapt(o).error().code, ErrorCode::kCorrupt) << n;
  }
  o.resume = false;
  o.force = true;
  o.steps = 2;
  EXPECT_TRUE(succeeds(run_adapt(o)));
}

TEST_F(AdaptRunTest, StopsEarlyWithoutGain) {
  AdaptOptions o = options("out.gguf");
  o.log = path("log");
  o.lr = 1e-15;  // less than a weight can tell
  o.steps = 128;
  o.evaluations = 32;
  o.patience = 3;
  ASSERT_TRUE(succeeds(run_adapt(o)));
  EXPECT_EQ(log_lines().back()["step"], 12);
  o.out = path("all.gguf");
  o.patience = 0;
  o.steps = 30;
  ASSERT_TRUE(succeeds(run_adapt(o)));
  EXPECT_EQ(log_lines().back()["step"], 30);
}

// A run that learns too fast is worse in the end than on the way; what is written is the best that was measured.
TEST_F(AdaptRunTest, WritesTheBestOfTheCourse) {
  AdaptOptions o = options("out.gguf");
  o.log = path("log");
  o.lr = 0.5;
  o.warmup = 0;
  o.steps = 40;
  o.patience = 0;
  ASSERT_TRUE(succeeds(run_adapt(o)));
  double best = 1e9, last = 0;
  for (const auto& line : log_lines())
    if (line.contains("bits_per_byte")) best = std::min(best, last = line["bits_per_byte"].get<double>());
  EXPECT_NEAR(*adapter("out.gguf").number("koan.adapter.heldout_bits_after"), best, 0.03 * best);
}

TEST_F(AdaptRunTest, MeasuresOnASampleWhenTheRunIsShort) {
  std::string records;
  for (std::uint64_t i = 0; i < 3000; ++i)
    records += "{\"text\":" + nlohmann::json(templated_text(200, i + 1)).dump() + "}\n";
  AdaptOptions o = options("short.gguf");
  o.inputs = {write("records.jsonl", as_bytes(records))};
  o.held_out = 0.3;
  o.steps = 2;
  ASSERT_TRUE(succeeds(run_adapt(o)));
  const double few = *adapter("short.gguf").number("koan.adapter.heldout_bytes");
  EXPECT_GT(few, 2000);
  EXPECT_LT(few, 5000) << "4096 places, a third of which overlap";
}

TEST_F(AdaptRunTest, EndsAfterTheMinutesGiven) {
  AdaptOptions o = options("out.gguf");
  o.steps = 0;
  o.minutes = 0.02;
  o.patience = 0;
  const auto from = std::chrono::steady_clock::now();
  ASSERT_TRUE(succeeds(run_adapt(o)));
  EXPECT_GE(std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count(), 1.2);
  EXPECT_GT(*adapter("out.gguf").number("koan.adapter.trained_tokens"), 0);
}

TEST_F(AdaptRunTest, DivergenceIsAnErrorThatLeavesNothing) {
  AdaptOptions o = options("out.gguf");
  o.lr = 1e30;
  fails(o, ErrorCode::kVerification, "diverged at step ");
}

}  // namespace
}  // namespace koan
