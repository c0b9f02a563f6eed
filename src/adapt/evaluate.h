// Held-out loss in bits per byte.
#pragma once

#include "adapt/net.h"
#include "adapt/pack.h"

namespace koan::train {

struct SourceScore {
  std::string name;
  double bits = 0;
  std::uint64_t bytes = 0;
  double bits_per_byte() const { return bytes == 0 ? 0 : bits / static_cast<double>(bytes); }
};

// Documents are cut into windows that each start afresh after a start token. At most `tokens` per source (0: all).
std::vector<SourceScore> evaluate(Net& net, const Pack& pack, std::int64_t window, std::int64_t tokens);

}  // namespace koan::train
