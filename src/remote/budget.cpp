#include "remote/budget.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace koan {
namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 60;  // sums of a few of these do not overflow

std::uint64_t clamped(double x) noexcept {
  return x >= static_cast<double>(kMost) ? kMost : static_cast<std::uint64_t>(x);
}

std::string money_text(std::uint64_t nano) {
  char out[40];
  std::snprintf(out, sizeof out, "%.6f", static_cast<double>(nano) * 1e-9);
  return out;
}

std::string sum_text(const std::string& spent, const std::string& most, const std::string& limit) {
  return "spent or reserved " + spent + ", the next call may take up to " + most + ", the budget is " + limit;
}

}  // namespace

Spending spending_of(std::uint64_t input_tokens, std::uint64_t output_tokens, const std::optional<Prices>& prices) {
  Spending out;
  out.tokens = std::min(kMost, std::min(input_tokens, kMost) + std::min(output_tokens, kMost));
  if (prices)  // of a million tokens in units: of one token 1000 times that in 10^-9 units
    out.nano = clamped(std::ceil(static_cast<double>(input_tokens) * prices->input * 1000) +
                       std::ceil(static_cast<double>(output_tokens) * prices->output * 1000));
  return out;
}

Budget::Budget(const BudgetLimits& limits) {
  if (limits.tokens) token_limit_ = std::min(*limits.tokens, kMost);
  if (limits.money) nano_limit_ = clamped(std::max(0.0, *limits.money) * 1e9);
}

Status Budget::reserve(const Spending& most) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t tokens = spent_.tokens + reserved_.tokens, nano = spent_.nano + reserved_.nano;
  if (token_limit_ && (tokens > *token_limit_ || most.tokens > *token_limit_ - tokens)) {
    return Error{ErrorCode::kBudget,
                 "the budget of tokens could be exceeded: " +
                     sum_text(std::to_string(tokens), std::to_string(most.tokens), std::to_string(*token_limit_))};
  }
  if (nano_limit_ && (nano > *nano_limit_ || most.nano > *nano_limit_ - nano)) {
    return Error{ErrorCode::kBudget, "the budget of money could be exceeded: " +
                                         sum_text(money_text(nano), money_text(most.nano), money_text(*nano_limit_))};
  }
  reserved_.tokens += most.tokens;
  reserved_.nano += most.nano;
  return {};
}

void Budget::settle(const Spending& reserved, const Spending& spent) {
  const std::lock_guard lock(mutex_);
  reserved_.tokens -= std::min(reserved_.tokens, reserved.tokens);
  reserved_.nano -= std::min(reserved_.nano, reserved.nano);
  spent_.tokens = std::min(kMost, spent_.tokens + std::min(kMost, spent.tokens));
  spent_.nano = std::min(kMost, spent_.nano + std::min(kMost, spent.nano));
}

Spending Budget::spent() const {
  const std::lock_guard lock(mutex_);
  return spent_;
}

}  // namespace koan
