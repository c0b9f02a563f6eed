// For tests: problems of addition and two models that do not agree on them. The small one is off by one on odd problems
// and believes what it is told about its attempt; the large one is right on all but the last.
#pragma once

#include <unistd.h>

#include <filesystem>

#include "ask/test_ask.h"
#include "runs/runner.h"

namespace koan::runs {

inline constexpr const char* kSmallHash = "1111111111111111111111111111111111111111111111111111111111111111";
inline constexpr const char* kLargeHash = "2222222222222222222222222222222222222222222222222222222222222222";

inline std::vector<tasks::Problem> additions(std::size_t count) {
  std::vector<tasks::Problem> out;
  for (std::size_t i = 0; i < count; ++i) {
    tasks::Problem& problem = out.emplace_back();
    problem.id = "add/" + std::to_string(i);
    problem.text = "What is " + std::to_string(10 * i) + " + 7?";
    problem.target.kind = grade::Kind::kNumber;
    problem.target.reference = std::to_string(10 * i + 7);
    problem.solution = "Seven more than " + std::to_string(10 * i);
    problem.level = i < 2 ? "1" : "2";
  }
  return out;
}

inline std::string all_of(const ChatRequest& request) {
  std::string out;
  for (const ChatMessage& message : request.messages) out += message.content + "\n";
  return out;
}
// The number behind the last, or the first, `before`.
inline int number_after(const std::string& text, const std::string& before, bool last = false) {
  const std::size_t at = last ? text.rfind(before) : text.find(before);
  return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + before.size());
}
inline int truth_of(const std::string& text) { return number_after(text, "What is ") + 7; }
inline std::string answer_text(int answer) { return "I add them.\nAnswer: " + std::to_string(answer); }

inline std::string small_reply(const ChatRequest& request) {
  const std::string text = all_of(request);
  const int truth = truth_of(text), index = (truth - 7) / 10;
  const auto says = [&](const char* words) { return text.find(words) != std::string::npos; };
  if (says("yes/no questions, numbered")) return "1. Is the final answer of the attempt right?\n2. Is 7 added?";
  if (says("Notes of an expert")) return answer_text(number_after(text, "notes: ", true));
  if (says("these answers are all wrong")) return answer_text(truth);
  if (says("An expert answered")) {
    const int before = number_after(text, "Answer: ");
    if (says("Is the final answer of the attempt right? No")) return answer_text(before == truth ? truth + 1 : truth);
    return answer_text(before);
  }
  // Samples: every third is right on odd problems.
  if (request.temperature > 0) return answer_text(index % 2 == 1 && request.seed % 3 != 1 ? truth + 1 : truth);
  return answer_text(index % 2 == 1 ? truth + 1 : truth);
}

inline std::string large_reply(const ChatRequest& request, int last) {
  const std::string text = all_of(request);
  const int truth = truth_of(text), own = (truth - 7) / 10 == last ? truth + 2 : truth;
  const auto says = [&](const char* words) { return text.find(words) != std::string::npos; };
  if (says("in as little text")) return "notes: " + std::to_string(own);
  if (says("yes/no questions, numbered")) return "1. Is the sum of the attempt right?";
  if (!says("The attempt:") && !says("Answers:")) return answer_text(own);
  const bool right = number_after(text, "Answer: ", true) == own;
  if (says("one word, CORRECT or INCORRECT")) return right ? "CORRECT" : "INCORRECT";
  if (says("Reply with its number, or with NONE")) {
    for (int k = 1; k <= 8; ++k)
      if (says((std::to_string(k) + ". " + std::to_string(own) + "\n").c_str())) return std::to_string(k);
    return "NONE";
  }
  std::string out;
  for (int k = 1; k <= 10; ++k) out += std::to_string(k) + (right ? ". Yes\n" : ". No\n");
  return out;
}

// Weights as the words that the model would say.
inline ask::ScriptedChat::Weights weights_of(ask::ScriptedChat::Reply reply) {
  return [reply](const ChatRequest& request, std::span<const std::string> choices) {
    const std::string text = reply(request);
    std::vector<std::uint64_t> out;
    for (const std::string& choice : choices)
      out.push_back(text == choice || text.find("1. " + choice + "\n") != std::string::npos ? 3 : 1);
    return out;
  };
}

struct TestWorld {
  std::string small_hash = kSmallHash, large_hash = kLargeHash;  // empty: a model that is not exact
  std::size_t count = 6;                                         // problems
  // Kept while crews use it. Guarded by there being one worker, or not looked at.
  std::shared_ptr<std::atomic<std::size_t>> asked_small = std::make_shared<std::atomic<std::size_t>>(0),
                                            asked_large = std::make_shared<std::atomic<std::size_t>>(0);

  Crew crew() const {
    const int last = static_cast<int>(count) - 1;
    const auto small = [n = asked_small](const ChatRequest& request) {
      ++*n;
      return small_reply(request);
    };
    const auto large = [n = asked_large, last](const ChatRequest& request) {
      ++*n;
      return large_reply(request, last);
    };
    Crew out;
    out.small = std::make_unique<ask::ScriptedChat>("small", small_hash, small,
                                                    [](const ChatRequest&, std::span<const std::string> choices) {
                                                      std::vector<std::uint64_t> weights(choices.size(), 1);
                                                      weights[0] = 2;  // it trusts itself
                                                      return weights;
                                                    });
    out.large = std::make_unique<ask::ScriptedChat>("large", large_hash, large, weights_of(large));
    out.coder = AnswerCoder::create().value();
    return out;
  }

  RunSetup setup(const std::string& folder, std::vector<std::string> arms = {"all"}) const {
    RunSetup out;
    out.config.koan = "test";
    out.config.task.name = "additions";
    out.config.task.source = "made up";
    out.config.problems = additions(count);
    out.config.arms = arms_named(arms).value();
    out.config.small = {"small", small_hash, 1000};
    out.config.large = {"large", large_hash, 5000};
    out.config.rules.prompts = "plain";
    out.config.rules.own = parse_run_prompts(run_prompts_file()).value();
    out.config.rules.asks = folder + "/asks";
    out.config.rules.clock = [] { return 0.0; };
    out.facts.small.parameters = 1000;
    out.facts.large.parameters = 5000;
    out.facts.large.prices = Prices{1, 5};
    out.crew = [world = *this]() -> Result<Crew> { return world.crew(); };
    out.folder = folder;
    return out;
  }
};

inline Status begin(const RunSetup& setup) {
  KOAN_ASSIGN(const JsonDocument json, config_json(setup.config));
  return begin_folder(setup.folder, config_text(json));
}

class TestFolder {
 public:
  TestFolder() : path_(std::filesystem::temp_directory_path() / ("koan-runs-XXXXXX")) {
    path_ = ::mkdtemp(path_.data()) == nullptr ? "" : path_;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

inline std::string content_of(const std::string& path) {
  const auto bytes = read_file(path, 1 << 28);
  EXPECT_TRUE(bytes) << path;
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

}  // namespace koan::runs
