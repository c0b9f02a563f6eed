#include "remote/anthropic.h"

#include <gtest/gtest.h>

#include "remote/test_remote.h"

namespace koan {
namespace {

RemoteReply good(const std::string& body, ReplyForm form) {
  auto read = read_anthropic(body, form);
  if (const auto* error = std::get_if<ServerError>(&read)) {
    ADD_FAILURE() << error->message;
    return {};
  }
  return std::get<RemoteReply>(std::move(read));
}

ServerError bad(const std::string& body, ReplyForm form) {
  auto read = read_anthropic(body, form);
  EXPECT_EQ(read.index(), 1u) << body;
  return read.index() == 1 ? std::get<1>(read) : ServerError{};
}

std::string whole(const std::string& reason) {
  return R"({"type":"message","role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Hi "},{"type":"text","text":"you"}],"stop_reason":)" +
         quoted(reason) +
         R"(,"usage":{"input_tokens":5,"cache_creation_input_tokens":3,"cache_read_input_tokens":2,"output_tokens":4}})";
}

TEST(Anthropic, Request) {
  ChatRequest request;
  request.messages = {
      {"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Yes?"}, {"system", "Kind, too."}, {"user", "Bye"}};
  request.temperature = 0.5;
  request.top_p = 0.9;
  request.max_tokens = 7;
  request.stop = {"END"};
  EXPECT_EQ(
      anthropic_body("m", request).value(),
      R"({"model":"m","max_tokens":7,"system":"Be brief.\n\nKind, too.","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yes?"},{"role":"user","content":"Bye"}],"temperature":0.5,"top_p":0.9,"stop_sequences":["END"],"stream":true})");
  request = ask("x");
  request.temperature = 1;
  EXPECT_EQ(anthropic_body("m", request).value(),
            R"({"model":"m","max_tokens":20,"messages":[{"role":"user","content":"x"}],"stream":true})");
  request.temperature = 1.1;
  EXPECT_EQ(anthropic_body("m", request).error().code, ErrorCode::kUsage);
}

TEST(Anthropic, WholeReply) {
  const RemoteReply reply = good(whole("end_turn"), ReplyForm::kWhole);
  EXPECT_EQ(reply.reply.text, "Hi you");
  EXPECT_EQ(reply.reply.usage.input_tokens, 10u);
  EXPECT_EQ(reply.reply.usage.output_tokens, 4u);
  EXPECT_EQ(reply.reply.reason, FinishReason::kEnd);
  EXPECT_EQ(good(whole("max_tokens"), ReplyForm::kWhole).reply.reason, FinishReason::kLength);
  EXPECT_EQ(good(whole("model_context_window_exceeded"), ReplyForm::kWhole).reply.reason, FinishReason::kLength);
  EXPECT_EQ(good(whole("stop_sequence"), ReplyForm::kWhole).reply.reason, FinishReason::kStop);
  for (const char* reason : {"refusal", "tool_use", "pause_turn"})
    EXPECT_EQ(bad(whole(reason), ReplyForm::kWhole).kind, reason);
}

TEST(Anthropic, StreamAndEveryCutOfIt) {
  const std::string stream = anthropic_stream("Hello there").body;
  const RemoteReply reply = good(stream, ReplyForm::kStream);
  EXPECT_EQ(reply.reply.text, "Hello there");
  EXPECT_EQ(reply.reply.usage.input_tokens, 11u);
  EXPECT_EQ(reply.reply.usage.output_tokens, 3u);
  EXPECT_EQ(reply.reply.reason, FinishReason::kEnd);
  const std::size_t known = stream.find("\n\n", stream.find("end_turn")) + 2;
  for (std::size_t n = 0; n < known; ++n) EXPECT_TRUE(bad(stream.substr(0, n), ReplyForm::kStream).broken) << n;
  for (std::size_t n = known; n <= stream.size(); ++n)
    EXPECT_EQ(good(stream.substr(0, n), ReplyForm::kStream).reply.text, "Hello there") << n;
}

TEST(Anthropic, ErrorsInsideAReplyOf200) {
  const std::string start = anthropic_event("message_start", R"("message":{"usage":{"input_tokens":9}})");
  const ServerError error =
      bad(start + anthropic_event("error", R"("error":{"type":"overloaded_error","message":"Overloaded"})"),
          ReplyForm::kStream);
  EXPECT_EQ(error.status, 529);
  EXPECT_EQ(error.kind, "overloaded_error");
  EXPECT_EQ(bad(R"({"type":"error","error":{"type":"api_error","message":"x"}})", ReplyForm::kWhole).status, 500);
}

TEST(Anthropic, Nonsense) {
  for (const char* body :
       {"", "<html>", "[]", "{}", R"({"content":"x","stop_reason":"end_turn"})", R"({"content":[]})"}) {
    const ServerError error = bad(body, ReplyForm::kWhole);
    EXPECT_FALSE(error.broken) << body;
    EXPECT_LT(error.status, 300) << body;
  }
  EXPECT_NE(bad("data: nonsense\n\n", ReplyForm::kStream).message.find("not JSON"), std::string::npos);
}

}  // namespace
}  // namespace koan
