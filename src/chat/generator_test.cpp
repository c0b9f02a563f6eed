#include "chat/generator.h"

#include <chrono>
#include <cmath>
#include <latch>
#include <set>
#include <thread>

#include "chat/test_chat.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

class GeneratorTest : public testing::Test {
 protected:
  Generator generator(std::uint32_t batch = 4, const char* isa = nullptr, unsigned threads = 1) const {
    const Kernels* kernels = isa ? kernels_for(isa).value() : choose_kernels().value();
    return Generator::create(local_.model, local_.special, kernels, batch, threads);
  }
  Generator::Prompt prompt(const std::string& text) const { return local_.plain_prompt(text); }
  static std::vector<std::string> texts(const std::vector<Completion>& made) {
    std::vector<std::string> out;
    for (const Completion& c : made) out.push_back(c.text);
    return out;
  }
  std::vector<Completion> run(const Generator& generator, const std::vector<Generator::Prompt>& prompts,
                              const GenerateOptions& options) const {
    return generator.run(prompts, options, {}).value();
  }

  LocalModel local_ = LocalModel::load(tiny_chat_gguf()).value();
  std::vector<Generator::Prompt> many_ = {prompt("The answer is"),
                                          prompt(std::string(150, 'a') + " long"),
                                          prompt(""),
                                          prompt("def f(x):"),
                                          prompt("1 2 3"),
                                          prompt("Once upon a time")};
};

TEST_F(GeneratorTest, DoesNotDependOnBatchOrInstructionSet) {
  const GenerateOptions options{.sampling = {.temperature = kOne * 9 / 10, .top_k = 50}, .seed = 3, .max_tokens = 40};
  const auto expected = texts(run(generator(1, "scalar"), many_, options));
  for (const std::uint32_t batch : {1u, 2u, 3u, 6u, 64u})
    EXPECT_EQ(texts(run(generator(batch), many_, options)), expected) << batch;
  // A prompt's text depends on its place in the list and on nothing else in it.
  EXPECT_EQ(run(generator(), {many_[0]}, options)[0].text, expected[0]);
  EXPECT_NE(run(generator(), {many_[3]}, options)[0].text, expected[3]);
}

TEST_F(GeneratorTest, DoesNotDependOnThreads) {
  std::vector<Generator::Prompt> prompts;
  for (int i = 0; i < 20; ++i) prompts.push_back(many_[static_cast<std::size_t>(i) % many_.size()]);
  const GenerateOptions options{.seed = 11, .max_tokens = 30};
  const auto expected = run(generator(1), prompts, options);
  for (const unsigned threads : {2u, 3u, 8u})
    for (const std::uint32_t batch : {1u, 3u, 8u, 64u}) {
      std::vector<std::string> shown(prompts.size());
      std::vector<std::vector<std::thread::id>> showing(prompts.size());
      const auto show = [&](std::size_t i, std::string_view piece) {
        shown[i] += piece;
        showing[i].push_back(std::this_thread::get_id());
        return true;
      };
      const auto made = generator(batch, nullptr, threads).run(prompts, options, show).value();
      EXPECT_EQ(texts(made), texts(expected)) << threads << " threads, batch " << batch;
      EXPECT_EQ(shown, texts(expected));
      for (std::size_t i = 0; i < prompts.size(); ++i) {
        EXPECT_EQ(made[i].tokens, expected[i].tokens);
        EXPECT_EQ(made[i].prompt_tokens, expected[i].prompt_tokens);
        EXPECT_EQ(made[i].reason, expected[i].reason);
        EXPECT_EQ(std::set(showing[i].begin(), showing[i].end()).size(), 1u);
      }
    }
}

// Each prompt waits, in the middle of its text, for the other one.
TEST_F(GeneratorTest, ThreadsWorkAtTheSameTime) {
  std::latch both(2);
  std::atomic<int> waited{0};
  std::vector<char> came(2, 0);
  const auto show = [&](std::size_t i, std::string_view) {
    if (std::exchange(came[i], 1)) return true;
    both.count_down();
    for (int ms = 0; ms < 20000 && !both.try_wait(); ++ms) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    waited += both.try_wait() ? 1 : 0;
    return true;
  };
  ASSERT_TRUE(generator(2, nullptr, 2).run({many_.data(), 2}, {.max_tokens = 20}, show));
  EXPECT_EQ(waited, 2);
}

