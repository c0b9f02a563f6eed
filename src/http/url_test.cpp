#include "http/url.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

TEST(Url, Accepts) {
  for (const char* url : {"https://api.example.com", "https://api.example.com/v1", "https://10.0.0.1:8443/a/b",
                          "http://localhost", "http://localhost:8080/v1", "http://127.0.0.1:1", "http://127.8.9.255/x",
                          "http://[::1]:8080/v1", "https://[2001:db8::1]/v1"}) {
    const auto checked = checked_url(url);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(*checked, url);
  }
  EXPECT_EQ(checked_url("https://host/v1/").value(), "https://host/v1");
  EXPECT_EQ(checked_url("https://host/").value(), "https://host");
}

TEST(Url, HttpReachesThisMachineAlone) {
  for (const char* url : {"http://example.com", "http://127.0.0.1.example.com", "http://127.0.0.1.", "http://127.0.0",
                          "http://127.1", "http://127.0.0.256", "http://127.0.0.01", "http://localhost.example.com",
                          "http://128.0.0.1", "http://[::2]", "http://0.0.0.0", "http://LOCALHOST"}) {
    const auto checked = checked_url(url);
    ASSERT_FALSE(checked) << url;
    EXPECT_EQ(checked.error().code, ErrorCode::kUsage);
    EXPECT_NE(checked.error().message.find("in the clear"), std::string::npos) << checked.error().message;
  }
}

TEST(Url, RefusesWithTheReason) {
  const auto says = [](const char* url, const char* words) {
    const auto checked = checked_url(url);
    ASSERT_FALSE(checked) << url;
    EXPECT_NE(checked.error().message.find(words), std::string::npos) << checked.error().message;
  };
  says("ftp://host", "neither with https://");
  says("host/v1", "neither with https://");
  says("HTTPS://host", "neither with https://");
  says("https://", "no name of a host");
  says("https:///v1", "no name of a host");
  says("https://ho st/v1", "belongs in no address");
  says("https://h\\@localhost", "name or password");
  says("http://localhost\\.example.com", "belongs in no address");
  says("https://host%2e/", "no name of a host");
  says("https://host:99999", "the port");
  says("https://host:/v1", "the port");
  says("https://[::1", "without ']'");
  says("https://host/v1?key=abc", "query");
  // A secret in an address is not repeated.
  const auto checked = checked_url("https://me:hunter2@host/v1");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message.find("hunter2"), std::string::npos);
  EXPECT_EQ(checked_url("https://host/?key=hunter2").error().message.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace koan
