#include "ask/live.h"

#include "ask/test_ask.h"

namespace koan::ask {
namespace {

FarQuestion sample() { return {false, "Why?", "Because \"\\ \n.", "Will it?"}; }

TEST(Live, ARequestComesBackAsItWas) {
  const FarQuestion asked = sample();
  const FarQuestion back = parse_live_request(write_live_request(asked)).value();
  EXPECT_EQ(back.problem, asked.problem);
  EXPECT_EQ(back.attempt, asked.attempt);
  EXPECT_EQ(back.question, asked.question);
  EXPECT_FALSE(back.is_verdict);
  const FarQuestion verdict = parse_live_request(write_live_request({true, "Why?", "", ""})).value();
  EXPECT_TRUE(verdict.is_verdict);
  // The members that have defaults.
  EXPECT_TRUE(parse_live_request(R"({"version":1,"problem":"p","attempt":"","question":"Is it?"})"));
}

TEST(Live, OtherRequestsAreRefused) {
  const std::string whole = write_live_request(sample());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) EXPECT_FALSE(parse_live_request(whole.substr(0, cut))) << cut;
  struct Wrong {
    std::string body, why;
  };
  const auto with = [](const std::string& problem, const std::string& question, const std::string& more = "") {
    return R"({"version":1,"problem":)" + problem + R"(,"attempt":"","question":)" + question + more + "}";
  };
  const std::string ask = R"("Is it?")";
  ASSERT_TRUE(parse_live_request(with(R"("p")", ask)));
  for (const auto& [body, why] :
       std::vector<Wrong>{{"[]", "not a JSON object"},
                          {"nonsense", "not JSON"},
                          {"{}", "'version' is missing"},
                          {R"({"version":2,"problem":"p","attempt":"","question":"Is it?"})", "'version'"},
                          {R"({"version":1,"attempt":"","question":"Is it?"})", "'problem' is missing"},
                          {R"({"version":1,"problem":"p","question":"Is it?"})", "'attempt' is missing"},
                          {R"({"version":1,"problem":"p","attempt":""})", "'question' is missing"},
                          {with(R"("")", ask), "'problem' is empty"},
                          {with("1", ask), "'problem' is not a string"},
                          {with(R"("p\u0000")", ask), "'problem' is not text"},
                          {with("\"\xff\"", ask), "not JSON"},
                          {with(R"("p")", R"("")"), "'question' is empty"},
                          {with(R"("p")", R"("What is the answer?")"), "'question' is not a yes/no question"},
                          {with(R"("p")", R"("Tell me.")"), "'question' is not a yes/no question"},
                          {with(R"("p")", ask, R"(,"more":1)"), "'more' is not known"},
                          {with(R"("p")", ask, R"(,"problem":"q")"), "'problem' is there twice"},
                          {with(R"("p")", ask, R"(,"decision":"keep")"), "'decision'"},
                          {with(R"("p")", ask, R"(,"decision":"verdict")"), "'question' is not known"}}) {
    const auto parsed = parse_live_request(body);
    ASSERT_FALSE(parsed) << body;
    EXPECT_NE(parsed.error().message.find(why), std::string::npos) << body << ": " << parsed.error().message;
  }
}

TEST(Live, WhatTheProtocolsAskIsAQuestion) {
  for (const std::string& question : protocol("batch10").prompts.standing)
    EXPECT_TRUE(parse_live_request(write_live_request({false, "Why?", "", question}))) << question;
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
      parse_live_clients("# ours\n\nalice " + hash + "\nbob " + std::string(64, 'a') + "  -\r\n").value();
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