TEST_F(GeneratorTest, SeedsMatterAndGreedyHasNone) {
  GenerateOptions options{.seed = 1, .max_tokens = 30};
  const auto first = texts(run(generator(), many_, options));
  EXPECT_EQ(texts(run(generator(), many_, options)), first);
  options.seed = 2;
  EXPECT_NE(texts(run(generator(), many_, options)), first);
  options.sampling.temperature = 0;
  const auto greedy = texts(run(generator(), many_, options));
  options.seed = 9;
  EXPECT_EQ(texts(run(generator(), many_, options)), greedy);
}

TEST_F(GeneratorTest, TextIsWhatTheTokensSayAndWhatWasShown) {
  std::vector<std::string> shown(many_.size());
  const GenerateOptions options{.seed = 5, .max_tokens = 25};
  const auto made = generator()
                        .run(many_, options,
                             [&](std::size_t i, std::string_view piece) {
                               shown[i] += piece;
                               return true;
                             })
                        .value();
  for (std::size_t i = 0; i < made.size(); ++i) {
    Bytes bytes;
    for (const Token token : made[i].tokens) {
      EXPECT_FALSE(local_.special.is_special(token));
      local_.model->tokenizer().append_decoded(token, bytes);
    }
    EXPECT_EQ(made[i].text, as_text(bytes));
    EXPECT_EQ(made[i].text, shown[i]);
    EXPECT_EQ(made[i].prompt_tokens, many_[i].size());
    EXPECT_TRUE(made[i].reason == FinishReason::kLength ? made[i].tokens.size() == 25 : made[i].tokens.size() < 25);
  }
}

TEST_F(GeneratorTest, StopsWhereItIsTold) {
  GenerateOptions options{.sampling = {.temperature = 0}, .max_tokens = 30};
  const std::string whole = run(generator(), {many_[0]}, options)[0].text;
  ASSERT_GT(whole.size(), 6u);
  options.stop = {whole.substr(4, 2)};
  const Completion cut = run(generator(), {many_[0]}, options)[0];
  EXPECT_EQ(cut.reason, FinishReason::kStop);
  EXPECT_EQ(cut.text, whole.substr(0, whole.find(options.stop[0])));
  const auto cancelled =
      generator().run({many_.data(), 1}, {.max_tokens = 30}, [](std::size_t, std::string_view) { return false; });
  EXPECT_EQ(cancelled.value()[0].reason, FinishReason::kCancelled);
  EXPECT_EQ(run(generator(), {many_[0]}, {.max_tokens = 0})[0].text, "");
}

// Against the distribution itself.
TEST_F(GeneratorTest, ChoicesHaveTheirExactProbabilities) {
  const Token a = local_.model->tokenizer().encode(as_bytes(std::string("a")))[0];
  const Token b = local_.model->tokenizer().encode(as_bytes(std::string("b")))[0];
  Streams streams = Streams::create(local_.model, choose_kernels().value(), {64, 4}, 1, 8).value();
  const Generator::Prompt p = prompt("x");
  std::vector<Row> rows;
  for (const Token token : p) rows.push_back({0, token});
  streams.forward(rows);
  const NextToken next = streams.next(static_cast<std::uint32_t>(rows.size() - 1));
  const std::vector<std::string> single = {"a", "b"};
  const auto scores = generator().choose(p, single).value();
  EXPECT_EQ(scores[0].weight, next.freqs[a]);
  EXPECT_EQ(scores[1].weight, next.freqs[b]);
  EXPECT_NEAR(scores[0].bits, -std::log2(static_cast<double>(next.freqs[a]) / next.total), 1e-6);
  // Longer ones: the first is charged as above, so more of the same costs more.
  const std::vector<std::string> mixed = {"a", "a! zebra", "b"};
  const auto longer = generator().choose(p, mixed).value();
  EXPECT_NEAR(longer[0].bits, scores[0].bits, 1e-9);
  EXPECT_GT(longer[1].bits, longer[0].bits);
  EXPECT_NEAR(std::log2(static_cast<double>(longer[0].weight) / static_cast<double>(longer[2].weight)),
              longer[2].bits - longer[0].bits, 1e-4);
}

TEST_F(GeneratorTest, RefusesWhatMakesNoSense) {
  const std::vector<std::string> none, empty = {"a", ""}, twice = {"a", "a"};
  for (const auto& choices : {none, empty, twice})
    EXPECT_EQ(generator().choose(prompt("x"), choices).error().code, ErrorCode::kUsage);
  const std::vector<Generator::Prompt> bad = {prompt("x"), {}};
  const auto result = generator().run(bad, {}, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("prompt 2"), std::string::npos) << result.error().message;
  EXPECT_EQ(generator().run(std::vector<Generator::Prompt>{{1u << 20}}, {}, {}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace koan
