// What a context has seen of one bit, in one byte: a state that stands for (zeros, ones, which came last), with small
// counts and recent outcomes weighing more. After the paq family (Mahoney): docs/numerics.md section 12.2.
#pragma once

#include <array>
#include <cstdint>

namespace koan {

inline constexpr std::size_t kHistoryStates = 193;  // state 0: nothing seen

struct HistoryTable {
  std::array<std::array<std::uint8_t, 2>, 256> next{};  // [state][bit]
  std::array<std::uint8_t, 256> zeros{}, ones{};
};

// Built once by rule, the same everywhere.
const HistoryTable& history_table() noexcept;

}  // namespace koan
