// How many tokens, and how much money, remote calls may cost together. A call is refused before it could exceed that:
// what it may cost at most is reserved first, and what it did cost takes the place of that afterwards.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "remote/endpoint.h"

namespace koan {

struct Spending {
  std::uint64_t tokens = 0;
  std::uint64_t nano = 0;  // 10^-9 of the unit of money; 0 where there are no prices
};

// Rounded up. Saturates far above any budget.
Spending spending_of(std::uint64_t input_tokens, std::uint64_t output_tokens, const std::optional<Prices>& prices);

struct BudgetLimits {
  std::optional<std::uint64_t> tokens;  // input and output together
  std::optional<double> money;
};

// Shared by all models of a command; may be used from several threads.
class Budget {
 public:
  explicit Budget(const BudgetLimits& limits);

  // Errors: kBudget, and nothing is reserved.
  Status reserve(const Spending& most);
  void settle(const Spending& reserved, const Spending& spent);

  Spending spent() const;
  bool limits_money() const noexcept { return nano_limit_.has_value(); }

 private:
  std::optional<std::uint64_t> token_limit_, nano_limit_;
  mutable std::mutex mutex_;
  Spending spent_, reserved_;
};

}  // namespace koan
