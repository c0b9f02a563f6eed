#include "remote/retry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

namespace koan {
namespace {

using std::chrono::milliseconds;

const std::string* find(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (key == name) return &value;
  return nullptr;
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7)
std::optional<double> date(const std::string& text) {
  std::tm when{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &when);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<double>(::timegm(&when));
}

// Seconds that the server wishes; nothing if it says none, or none ahead.
std::optional<double> wished(const FailedAttempt& failed) {
  std::optional<double> seconds;
  if (const std::string* text = find(failed.headers, "retry-after-ms")) {
    seconds = number(*text);
    if (seconds) *seconds /= 1000;
  }
  if (const std::string* text = find(failed.headers, "retry-after"); text != nullptr && !seconds) {
    seconds = number(*text);
    if (const auto when = seconds ? std::nullopt : date(*text)) seconds = *when - static_cast<double>(failed.now);
  }
  return seconds && *seconds > 0 ? seconds : std::nullopt;
}

bool is_passing(const ServerError& error) noexcept {
  const int status = error.status;
  return error.broken || status == 408 || status == 409 || status == 429 || status >= 500;
}

}  // namespace

std::optional<milliseconds> retry_wait(const FailedAttempt& failed, const RetryLimits& limits) {
  if (failed.earlier >= limits.retries || is_out_of_money(failed.error)) return std::nullopt;
  const std::string* advice = find(failed.headers, "x-should-retry");
  if (advice != nullptr && *advice == "false") return std::nullopt;
  if (!(advice != nullptr && *advice == "true") && !is_passing(failed.error)) return std::nullopt;
  if (const auto seconds = wished(failed)) {
    const double wait = std::ceil(*seconds * 1000);
    if (wait > static_cast<double>(limits.most_wished.count())) return std::nullopt;
    return milliseconds(static_cast<std::int64_t>(wait));
  }
  const double doubled =
      std::ldexp(static_cast<double>(limits.first.count()), static_cast<int>(std::min(failed.earlier, 30u)));
  const double wait = std::min(doubled, static_cast<double>(limits.most.count())) * (1 - 0.25 * failed.random);
  return milliseconds(static_cast<std::int64_t>(wait));
}

}  // namespace koan
