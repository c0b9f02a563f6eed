#include "formats/ggml_type.h"

#include <array>

namespace koan {
namespace {

// By number. Gaps are types ggml has removed.
constexpr std::array<const char*, 43> kNames = {
    "F32",   "F16",    "Q4_0",  "Q4_1", "",     "",        "Q5_0",   "Q5_1",    "Q8_0",  "Q8_1",   "Q2_K",
    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K", "Q8_K", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S",
    "IQ2_S", "IQ4_XS", "I8",    "I16",  "I32",  "I64",     "F64",    "IQ1_M",   "BF16",  "",       "",
    "",      "TQ1_0",  "TQ2_0", "",     "",     "",        "MXFP4",  "NVFP4",   "Q1_0",  "Q2_0"};

}  // namespace

GgmlBlock ggml_block(GgmlType type) noexcept {
  switch (type) {
    case GgmlType::kF32:
      return {1, 4};
    case GgmlType::kF16:
    case GgmlType::kBF16:
      return {1, 2};
    case GgmlType::kQ4_0:
      return {32, 18};
    case GgmlType::kQ4_1:
      return {32, 20};
    case GgmlType::kQ5_0:
      return {32, 22};
    case GgmlType::kQ5_1:
      return {32, 24};
    case GgmlType::kQ8_0:
      return {32, 34};
    case GgmlType::kQ4_K:
      return {256, 144};
    case GgmlType::kQ5_K:
      return {256, 176};
    case GgmlType::kQ6_K:
      return {256, 210};
  }
  return {0, 0};
}

bool is_float_type(GgmlType type) noexcept { return ggml_block(type).elements == 1; }

std::string ggml_type_name(GgmlType type) {
  const auto number = static_cast<std::uint32_t>(type);
  const std::string name = number < kNames.size() ? kNames[number] : "";
  return (name.empty() ? std::string("unknown") : name) + " (" + std::to_string(number) + ")";
}

std::uint64_t ggml_size_bytes(GgmlType type, std::uint64_t elements, std::uint64_t row) noexcept {
  const GgmlBlock block = ggml_block(type);
  if (block.elements == 0 || row == 0 || elements % row != 0 || elements > (std::uint64_t{1} << 56)) return 0;
  return row % block.elements == 0 ? elements / block.elements * block.bytes : 0;
}

}  // namespace koan
