// Small numbers whose distribution is learned while they are coded (docs/format.md "Record blocks", table). Encoder and
// decoder share everything but the direction: `bit(yes, p16)` codes or decodes one decision and returns it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "coder/range_decoder.h"
#include "coder/range_encoder.h"
#include "predict/logistic.h"

namespace koan {

inline constexpr std::uint32_t kNumberEvidence = 30;  // as the document says: records of a file are alike, but drift

struct BitEncoder {
  RangeEncoder& coder;
  bool operator()(bool yes, std::uint32_t p16) const { return coder.encode_bit(yes, p16), yes; }
};
struct BitDecoder {
  RangeDecoder& coder;
  bool operator()(bool, std::uint32_t p16) const { return coder.decode_bit(p16); }
};

// A symbol of `kBits` bits down a binary tree.
template <unsigned kBits>
class AdaptiveSymbol {
 public:
  template <typename Bit>
  std::uint32_t code(std::uint32_t symbol, Bit bit) {
    std::uint32_t node = 1;
    for (unsigned i = kBits; i-- > 0;) {
      AdaptiveProbability& p = nodes_[node];
      const bool yes = bit((symbol >> i & 1) != 0, p.p16());
      p.update(yes, kNumberEvidence);
      node = node * 2 + (yes ? 1 : 0);
    }
    return node - (1u << kBits);
  }

 private:
  std::array<AdaptiveProbability, 1u << kBits> nodes_{};
};

// A number below 2^31: its width, then its bits below the highest.
class AdaptiveNumber {
 public:
  template <typename Bit>
  std::uint32_t code(std::uint32_t number, Bit bit) {
    const std::uint32_t width = width_.code(static_cast<std::uint32_t>(std::bit_width(number)), bit);
    if (width < 2) return width;
    std::uint32_t out = 1;
    for (std::uint32_t i = width - 1; i-- > 0;) {
      const std::uint32_t learned = width - 2 - i;  // bits before this one
      AdaptiveProbability* p = learned < 3 ? &below_[width][(out & ((1u << learned) - 1)) | 1u << learned] : nullptr;
      const bool yes = bit((number >> i & 1) != 0, p ? p->p16() : 32768);
      if (p) p->update(yes, kNumberEvidence);
      out = out * 2 + (yes ? 1 : 0);
    }
    return out;
  }

 private:
  AdaptiveSymbol<5> width_;
  std::array<std::array<AdaptiveProbability, 8>, 32> below_{};
};

}  // namespace koan
