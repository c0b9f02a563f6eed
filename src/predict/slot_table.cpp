#include "predict/slot_table.h"

#include <cstring>

namespace koan {

std::uint8_t* SlotTable::find(std::uint32_t hash) noexcept {
  const std::uint32_t index = index_of(hash);
  const auto check = static_cast<std::uint8_t>((hash & 0xFF) == 0 ? 1 : hash & 0xFF);  // 0 marks an empty slot
  std::uint8_t* least = nullptr;
  int least_use = 0;
  for (std::uint32_t probe = 0; probe < 3; ++probe) {
    std::uint8_t* const slot = &bytes_[((index ^ probe) & mask_) * kSlotBytes];
    if (slot[0] == check) return slot;
    if (slot[0] == 0) {
      slot[0] = check;
      return slot;
    }
    const int use = states_->zeros[slot[1]] + states_->ones[slot[1]];
    if (least == nullptr || use < least_use) {
      least = slot;
      least_use = use;
    }
  }
  std::memset(least, 0, kSlotBytes);
  least[0] = check;
  return least;
}

}  // namespace koan
