#include "chat/local_chat.h"

#include "base/utf8.h"
#include "chat/test_chat.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

std::unique_ptr<LocalChat> chat(bool with_template, const char* isa = nullptr, unsigned threads = 1) {
  const Kernels* kernels = isa ? kernels_for(isa).value() : choose_kernels().value();
  return LocalChat::create("local:tiny", LocalModel::load(with_template ? tiny_chat_gguf() : tiny_gguf()).value(),
                           kernels, threads);
}

std::vector<std::string> texts(LocalChat& model, const std::vector<ChatRequest>& requests) {
  std::vector<std::string> out;
  const std::vector<ChatReply> replies = model.replies(requests).value();
  for (const ChatReply& reply : replies) out.push_back(reply.text);
  return out;
}

std::vector<ChatRequest> requests() {
  std::vector<ChatRequest> out(4);
  out[0] = {.messages = {{"system", "Be brief."}, {"user", "What is 2 + 2?"}}, .max_tokens = 24};
  out[1] = {.messages = {{"user", "Why?"}}, .temperature = 0.7, .seed = 3, .max_tokens = 24};
  out[2] = out[1];
  out[3] = {.messages = {{"user", "Why?"}}, .temperature = 0.7, .seed = 4, .max_tokens = 24};
  return out;
}

TEST(LocalChat, ReplyDependsOnNothingButTheRequest) {
  for (const bool with_template : {false, true}) {
    const auto expected = texts(*chat(with_template, "scalar"), requests());
    EXPECT_EQ(expected[1], expected[2]);
    EXPECT_NE(expected[1], expected[3]);
    EXPECT_EQ(texts(*chat(with_template, nullptr, 3), requests()), expected);
    const auto alone = chat(with_template);
    for (std::size_t i = 0; i < expected.size(); ++i)
      EXPECT_EQ(alone->reply(requests()[i]).value().text, expected[i]) << i;
  }
}

TEST(LocalChat, IdentityIsTheHashOfTheFile) {
  EXPECT_EQ(chat(false)->identity(), to_hex(sha256(tiny_gguf())));
  EXPECT_EQ(chat(false)->name(), "local:tiny");
}

TEST(LocalChat, PlainRenderingIsFixed) {
  EXPECT_EQ(kPlainRenderingVersion, 1u);
  const std::vector<ChatMessage> messages = {
      {"system", "Be brief."}, {"user", "2 + 2?"}, {"assistant", "4"}, {"user", "Sure?"}};
  EXPECT_EQ(render_plain(messages), "Be brief.\n\nUser: 2 + 2?\n\nAssistant: 4\n\nUser: Sure?\n\nAssistant:");
  EXPECT_EQ(render_plain({}), "Assistant:");
}

TEST(LocalChat, RepliesAreUtf8) {
  EXPECT_EQ(replace_broken_utf8("a\xC3\xA9z"), "a\xC3\xA9z");
  EXPECT_EQ(replace_broken_utf8("\xC3"), "\xEF\xBF\xBD");
  EXPECT_EQ(replace_broken_utf8("a\xE2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_EQ(replace_broken_utf8(std::string_view("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
  // The tiny model writes bytes as they come.
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const ChatRequest request{.messages = {{"user", "x"}}, .temperature = 1, .seed = seed, .max_tokens = 60};
    const std::string text = chat(false)->reply(request).value().text;
    EXPECT_EQ(find_binary(as_bytes(text)), text.size());
  }
}

TEST(LocalChat, SettingsReachTheSampler) {
  const auto model = chat(true);
  ChatRequest request = requests()[0];
  const std::string greedy = model->reply(request).value().text;
  request.temperature = 5;
  request.top_p = 0.00001;  // nothing left but the most probable
  EXPECT_EQ(model->reply(request).value().text, greedy);
  request.max_tokens = 3;
  const ChatReply cut = model->reply(request).value();
  EXPECT_EQ(cut.usage.output_tokens, 3u);
  EXPECT_EQ(cut.reason, FinishReason::kLength);
  request.temperature = -1;
  EXPECT_EQ(model->reply(request).error().code, ErrorCode::kUsage);
  request.temperature = 0;
  request.top_p = 0;
  EXPECT_EQ(model->reply(request).error().code, ErrorCode::kUsage);
  request.top_p = 1;
  request.messages[1].content = "\xFF";
  EXPECT_EQ(model->reply(request).error().code, ErrorCode::kUsage);
  EXPECT_EQ(chat(false)->reply(request).error().code, ErrorCode::kUsage);
}

TEST(LocalChat, CanBeCancelled) {
  const auto model = LocalChat::create("local:tiny", LocalModel::load(tiny_gguf()).value(), choose_kernels().value(), 2,
                                       [] { return true; });
  EXPECT_EQ(model->replies(requests()).error().code, ErrorCode::kCancelled);
}

TEST(LocalChat, ChoicesAreExact) {
  const std::vector<std::string> choices = {"Yes", "No"};
  for (const bool with_template : {false, true}) {
    const auto expected = chat(with_template, "scalar")->choose(requests()[0], choices).value();
    ASSERT_EQ(expected.size(), 2u);
    EXPECT_GT(expected[0].weight + expected[1].weight, 0u);
    const auto again = chat(with_template, nullptr, 2)->choose(requests()[0], choices).value();
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(again[i].weight, expected[i].weight);
      EXPECT_EQ(again[i].bits, expected[i].bits);
    }
  }
  EXPECT_EQ(chat(true)->choose(requests()[0], std::vector<std::string>{}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace koan
