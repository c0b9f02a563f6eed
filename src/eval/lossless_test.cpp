#include "eval/lossless.h"

#include <gtest/gtest.h>

#include <set>

#include "base/hash.h"
#include "eval/test_folder.h"

namespace koan {
namespace {

// Codes nothing, but counts: a record costs half its bytes, with the adapter of its domain a quarter.
class FakeCoder final : public RecordCoder {
 public:
  Result<CodedFile> code(const std::string& source, const std::string& coded, const AdapterChoice& choice) override {
    if (calls.size() >= most_calls) return Error{ErrorCode::kCancelled, "interrupted"};
    calls.push_back(std::filesystem::path(coded).lexically_relative(out).string());
    KOAN_ASSIGN(const Bytes data, read_file(source, 1 << 20));
    KOAN_ASSIGN(const TestSet test, parse_test_set(data, {"text", "prompt", "group"}));
    const std::string domain = std::filesystem::path(source).parent_path().filename().string();
    CodedFile file;
    for (const std::string& text : test.texts) {
      const bool routed = choice.kind >= AdapterChoice::Kind::kByPrompt;
      const bool correct = routed || (!choice.adapters.empty() && choice.adapters[0].name == domain);
      file.record_bytes.push_back(text.size() / (correct ? 4 : 2));
      file.adapters.push_back(routed ? domain : choice.adapters.empty() ? "" : choice.adapters[0].name);
    }
    file.skeleton_bytes = 1000;
    file.file_bytes = 1030;  // 30 for all
    for (const std::uint64_t bytes : file.record_bytes) file.file_bytes += bytes;
    if (lose_a_record) file.record_bytes.pop_back();
    return file;
  }
  Status train(const std::string& source, const std::string& adapter,
               const std::vector<std::string>& options) override {
    trained.push_back(std::filesystem::path(source).parent_path().filename().string());
    last_options = options;
    std::ofstream(adapter) << "adapter of " << source << std::string(1000, '.');
    return {};
  }

  std::string out;
  std::vector<std::string> calls, trained, last_options;
  std::size_t most_calls = SIZE_MAX;
  bool lose_a_record = false;
};

class LosslessTest : public testing::Test {
 protected:
  LosslessTest() {
    setup_.spec.name = "test";
    setup_.spec.make = "make the data";
    setup_.spec.fields = {"text", "prompt", "group"};
    setup_.spec.all_train = "all/train.jsonl";
    setup_.spec.training = {"--epochs", "7"};
    for (const char* name : {"chat", "code"}) {
      EvalDomain domain;
      domain.name = domain.adapter = name;
      domain.train = domain.name + "/train.jsonl";
      domain.test = domain.name + "/test.jsonl";
      setup_.spec.domains.push_back(domain);
      write_texts(domain.train, domain.name, 200);
      write_texts(domain.test, domain.name + " test", 3);
    }
    write_texts("all/train.jsonl", "both", 200);
    setup_.data = folder_.path("data");
    setup_.out = coder_.out = folder_.path("out");
    setup_.adapters = folder_.path("out/adapters");
    setup_.model = {"model", "aa", 5000, 4096, [](ByteView text) { return text.size() / 3; }};
    setup_.koan = "koan 1";
    setup_.coder = &coder_;
    setup_.say = [this](const std::string& line) { said_.push_back(line); };
  }
  void write_texts(const std::string& file, const std::string& about, int n) {
    std::string lines;
    for (int i = 0; i < n; ++i)
      lines += "{\"prompt\": \"p\", \"text\": \"" + about + " has its number " + std::to_string(i * i) +
               " in a sentence about " + std::to_string(i % 7) + " things\", \"group\": \"g" + std::to_string(i) +
               "\"}\n";
    folder_.write("data/" + file, lines);
  }
  // What was coded in a run that must succeed, file by file.
  std::multiset<std::string> coded_in_run() {
    coder_.calls.clear();
    const auto result = run_lossless(setup_);
    EXPECT_TRUE(result) << result.error().message;
    return {coder_.calls.begin(), coder_.calls.end()};
  }

