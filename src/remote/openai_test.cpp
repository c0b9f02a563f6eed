#include "remote/openai.h"

#include <gtest/gtest.h>

#include "remote/test_remote.h"

namespace koan {
namespace {

RemoteReply good(const std::string& body, ReplyForm form) {
  auto read = read_openai(body, form);
  if (const auto* error = std::get_if<ServerError>(&read)) {
    ADD_FAILURE() << error->message;
    return {};
  }
  return std::get<RemoteReply>(std::move(read));
}

ServerError bad(const std::string& body, ReplyForm form) {
  auto read = read_openai(body, form);
  EXPECT_EQ(read.index(), 1u) << body;
  return read.index() == 1 ? std::get<1>(read) : ServerError{};
}

TEST(OpenAi, Request) {
  ChatRequest request;
  request.messages = {{"system", "Be brief."}, {"user", "\"Hi\" \xC3\xA9\n"}};
  request.temperature = 0;
  request.max_tokens = 7;
  EXPECT_EQ(
      openai_body("m", request, {.hosted = false, .stream = false}),
      R"({"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"\"Hi\" é\n"}],"max_tokens":7,"temperature":0.0,"top_p":1.0})");
  request.temperature = 0.7;
  request.seed = 0x100000005;
  request.stop = {"END", "\n"};
  EXPECT_EQ(
      openai_body("m", request, {.hosted = false, .stream = true, .top_logprobs = 20}),
      R"({"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"\"Hi\" é\n"}],"max_tokens":7,"temperature":0.7,"top_p":1.0,"seed":5,"stop":["END","\n"],"logprobs":true,"top_logprobs":20,"stream":true,"stream_options":{"include_usage":true}})");
  request = ask("x");
  request.temperature = 1;
  EXPECT_EQ(openai_body("m", request, {.hosted = true, .stream = false}),
            R"({"model":"m","messages":[{"role":"user","content":"x"}],"max_completion_tokens":20,"seed":0})");
}

TEST(OpenAi, WholeReply) {
  const RemoteReply reply = good(openai_whole("Hi \xF0\x9F\x98\x80").body, ReplyForm::kWhole);
  EXPECT_EQ(reply.reply.text, "Hi \xF0\x9F\x98\x80");
  EXPECT_EQ(reply.reply.reason, FinishReason::kEnd);
  EXPECT_TRUE(reply.has_usage);
  EXPECT_EQ(reply.reply.usage.input_tokens, 11u);
  EXPECT_EQ(reply.reply.usage.output_tokens, 3u);
  EXPECT_EQ(good(openai_whole("x", "length").body, ReplyForm::kWhole).reply.reason, FinishReason::kLength);
  const RemoteReply empty =
      good(R"({"choices":[{"message":{"content":null},"finish_reason":"length"}]})", ReplyForm::kWhole);
  EXPECT_EQ(empty.reply.text, "");
  EXPECT_FALSE(empty.has_usage);
}

TEST(OpenAi, Stream) {
  const RemoteReply reply = good(openai_stream("Hello there").body, ReplyForm::kStream);
  EXPECT_EQ(reply.reply.text, "Hello there");
  EXPECT_EQ(reply.reply.reason, FinishReason::kEnd);
  EXPECT_EQ(reply.reply.usage.input_tokens, 11u);
  EXPECT_EQ(reply.reply.usage.output_tokens, 3u);
  // Without usage and end marker, as some servers leave it.
  const RemoteReply bare = good(openai_chunk("a") + openai_chunk("b", "\"length\""), ReplyForm::kStream);
  EXPECT_EQ(bare.reply.text, "ab");
  EXPECT_EQ(bare.reply.reason, FinishReason::kLength);
  EXPECT_FALSE(bare.has_usage);
}

TEST(OpenAi, EveryCutOfAStreamIsNoticed) {
  const std::string stream = openai_stream("Hello there").body;
  const std::size_t complete = stream.find("\"stop\"");
  const std::size_t known = stream.find("\n\n", complete) + 2;
  for (std::size_t n = 0; n < known; ++n) EXPECT_TRUE(bad(stream.substr(0, n), ReplyForm::kStream).broken) << n;
  for (std::size_t n = known; n <= stream.size(); ++n)
    EXPECT_EQ(good(stream.substr(0, n), ReplyForm::kStream).reply.text, "Hello there") << n;
}

TEST(OpenAi, ErrorsInsideAReplyOf200) {
  EXPECT_EQ(bad(R"({"error":{"code":502,"message":"Provider down"}})", ReplyForm::kWhole).status, 502);
  const ServerError late =
      bad(openai_chunk("Hel") + "data: {\"error\":{\"code\":429,\"message\":\"slow down\"}}\n\n", ReplyForm::kStream);
  EXPECT_EQ(late.status, 429);
  EXPECT_EQ(late.message, "slow down");
  EXPECT_EQ(bad(openai_chunk("Hel", "\"error\""), ReplyForm::kStream).status, 502);
  EXPECT_EQ(bad(openai_whole("x", "content_filter").body, ReplyForm::kWhole).kind, "content_filter");
  EXPECT_EQ(bad(openai_whole("x", "tool_calls").body, ReplyForm::kWhole).kind, "tool_calls");
}

TEST(OpenAi, Nonsense) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"choices":[]})", R"({"choices":{}})", R"({"choices":[{}]})",
                           R"({"choices":[{"message":{"content":[1]}}]})", R"({"choices":[{"message":7}]})"}) {
    const ServerError error = bad(body, ReplyForm::kWhole);
    EXPECT_FALSE(error.broken) << body;
    EXPECT_LT(error.status, 300) << body;
  }
  EXPECT_NE(bad("data: nonsense\n\n", ReplyForm::kStream).message.find("not JSON"), std::string::npos);
}

TEST(OpenAi, LogprobsOfTheFirstToken) {
  const RemoteReply reply = good(
      R"({"choices":[{"message":{"content":"Yes"},"finish_reason":"length","logprobs":{"content":[
        {"token":"Yes","logprob":-0.1,"top_logprobs":[{"token":"Yes","bytes":[89,101,115],"logprob":-0.1},{"token":"No","logprob":-2.5,"bytes":null},
         {"token":"?","logprob":-9999.0}]},
        {"token":".","logprob":-0.1,"top_logprobs":[{"token":".","logprob":-0.1}]}]}}]})",
      ReplyForm::kWhole);
  ASSERT_EQ(reply.first.size(), 2u);
  EXPECT_EQ(reply.first[0].token, "Yes");
  EXPECT_EQ(reply.first[1].token, "No");
  EXPECT_EQ(reply.first[1].logprob, -2.5);
}

}  // namespace
}  // namespace koan
