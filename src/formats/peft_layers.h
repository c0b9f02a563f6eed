// The linear layers of a block as PEFT and GGUF name them and order their rows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"

namespace koan {

// What has to be known of the base model.
struct PeftBase {
  std::string architecture;  // as GGUF names it: "llama", "qwen3", ...
  std::uint32_t layers = 0, heads = 0, kv_heads = 0, head_dim = 0;
  std::string name;
  Sha256 sha256{};
};

struct PeftModule {
  std::uint32_t layer = 0;
  std::uint32_t kind = 0;  // index into kPeftKinds
  auto operator<=>(const PeftModule&) const = default;
};

struct PeftKind {
  const char* peft;  // after "model.layers.N."
  const char* gguf;  // after "blk.N."
};
inline constexpr std::array<PeftKind, 7> kPeftKinds = {{{"self_attn.q_proj", "attn_q.weight"},
                                                        {"self_attn.k_proj", "attn_k.weight"},
                                                        {"self_attn.v_proj", "attn_v.weight"},
                                                        {"self_attn.o_proj", "attn_output.weight"},
                                                        {"mlp.gate_proj", "ffn_gate.weight"},
                                                        {"mlp.up_proj", "ffn_up.weight"},
                                                        {"mlp.down_proj", "ffn_down.weight"}}};

// Tensors of a module in PEFT's file: kPeftPrefix, its name, one of the suffixes.
inline constexpr std::string_view kPeftPrefix = "base_model.model.";
inline constexpr std::string_view kPeftSuffixA = ".lora_A.weight", kPeftSuffixB = ".lora_B.weight";

std::string peft_name(const PeftModule& module);  // "model.layers.0.self_attn.q_proj"
std::string gguf_name(const PeftModule& module);  // "blk.0.attn_q.weight"
std::optional<PeftModule> module_of_peft(std::string_view name) noexcept;
std::optional<PeftModule> module_of_gguf(std::string_view name) noexcept;

// kNotSupported: an architecture whose layers koan cannot name.
Status check_peft_base(const PeftBase& base);

// Heads whose rows the two formats order differently: those of the queries and keys of llama, whose GGUF files rotate
// neighbours (rows 2i and 2i + 1 of a head) where PEFT's models rotate halves (rows i and i + head_dim / 2). 0: none.
std::uint32_t reordered_heads(const PeftBase& base, const PeftModule& module) noexcept;

// The rows of B [heads * head_dim][rank] in the order of the other format.
std::vector<float> rows_to_gguf(const std::vector<float>& b, std::uint32_t rank, std::uint32_t head_dim);
std::vector<float> rows_to_peft(const std::vector<float>& b, std::uint32_t rank, std::uint32_t head_dim);

}  // namespace koan
