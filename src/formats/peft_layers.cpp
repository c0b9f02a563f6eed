#include "formats/peft_layers.h"

#include <algorithm>
#include <charconv>

namespace koan {
namespace {

// Those whose layers koan adapts; their modules have the same names.
constexpr std::string_view kArchitectures[] = {"llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3"};
constexpr std::string_view kPeftLayers = "model.layers.", kGgufLayers = "blk.";

std::optional<PeftModule> module_of(std::string_view name, std::string_view prefix,
                                    const char* PeftKind::*word) noexcept {
  if (!name.starts_with(prefix)) return std::nullopt;
  const char* const begin = name.data() + prefix.size();
  const char* const end = name.data() + name.size();
  PeftModule out;
  const auto [after, failed] = std::from_chars(begin, end, out.layer);
  // One spelling of a number only: two would be two tensors for one matrix.
  if (failed != std::errc{} || after == end || *after != '.' || (*begin == '0' && after != begin + 1))
    return std::nullopt;
  const std::string_view rest(after + 1, static_cast<std::size_t>(end - after - 1));
  for (const PeftKind& kind : kPeftKinds) {
    if (rest == kind.*word) return out;
    ++out.kind;
  }
  return std::nullopt;
}

// Row `to` of a head in GGUF's order is row `from` in PEFT's.
std::uint32_t peft_row(std::uint32_t gguf_row, std::uint32_t head_dim) noexcept {
  const std::uint32_t head = gguf_row / head_dim, within = gguf_row % head_dim;
  return head * head_dim + within % 2 * (head_dim / 2) + within / 2;
}

template <typename Place>
std::vector<float> reorder(const std::vector<float>& b, std::uint32_t rank, Place place) {
  std::vector<float> out(b.size());
  const auto rows = static_cast<std::uint32_t>(b.size() / rank);
  for (std::uint32_t row = 0; row < rows; ++row) {
    const auto [from, to] = place(row);
    std::copy_n(b.begin() + std::ptrdiff_t{from} * rank, rank, out.begin() + std::ptrdiff_t{to} * rank);
  }
  return out;
}

}  // namespace

std::string peft_name(const PeftModule& module) {
  return std::string(kPeftLayers) + std::to_string(module.layer) + "." + kPeftKinds[module.kind].peft;
}

std::string gguf_name(const PeftModule& module) {
  return std::string(kGgufLayers) + std::to_string(module.layer) + "." + kPeftKinds[module.kind].gguf;
}

std::optional<PeftModule> module_of_peft(std::string_view name) noexcept {
  return module_of(name, kPeftLayers, &PeftKind::peft);
}

std::optional<PeftModule> module_of_gguf(std::string_view name) noexcept {
  return module_of(name, kGgufLayers, &PeftKind::gguf);
}

Status check_peft_base(const PeftBase& base) {
  if (std::find(std::begin(kArchitectures), std::end(kArchitectures), base.architecture) == std::end(kArchitectures)) {
    std::string known;
    for (const std::string_view name : kArchitectures) known += (known.empty() ? "" : ", ") + std::string(name);
    return Error{ErrorCode::kNotSupported,
                 "PEFT: the base model has architecture '" + base.architecture + "'; koan knows " + known};
  }
  if (base.head_dim == 0 || base.head_dim % 2 != 0)
    return Error{ErrorCode::kNotSupported, "PEFT: heads of " + std::to_string(base.head_dim) + " are not even"};
  return {};
}

std::uint32_t reordered_heads(const PeftBase& base, const PeftModule& module) noexcept {
  if (base.architecture != "llama" || module.kind > 1) return 0;
  return module.kind == 0 ? base.heads : base.kv_heads;
}

std::vector<float> rows_to_gguf(const std::vector<float>& b, std::uint32_t rank, std::uint32_t head_dim) {
  return reorder(b, rank, [&](std::uint32_t row) { return std::pair(peft_row(row, head_dim), row); });
}

std::vector<float> rows_to_peft(const std::vector<float>& b, std::uint32_t rank, std::uint32_t head_dim) {
  return reorder(b, rank, [&](std::uint32_t row) { return std::pair(row, peft_row(row, head_dim)); });
}

}  // namespace koan
