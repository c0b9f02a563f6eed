// Bit histories under hashed contexts. A slot holds the 15 histories of four bits of a byte under one context; a check
// byte tells contexts apart that share a place. When all places are taken, the least used gives way.
#pragma once

#include <cstdint>
#include <vector>

#include "predict/bit_history.h"

namespace koan {

class SlotTable {
 public:
  static constexpr std::size_t kSlotBytes = 16;  // check, then the histories of nodes 1..15

  explicit SlotTable(std::size_t slots)
      : states_(&history_table()), bytes_(slots * kSlotBytes), mask_(static_cast<std::uint32_t>(slots - 1)) {}

  // Starts to load what find() will look at.
  void prefetch(std::uint32_t hash) const noexcept {
    __builtin_prefetch(&bytes_[(index_of(hash) & mask_) * kSlotBytes]);
  }

  // The slot of a context, taken for it if it has none. Index it with the node, 1..15; it stays where it is, but a
  // later find() may give it to another context.
  std::uint8_t* find(std::uint32_t hash) noexcept;

 private:
  static std::uint32_t index_of(std::uint32_t hash) noexcept { return (hash >> 8) * 0x9E3779B1u >> 7; }

  const HistoryTable* states_;
  std::vector<std::uint8_t> bytes_;
  std::uint32_t mask_;
};

}  // namespace koan
