#include "remote/endpoint.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

Endpoint parsed(const std::string& word) {
  auto out = parse_endpoint(word);
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : Endpoint{};
}

TEST(Endpoint, Words) {
  const Endpoint openai = parsed("openai:vendor/m@x:free@https://host/v1/");
  EXPECT_EQ(openai.kind, Endpoint::Kind::kOpenAi);
  EXPECT_EQ(openai.model, "vendor/m@x:free");
  EXPECT_EQ(openai.url, "https://host/v1");
  EXPECT_EQ(openai.key_env, "OPENAI_API_KEY");
  EXPECT_EQ(openai.name, "openai:vendor/m@x:free@https://host/v1/");
  EXPECT_EQ(openai.id(), "openai:vendor/m@x:free@https://host/v1");
  EXPECT_EQ(parsed("openai:m@http://127.0.0.1:8080/v1").url, "http://127.0.0.1:8080/v1");
  EXPECT_EQ(parsed("openai:m").url, "https://api.openai.com/v1");
  const Endpoint anthropic = parsed("anthropic:m");
  EXPECT_EQ(anthropic.kind, Endpoint::Kind::kAnthropic);
  EXPECT_EQ(anthropic.url, "https://api.anthropic.com");
  EXPECT_EQ(anthropic.key_env, "ANTHROPIC_API_KEY");
  EXPECT_EQ(parsed("anthropic:m@https://host").url, "https://host");
  const Endpoint local = parsed("local:/a@b/x.gguf");
  EXPECT_EQ(local.kind, Endpoint::Kind::kLocal);
  EXPECT_EQ(local.model, "/a@b/x.gguf");
  EXPECT_EQ(local.url, "");
  EXPECT_TRUE(has_kind("openai:") && has_kind("anthropic:x") && has_kind("local:x"));
  EXPECT_FALSE(has_kind("nano") || has_kind("C:/x") || has_kind("") || has_kind("OpenAI:x") || has_kind("openai"));
}

TEST(Endpoint, RefusesWithTheReason) {
  const auto says = [](const char* word, const char* words) {
    const auto out = parse_endpoint(word);
    ASSERT_FALSE(out) << word;
    EXPECT_EQ(out.error().code, ErrorCode::kUsage);
    EXPECT_NE(out.error().message.find(words), std::string::npos) << out.error().message;
  };
  says("", "none of local:NAME");
  says("nano", "none of local:NAME");
  says("azure:m", "none of local:NAME");
  says("openai:", "no model");
  says("openai:@https://host", "no model");
  says("local:", "no model");
  says("openai:m@http://host/v1", "in the clear");
  says("anthropic:m@http://10.0.0.1", "in the clear");
  says("openai:m@ftp://host", "neither with https://");
  says("openai:m@https://host?key=1", "query");
}

TEST(Endpoint, ASecretInAnAddressIsNotRepeated) {
  for (const char* word : {"openai:m@https://me:hunter2@host/v1", "openai:m@https://host/v1?key=hunter2"}) {
    const auto out = parse_endpoint(word);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().message.find("hunter2"), std::string::npos) << out.error().message;
  }
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::kOpenAi;
  endpoint.model = "m";
  endpoint.key_env = "sk-hunter2-0123";  // the key where its variable belongs
  const auto out = complete_endpoint(endpoint);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().message.find("hunter2"), std::string::npos) << out.error().message;
}

}  // namespace
}  // namespace koan
