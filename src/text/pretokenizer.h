// Splits bytes into pieces that BPE merges never cross, by the patterns that vocabularies were trained with, written as
// scanners: a look ahead, no backtracking. Letters, numbers and spaces are those of Unicode 14.0, frozen. Bytes that
// are not valid UTF-8 count as "other" one by one. Pieces cover the input exactly. docs/tokenizers.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace koan {

enum class PreTokenizer {
  // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  kGpt2,
  // (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
  kLlama3,
  kQwen2,   // the same with \p{N} alone
  kSmollm,  // every number for itself, kGpt2 on what is between them
};

// By the name in tokenizer.ggml.pre, aliases included.
std::optional<PreTokenizer> find_pretokenizer(std::string_view name) noexcept;
// "gpt-2", "llama-bpe", "qwen2", "smollm".
std::string_view pretokenizer_name(PreTokenizer pre) noexcept;

// Length in bytes (>= 1) of the piece that starts at text[0]; text is not empty and begins where a piece does.
std::size_t next_piece(PreTokenizer pre, ByteView text) noexcept;

}  // namespace koan
