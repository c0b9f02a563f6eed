#include "predict/start_values.h"

#include <algorithm>
#include <cstddef>
#include <memory>

extern "C" {
extern const unsigned char koan_start_begin[];
extern const unsigned char koan_start_end[];
}

namespace koan {
namespace {

// One after the other as little-endian 16-bit numbers: by_history, by_both, weights.
void read(const unsigned char*& at, std::uint16_t& out) noexcept {
  out = static_cast<std::uint16_t>(at[0] | at[1] << 8);
  at += 2;
}

template <typename T>
void read(const unsigned char*& at, T& out) noexcept {
  for (auto& item : out) read(at, item);
}

std::unique_ptr<const std::array<StartValues, 2>> parse() {
  auto out = std::make_unique<std::array<StartValues, 2>>();
  const unsigned char* at = koan_start_begin;
  for (StartValues& values : *out) {
    read(at, values.by_history);
    read(at, values.by_both);
    for (std::int16_t& weight : values.weights) {
      std::uint16_t bits = 0;
      read(at, bits);
      weight = static_cast<std::int16_t>(bits);
    }
  }
  return out;
}

}  // namespace

const StartValues& start_values(PredictorMode mode) noexcept {
  static const std::unique_ptr<const std::array<StartValues, 2>> both = parse();
  return (*both)[mode == PredictorMode::kTokens ? 0 : 1];
}

}  // namespace koan
