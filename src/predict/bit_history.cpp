#include "predict/bit_history.h"

#include <algorithm>
#include <vector>

namespace koan {
namespace {

struct Counts {
  int zeros, ones, last;
  bool operator==(const Counts&) const = default;
};

// The largest count beside a smaller one: certainty needs long memories, contradiction short ones.
constexpr int kMost[] = {40, 30, 14, 8, 6, 5};

bool representable(int a, int b) noexcept {
  const int least = std::min(a, b);
  return least <= 5 && std::max(a, b) <= kMost[least];
}

// The count of the outcome that did not happen shrinks: what happened long ago weighs less.
int discounted(int n) noexcept {
  if (n <= 2) return n;
  if (n == 3) return 2;
  if (n <= 5) return 3;
  if (n <= 8) return 4;
  return n <= 14 ? 5 : 6;
}

Counts after(Counts state, bool bit) noexcept {
  int& same = bit ? state.ones : state.zeros;
  int& other = bit ? state.zeros : state.ones;
  other = discounted(other);
  ++same;
  while (!representable(same, other)) {
    if (same > other && same > 1) {
      --same;
    } else {
      --other;
    }
  }
  // Which came last says something while there are few.
  const bool matters = state.zeros != 0 && state.ones != 0 && state.zeros + state.ones <= 17;
  state.last = matters && bit ? 1 : 0;
  return state;
}

HistoryTable build() {
  HistoryTable table;
  std::vector<Counts> states{{0, 0, 0}};
  for (std::size_t i = 0; i < states.size(); ++i) {
    table.zeros[i] = static_cast<std::uint8_t>(states[i].zeros);
    table.ones[i] = static_cast<std::uint8_t>(states[i].ones);
    for (int bit = 0; bit < 2; ++bit) {
      const Counts next = after(states[i], bit == 1);
      const auto found = std::find(states.begin(), states.end(), next);
      table.next[i][static_cast<std::size_t>(bit)] = static_cast<std::uint8_t>(found - states.begin());
      if (found == states.end()) states.push_back(next);
    }
  }
  return table;
}

}  // namespace

const HistoryTable& history_table() noexcept {
  static const HistoryTable table = build();
  return table;
}

}  // namespace koan