  TestFolder folder_;
  FakeCoder coder_;
  LosslessSetup setup_;
  std::vector<std::string> said_;
};

TEST_F(LosslessTest, EveryDomainIsMeasuredUnderEveryCondition) {
  const auto result = run_lossless(setup_);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->adapters.size(), 3u);
  EXPECT_EQ(result->adapters[2].name, "all");
  EXPECT_EQ(result->adapters[0].sha256, to_hex(sha256(*read_file(setup_.adapters + "/chat.lora.gguf", 1 << 20))));
  ASSERT_EQ(result->domains.size(), 2u);
  for (const DomainResult& domain : result->domains) {
    EXPECT_EQ(domain.test.texts.size(), 3u);
    EXPECT_EQ(domain.tokens.size(), 3u);
    for (const char* condition : {"xz", "zstd", "zstd_dictionary", "zstd_corpus", "base", "adapter:chat",
                                  "adapter:code", "adapter:all", "route:prompt", "route:text", "route:trial"})
      EXPECT_NE(domain.find(condition), nullptr) << condition;
    EXPECT_LE(domain.find("zstd_dictionary")->side_bytes, result->adapters[0].bytes);
    const Measured* base = domain.find("base");
    EXPECT_EQ(base->shared_bytes, 30u);
    EXPECT_EQ(base->record_bytes[0], domain.test.texts[0].size() / 2);
    EXPECT_EQ(base->side_bytes, 0u);
    EXPECT_TRUE(base->choices.empty());
    const Measured* routed = domain.find("route:trial");
    EXPECT_EQ(routed->choices, std::vector<std::string>(3, domain.domain.name));
    EXPECT_EQ(routed->side_bytes,
              result->adapters[0].bytes + result->adapters[1].bytes);  // the control is no candidate
  }
}

TEST_F(LosslessTest, AdaptersThatAreMissingAreTrainedWithOneBudget) {
  folder_.write("out/adapters/code.lora.gguf", "made before" + std::string(1000, '.'));
  ASSERT_TRUE(run_lossless(setup_));
  EXPECT_EQ(coder_.trained, (std::vector<std::string>{"chat", "all"}));
  EXPECT_EQ(coder_.last_options, setup_.spec.training);
  ASSERT_TRUE(run_lossless(setup_));
  EXPECT_EQ(coder_.trained.size(), 2u);
}

TEST_F(LosslessTest, WhatWasMeasuredIsNotMeasuredAgain) {
  EXPECT_EQ(coded_in_run().size(), 14u);
  said_.clear();
  EXPECT_EQ(coded_in_run().size(), 0u);
  ASSERT_FALSE(said_.empty());
  for (const std::string& line : said_) EXPECT_TRUE(line.ends_with("kept from before")) << line;
}

TEST_F(LosslessTest, OnlyWhatDependsOnAChangeIsMeasuredAgain) {
  coded_in_run();
  write_texts("code/test.jsonl", "other code", 4);
  EXPECT_EQ(coded_in_run().size(), 7u);

  folder_.write("out/adapters/chat.lora.gguf", "another" + std::string(1000, '.'));
  EXPECT_EQ(coded_in_run(), (std::multiset<std::string>{"files/chat/adapter.chat.koan", "files/chat/route.prompt.koan",
                                                        "files/chat/route.text.koan", "files/chat/route.trial.koan",
                                                        "files/code/adapter.chat.koan", "files/code/route.prompt.koan",
                                                        "files/code/route.text.koan", "files/code/route.trial.koan"}));

  setup_.koan = "koan 2";
  EXPECT_EQ(coded_in_run().size(), 14u);
  setup_.model.sha256 = "bb";
  EXPECT_EQ(coded_in_run().size(), 14u);
}

TEST_F(LosslessTest, AnInterruptedRunGoesOnWhereItStopped) {
  coder_.most_calls = 5;
  const auto stopped = run_lossless(setup_);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(stopped.error().message.starts_with("chat: ")) << stopped.error().message;
  coder_.most_calls = SIZE_MAX;
  EXPECT_EQ(coded_in_run().size(), 14u - 5u);

  const volatile std::sig_atomic_t stop = 1;
  setup_.stop = &stop;
  setup_.koan = "koan 2";
  const auto before = run_lossless(setup_);
  ASSERT_FALSE(before);
  EXPECT_EQ(before.error().code, ErrorCode::kCancelled);
}

TEST_F(LosslessTest, MissingDataIsSaidWithTheCommandThatMakesIt) {
  for (const char* file : {"all/train.jsonl", "code/test.jsonl", "chat/train.jsonl"}) {
    const std::string text = folder_.read(std::string("data/") + file);
    std::filesystem::remove(folder_.path(std::string("data/") + file));
    const auto result = run_lossless(setup_);
    ASSERT_FALSE(result) << file;
    EXPECT_EQ(result.error().code, ErrorCode::kUsage);
    EXPECT_NE(result.error().message.find(file), std::string::npos) << result.error().message;
    EXPECT_NE(result.error().message.find("make the data"), std::string::npos) << result.error().message;
    folder_.write(std::string("data/") + file, text);
  }
  EXPECT_TRUE(coder_.calls.empty());
  EXPECT_TRUE(coder_.trained.empty());
}

TEST_F(LosslessTest, ALostRecordIsFoundOut) {
  coder_.lose_a_record = true;
  const auto result = run_lossless(setup_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kVerification);
  EXPECT_NE(result.error().message.find("2 records, the test file has 3"), std::string::npos) << result.error().message;
}

}  // namespace
}  // namespace koan
