// Byte-level BPE tokenizer, stored in GGUF metadata (keys tokenizer.ggml.*, model "gpt2", pre "gpt-2").
// Every byte string has an encoding (all 256 single-byte tokens exist); decoding is the concatenation of token bytes.
// Text that looks like a special token is plain text: special tokens are never produced by encode().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/gguf.h"

namespace koan {

using Token = std::uint32_t;

class Tokenizer {
 public:
  // A vocabulary that lacks a single-byte token, or merges that name unknown tokens, is refused.
  static Result<Tokenizer> from_gguf(const GgufFile& file);
  // Tokens as raw bytes in id order; ids below `first_normal` are special. Merges as pairs of ids in rank order.
  struct Parts {
    std::vector<std::string> tokens;  // raw bytes (specials: their display text, e.g. "<|bos|>")
    std::vector<std::uint8_t> is_special;
    struct Merge {
      Token left, right, result;
    };
    std::vector<Merge> merges;
    Token bos = 0;
  };
  static Result<Tokenizer> from_parts(Parts parts);
  void to_gguf(GgufFile& file) const;  // adds the tokenizer.ggml.* keys

  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  std::size_t size() const noexcept;
  Token bos() const noexcept;
  bool is_special(Token token) const noexcept;
  ByteView bytes(Token token) const noexcept;  // empty for special tokens

  // Never fails; O(n log n) also on one long run without a break. decode(encode(x)) == x for every x.
  std::vector<Token> encode(ByteView text) const;
  void append_decoded(Token token, Bytes& out) const;

  // XXH3-128 over sizes, token bytes and special flags: what decoding depends on (docs/format.md).
  std::array<std::uint8_t, 16> decode_hash() const noexcept;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace koan
