// The last stage (APM, SSE): what really happened when this logit was predicted in this context, interpolated between
// steps. docs/numerics.md section 12.6.
#pragma once

#include <cstdint>
#include <vector>

namespace koan {

class Calibration {
 public:
  explicit Calibration(std::size_t contexts);
  void prefetch(std::size_t context) const noexcept;                       // what refine() will read
  std::uint32_t refine(std::int32_t logit, std::size_t context) noexcept;  // -> 16-bit probability
  void update(bool bit) noexcept;                                          // of the last refine()

 private:
  std::vector<std::uint16_t> table_;
  std::size_t nearest_ = 0;
};

}  // namespace koan
