// The rules of the published SDKs (openai-python and anthropic-sdk-python, _base_client.py: _should_retry,
// _calculate_retry_timeout), row by row, and where koan differs from them.
#include "remote/retry.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

constexpr std::int64_t kNever = -1;
constexpr std::int64_t kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

struct Row {
  int status;  // 0: no complete reply
  HttpHeaders headers;
  const char* body;
  unsigned earlier;
  double random;
  std::int64_t wait;  // milliseconds
};

std::int64_t wait_of(const Row& row) {
  FailedAttempt failed;
  failed.error = read_server_error(row.status, row.body);
  failed.error.broken = row.status == 0;
  failed.headers = row.headers;
  failed.earlier = row.earlier;
  failed.now = kNow;
  failed.random = row.random;
  const auto wait = retry_wait(failed, {});
  return wait ? wait->count() : kNever;
}

void check(const std::vector<Row>& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    EXPECT_EQ(wait_of(row), row.wait) << "row " << i << ": status " << row.status << ", " << row.body;
  }
}

TEST(Retry, ByStatus) {
  check({{0, {}, "", 0, 0, 500},
         {408, {}, "", 0, 0, 500},
         {409, {}, "", 0, 0, 500},
         {429, {}, "", 0, 0, 500},
         {500, {}, "", 0, 0, 500},
         {501, {}, "", 0, 0, 500},
         {502, {}, "", 0, 0, 500},
         {503, {}, "", 0, 0, 500},
         {504, {}, "", 0, 0, 500},
         {529, {}, "", 0, 0, 500},
         {400, {}, "", 0, 0, kNever},
         {401, {}, "", 0, 0, kNever},
         {403, {}, "", 0, 0, kNever},
         {404, {}, "", 0, 0, kNever},
         {413, {}, "", 0, 0, kNever},
         {422, {}, "", 0, 0, kNever},
         {302, {}, "", 0, 0, kNever},
         {200, {}, "", 0, 0, kNever}});
}

TEST(Retry, WaitsDoubleUpToEightSecondsWithJitter) {
  check({{500, {}, "", 0, 0, 500},
         {500, {}, "", 1, 0, 1000},
         {500, {}, "", 2, 0, 2000},
         {500, {}, "", 3, 0, 4000},
         {500, {}, "", 3, 0.5, 3500},
         {500, {}, "", 0, 0.999999, 375},
         {500, {}, "", 4, 0, kNever}});
  FailedAttempt failed;
  failed.error.status = 500;
  for (const unsigned earlier : {4u, 5u, 40u, 1000u}) {
    failed.earlier = earlier;
    EXPECT_EQ(retry_wait(failed, {.retries = 2000})->count(), 8000) << earlier;
  }
  EXPECT_FALSE(retry_wait(failed, {.retries = 0}));
}

