#include "remote/config.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

TEST(Config, Endpoints) {
  const auto config = parse_config(R"(
# a comment
[endpoints.strong]
kind = "anthropic"
model = "big"
input_price = 3
output_price = 15.5
concurrency = 8

[endpoints.router]
kind = "openai"
model = "vendor/m:free"
url = "https://router.example/api/v1/"
key_env = "ROUTER_KEY"
ca_file = "/etc/ca.pem"

[endpoints.small]
kind = "local"
model = "nano"
)",
                                   "c.toml");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->endpoints.size(), 3u);
  const Endpoint& strong = config->endpoints.at("strong");
  EXPECT_EQ(strong.kind, Endpoint::Kind::kAnthropic);
  EXPECT_EQ(strong.name, "strong");
  EXPECT_EQ(strong.id(), "anthropic:big@https://api.anthropic.com");
  ASSERT_TRUE(strong.prices);
  EXPECT_EQ(strong.prices->input, 3);
  EXPECT_EQ(strong.prices->output, 15.5);
  EXPECT_EQ(strong.concurrency, 8u);
  EXPECT_EQ(strong.key_env, "ANTHROPIC_API_KEY");
  const Endpoint& router = config->endpoints.at("router");
  EXPECT_EQ(router.url, "https://router.example/api/v1");
  EXPECT_EQ(router.key_env, "ROUTER_KEY");
  EXPECT_EQ(router.ca_file, "/etc/ca.pem");
  EXPECT_FALSE(router.prices);
  EXPECT_EQ(router.concurrency, 4u);
  EXPECT_EQ(config->endpoints.at("small").model, "nano");
  EXPECT_TRUE(parse_config("", "c.toml").value().endpoints.empty());
}

TEST(Config, SaysFieldAndLine) {
  const auto says = [](const std::string& text, const std::string& words) {
    const auto config = parse_config(text, "c.toml");
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ErrorCode::kUsage);
    EXPECT_NE(config.error().message.find(words), std::string::npos) << config.error().message;
  };
  const std::string head = "[endpoints.x]\nkind = \"openai\"\nmodel = \"m\"\n";
  says("x = ", "c.toml:1: ");
  says("[endpoint.x]\n", "c.toml:1: unknown field 'endpoint'");
  says("endpoints = 3\n", "c.toml:1: 'endpoints' is not a table");
  says("[endpoints]\nx = 1\n", "c.toml:2: endpoints.x is not a table");
  says(head + "temperature = 1\n", "c.toml:4: unknown field 'temperature' in endpoints.x");
  says(head + "key = \"sk-hunter2\"\n", "c.toml:4: unknown field 'key'");
  says(head + "url = 5\n", "c.toml:4: endpoints.x.url is not a text");
  says(head + "url = \"http://host\"\n", "in the clear");
  says(head + "concurrency = 0\n", "c.toml:4: endpoints.x.concurrency is not a whole number from 1 to 64");
  says(head + "concurrency = 1.5\n", "concurrency is not");
  says(head + "input_price = \"3\"\n", "c.toml:4: endpoints.x.input_price is not a number from 0");
  says(head + "input_price = -1\noutput_price = 1\n", "input_price is not");
  says(head + "input_price = nan\noutput_price = 1\n", "input_price is not");
  says(head + "input_price = 3\n", "has one price");
  says("[endpoints.x]\nmodel = \"m\"\n", "c.toml:1: endpoints.x has no kind");
  says("[endpoints.x]\nkind = \"azure\"\n", "c.toml:2: endpoints.x.kind is none of");
  says("[endpoints.x]\nkind = \"openai\"\n", "no model is named");
  says("[endpoints.\"a/b\"]\nkind = \"openai\"\n", "no ':' and no '/'");
  EXPECT_EQ(parse_config(std::string(kMaxConfigBytes + 1, '\n'), "c.toml").error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace koan
