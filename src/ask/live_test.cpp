#include "ask/live.h"

#include "ask/test_ask.h"

namespace koan::ask {
namespace {

FarQuestion sample() {
  return {false, "Why?", "Because \"\\ \n.", {{"Is it?", true}, {"Was it?", std::nullopt}}, "Will it?"};
}

TEST(Live, ARequestComesBackAsItWas) {
  const FarQuestion asked = sample();
  const FarQuestion back = parse_live_request(write_live_request(asked)).value();
  EXPECT_EQ(back.problem, asked.problem);
  EXPECT_EQ(back.attempt, asked.attempt);
  EXPECT_EQ(back.question, asked.question);
  EXPECT_FALSE(back.is_verdict);
  ASSERT_EQ(back.before.size(), 2u);
  EXPECT_EQ(back.before[0].answer, true);
  EXPECT_EQ(back.before[1].answer, std::nullopt);
  const FarQuestion verdict = parse_live_request(write_live_request({true, "Why?", "", {}, ""})).value();
  EXPECT_TRUE(verdict.is_verdict);
  // The members that have defaults.
  EXPECT_TRUE(parse_live_request(R"({"version":1,"problem":"p","attempt":"","question":"q"})"));
}

TEST(Live, OtherRequestsAreRefused) {
  const std::string whole = write_live_request(sample());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) EXPECT_FALSE(parse_live_request(whole.substr(0, cut))) << cut;
  for (const char* body :
       {"[]", "{}", R"({"version":2,"problem":"p","attempt":"","question":"q"})",
        R"({"version":1,"problem":"","attempt":"","question":"q"})", R"({"version":1,"problem":"p","question":"q"})",
        R"({"version":1,"problem":"p","attempt":"","question":""})", R"({"version":1,"problem":"p","attempt":""})",
        R"({"version":1,"problem":1,"attempt":"","question":"q"})",
        R"({"version":1,"problem":"p\u0000","attempt":"","question":"q"})",
        R"({"version":1,"problem":"p","attempt":"","question":"q","more":1})",
        R"({"version":1,"problem":"p","attempt":"","question":"q","decision":"keep"})",
        R"({"version":1,"problem":"p","attempt":"","question":"q","decision":"verdict"})",
        R"({"version":1,"problem":"p","attempt":"","question":"q","questions":[{"question":"r"}]})",
        R"({"version":1,"problem":"p","attempt":"","question":"q","questions":[{"question":"r","answer":"yes"}]})",
        R"({"version":1,"problem":"p","attempt":"","question":"q","questions":{}})",
        "{\"version\":1,\"problem\":\"\xff\",\"attempt\":\"\",\"question\":\"q\"}"})
    EXPECT_FALSE(parse_live_request(body)) << body;
}

TEST(Live, RepliesAreOfOneLength) {
  for (const std::size_t symbol : {kYes, kNo, kUnanswered}) {
    const std::string reply = write_live_reply(word_of_symbol(symbol));
    EXPECT_EQ(reply.size(), 17u);
    EXPECT_EQ(parse_live_reply(reply, false).value(), symbol);
  }
  EXPECT_EQ(parse_live_reply(write_live_reply("no"), true).value(), kNo);
  EXPECT_FALSE(parse_live_reply(write_live_reply("none"), true));
  EXPECT_EQ(parse_live_reply("{\"answer\":\"yes\"}", false).error().code, ErrorCode::kRemote);
  EXPECT_FALSE(parse_live_reply("", false));
}

TEST(Live, OnlyDecisionsThatAServerMakes) {
  for (const char* name : {"batch10", "demo", "chosen"}) EXPECT_TRUE(check_live(protocol(name))) << name;
  for (const char* name : {"iterative", "2x5", "select", "oracle10"})
    EXPECT_EQ(check_live(protocol(name)).error().code, ErrorCode::kNotSupported) << name;
}

TEST(Live, ClientsByToken) {
  const std::string hash = to_hex(sha256(as_bytes("secret-token")));
  const LiveClients clients =
      parse_live_clients("# ours\n\nalice " + hash + "\nbob " + std::string(64, 'a') + "\n").value();
  EXPECT_EQ(find_client(clients, "Bearer secret-token"), "alice");
  for (const std::string& other : {std::string("Bearer secret-toke"), std::string("Bearer "), std::string(),
                                   "Bearer " + hash, std::string("secret-token"), std::string("bearer secret-token")})
    EXPECT_EQ(find_client(clients, other), std::nullopt) << other;
  for (const std::string& text :
       {std::string(), std::string("# none\n"), "a b " + hash, "alice  " + hash, "alice " + hash + "0",
        std::string("alice\n"), "a/b " + hash, "a " + hash + "\nb " + hash, std::string(65, 'n') + " " + hash})
    EXPECT_EQ(parse_live_clients(text).error().code, ErrorCode::kUsage) << text;
}

}  // namespace
}  // namespace koan::ask
