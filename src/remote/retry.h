// Whether to ask a server again, and when: what the SDKs of OpenAI and Anthropic do (docs/remote.md, Retries), but that
// nothing is asked again once the money is spent, or earlier than the server wishes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "http/client.h"
#include "remote/server_error.h"

namespace koan {

struct RetryLimits {
  unsigned retries = 4;
  std::chrono::milliseconds first{500}, most{8000};  // without a wish of the server: doubled each time
  std::chrono::milliseconds most_wished{60'000};     // a longer one ends the call
};

struct FailedAttempt {
  ServerError error;
  HttpHeaders headers;   // names in lower case
  unsigned earlier = 0;  // attempts that failed before this one
  std::int64_t now = 0;  // seconds since 1970, for a wish that names a time
  double random = 0;     // 0 <= random < 1
};

// How long to wait; nothing: give up.
std::optional<std::chrono::milliseconds> retry_wait(const FailedAttempt& failed, const RetryLimits& limits);

}  // namespace koan