TEST(Retry, TheServersWish) {
  check({{429, {{"retry-after", "3"}}, "", 0, 0.5, 3000},
         {429, {{"retry-after", "1.5"}}, "", 0, 0, 1500},
         {429, {{"retry-after-ms", "250"}}, "", 0, 0, 250},
         {429, {{"retry-after", "9"}, {"retry-after-ms", "250"}}, "", 0, 0, 250},
         {429, {{"retry-after-ms", "soon"}, {"retry-after", "2"}}, "", 0, 0, 2000},
         {503, {{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}}, "", 0, 0, 10'000},
         {503, {{"retry-after", "60"}}, "", 0, 0, 60'000},
         // What wishes nothing: the ordinary wait.
         {503, {{"retry-after", "Sun, 06 Nov 1994 08:49:30 GMT"}}, "", 0, 0, 500},
         {503, {{"retry-after", "0"}}, "", 0, 0, 500},
         {503, {{"retry-after", "-5"}}, "", 0, 0, 500},
         {503, {{"retry-after", "later"}}, "", 0, 0, 500},
         {503, {{"retry-after", "nan"}}, "", 0, 0, 500},
         {503, {{"retry-after", ""}}, "", 0, 0, 500},
         // A wish does not make an error one that passes.
         {400, {{"retry-after", "1"}}, "", 0, 0, kNever},
         // Different from the SDKs, which come back after 8 s at most: later than a minute is not now.
         {429, {{"retry-after", "61"}}, "", 0, 0, kNever},
         {429, {{"retry-after", "Sun, 06 Nov 1994 10:00:00 GMT"}}, "", 0, 0, kNever},
         {429, {{"retry-after-ms", "1e300"}}, "", 0, 0, kNever}});
}

TEST(Retry, TheServersAdvice) {
  check({{429, {{"x-should-retry", "false"}}, "", 0, 0, kNever},
         {500, {{"x-should-retry", "false"}, {"retry-after", "1"}}, "", 0, 0, kNever},
         {400, {{"x-should-retry", "true"}}, "", 0, 0, 500},
         {400, {{"x-should-retry", "true"}, {"retry-after", "2"}}, "", 1, 0, 2000},
         {400, {{"x-should-retry", "true"}}, "", 4, 0, kNever},
         {400, {{"x-should-retry", "maybe"}}, "", 0, 0, kNever},
         {500, {{"x-should-retry", "maybe"}}, "", 0, 0, 500}});
}

// Different from the SDKs, which ask again after every 429.
TEST(Retry, NeverWithoutMoney) {
  check(
      {{402, {}, "", 0, 0, kNever},
       {402, {{"x-should-retry", "true"}}, "", 0, 0, kNever},
       {429,
        {},
        R"({"error":{"code":"insufficient_quota","type":"insufficient_quota","message":"You exceeded your current quota"}})",
        0,
        0,
        kNever},
       {429,
        {{"x-should-retry", "true"}, {"retry-after", "1"}},
        R"({"error":{"code":"insufficient_quota","message":""}})",
        0,
        0,
        kNever},
       {429, {}, R"({"error":{"code":"billing_hard_limit_reached","message":""}})", 0, 0, kNever},
       {400,
        {},
        R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}})",
        0,
        0,
        kNever},
       {403, {}, R"({"type":"error","error":{"type":"billing_error","message":""}})", 0, 0, kNever},
       {500, {}, R"({"error":{"message":"Insufficient credits. Add more","code":402}})", 0, 0, kNever},
       {429,
        {},
        R"({"error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your per-minute rate limit"}})",
        0,
        0,
        500},
       {429, {}, R"({"error":{"code":"rate_limit_exceeded","message":"Rate limit reached"}})", 0, 0, 500}});
}

TEST(Retry, ErrorsInsideAReply) {
  const auto wait = [](const char* body) {
    const auto json = parse_json_document(body, 1 << 20);
    const auto error = find_server_error(*json);
    if (!error) return std::int64_t{-2};
    FailedAttempt failed;
    failed.error = *error;
    const auto out = retry_wait(failed, {});
    return out ? out->count() : kNever;
  };
  EXPECT_EQ(wait(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"), 500);
  EXPECT_EQ(wait(R"({"type":"error","error":{"type":"api_error","message":""}})"), 500);
  EXPECT_EQ(wait(R"({"type":"error","error":{"type":"rate_limit_error","message":""}})"), 500);
  EXPECT_EQ(wait(R"({"type":"error","error":{"type":"invalid_request_error","message":""}})"), kNever);
  EXPECT_EQ(wait(R"({"error":{"code":502,"message":"Provider returned error"}})"), 500);
  EXPECT_EQ(wait(R"({"error":{"code":429,"message":"Rate limited"}})"), 500);
  EXPECT_EQ(wait(R"({"error":{"code":402,"message":"no credits"}})"), kNever);
  EXPECT_EQ(wait(R"({"error":{"code":400,"message":"bad"}})"), kNever);
  EXPECT_EQ(wait(R"({"error":"the model is overloaded"})"), kNever);  // nothing that says what it is
  EXPECT_EQ(wait(R"({"object":"error","message":"x","code":503})"), 500);
  EXPECT_EQ(wait(R"({"error":null,"choices":[]})"), -2);
  EXPECT_EQ(wait(R"({"choices":[]})"), -2);
}

}  // namespace
}  // namespace koan
