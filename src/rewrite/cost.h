// What a text costs: the bytes of the .koan file that it becomes, with the problem as free context.
#pragma once

#include <string>

#include "codec/codec.h"

namespace koan {

struct Cost {
  std::uint64_t bytes = 0;  // of the whole file
  std::uint64_t tokens = 0;
  double ideal_bits = 0;  // of what the model coded: tells files of equal size apart
  Bytes file;

  std::uint64_t bits() const noexcept { return 8 * bytes; }
  // Total bits decide, never a ratio: a ratio favours text that says little in many words.
  bool less_than(const Cost& other) const noexcept {
    return bytes != other.bytes ? bytes < other.bytes : ideal_bits < other.ideal_bits;
  }
};

class CostMeter {
 public:
  // `codec` lives as long as the meter. `options` as for compression; its context is replaced by `problem`.
  CostMeter(Codec& codec, CodecOptions options, std::string problem)
      : codec_(codec), options_(std::move(options)), problem_(std::move(problem)) {}

  // Errors: those of Codec::compress.
  Result<Cost> of(std::string_view text);

  // Of the model that it codes with.
  Result<std::shared_ptr<const Model>> model();
  const std::string& problem() const noexcept { return problem_; }

 private:
  CodecOptions options_with_problem() const;

  Codec& codec_;
  CodecOptions options_;
  std::string problem_;
};

}  // namespace koan
