#include "ask/play_out.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ask/test_ask.h"

namespace koan::ask {
namespace {

class PlayOutTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/koan-ask-" + std::to_string(::getpid()) + ".jsonl";
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  Result<std::string> run(std::uint64_t seed = 0) {
    Settings settings;
    settings.problem = "Why?";
    settings.seed = seed;
    set_scores(cast_, &settings);
    KOAN_ASSIGN(Protocol played, Protocol::create(protocol("2x5"), settings));
    KOAN_ASSIGN(Transcript transcript, Transcript::open(path_, header_of(played, cast_)));
    KOAN_TRY(play_out(played, cast_, {&transcript, nullptr, {}, {}}));
    return played.exchange().answer;
  }
  std::string text() const {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }

  std::string path_;
  std::size_t calls_ = 0;
  ScriptedChat near_{
      "near", std::string(64, 'a'),
      [](const ChatRequest& r) { return has(r, "numbered from 1") ? "1. Is it?\n2. Was it?" : "Because."; },
      [](const ChatRequest&, std::span<const std::string>) {
        return std::vector<std::uint64_t>{2, 1};
      }};
  // Its replies depend on how often it was asked: asking twice would show.
  ScriptedChat far_{"far", "", [this](const ChatRequest& r) -> std::string {
                      ++calls_;
                      if (has(r, "Which score")) return std::to_string(calls_ % 6 + 1);
                      return has(r, "Questions:") ? "1. Yes\n2. No\n3. Yes\n4. No\n5. Yes" : "Mine.";
                    }};
  const Cast cast_{{&near_, &near_, &far_, &far_}};
};

TEST_F(PlayOutTest, StoppedAtEveryPlaceItGoesOnWithoutAskingAgain) {
  const std::string answer = run().value();
  const std::string whole = text();
  const std::size_t calls = far_.count;
  ASSERT_GT(calls, 4u);
  std::size_t paid = 0, at = 0;
  for (; at < whole.size(); at = whole.find('\n', at) + 1) {
    // Before this line was written, and in the middle of it.
    for (const std::size_t cut : {at, at + 10}) {
      write(whole.substr(0, cut));
      far_.count = 0;
      calls_ = paid;
      ASSERT_EQ(run().value(), answer) << cut;
      EXPECT_EQ(text(), whole);
      EXPECT_EQ(far_.count, calls - paid) << cut;
    }
    const std::string line = whole.substr(at, whole.find('\n', at) - at);
    if (line.find("\"answerer\",") != std::string::npos || line.find("\"judge\",") != std::string::npos)
      if (line.starts_with("{\"kind\":\"reply\"")) ++paid;
  }
  EXPECT_EQ(paid, calls);
  far_.count = near_.count = 0;
  EXPECT_EQ(run().value(), answer);
  EXPECT_EQ(far_.count + near_.count, 0u);
}

TEST_F(PlayOutTest, AModelThatFailsKeepsWhatWasPaid) {
  far_.limit = 2;
  EXPECT_EQ(run().error().code, ErrorCode::kRemote);
  far_.limit = SIZE_MAX;
  far_.count = 0;
  ASSERT_TRUE(run());
  EXPECT_EQ(calls_, far_.count + 2);
}

TEST_F(PlayOutTest, ATranscriptOfAnotherRunIsRefused) {
  ASSERT_TRUE(run());
  const std::string whole = text();
  const auto other = run(1);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kUsage);
  EXPECT_NE(other.error().message.find("'seed' differs"), std::string::npos) << other.error().message;
  // A line in the middle that is another step's.
  const std::size_t second = whole.find('\n') + 1, third = whole.find('\n', second) + 1;
  write(whole.substr(0, second) + whole.substr(third));
  EXPECT_EQ(run().error().code, ErrorCode::kUsage);
  write(whole.substr(0, second) + "nonsense\n" + whole.substr(third));
  EXPECT_EQ(run().error().code, ErrorCode::kCorrupt);
  const std::string note = "shopping list: eggs";
  write(note);
  EXPECT_EQ(run().error().code, ErrorCode::kUsage);
  EXPECT_EQ(text(), note);
}

TEST_F(PlayOutTest, OnlyOneWritesATranscript) {
  ASSERT_TRUE(run());
  std::size_t complete = 0;
  const std::string whole = text();
  const auto lines = parse_transcript(whole, &complete).value();
  EXPECT_EQ(complete, whole.size());
  const Transcript first = Transcript::open(path_, lines[0]).value();
  EXPECT_NE(Transcript::open(path_, lines[0]).error().message.find("another koan"), std::string::npos);
}

}  // namespace
}  // namespace koan::ask
