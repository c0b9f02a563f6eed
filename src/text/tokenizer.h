// A vocabulary and its way of cutting text into tokens: byte-level BPE (GGUF model "gpt2") or SentencePiece ("llama"),
// stored in the GGUF keys tokenizer.ggml.*. docs/tokenizers.md.
// Every byte string has an encoding, unless the vocabulary lacks one of its bytes (covers()); decoding is the
// concatenation of token bytes.
// Text that looks like a special token is plain text: special tokens are never produced by encode().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "formats/gguf.h"
#include "text/pretokenizer.h"

namespace koan {

using Token = std::uint32_t;

class Tokenizer {
 public:
  // A vocabulary that lacks a byte of ordinary text, or merges that name unknown tokens, is refused. kNotSupported:
  // another kind of tokenizer, or of pre-tokenizer, by name.
  static Result<Tokenizer> from_gguf(const GgufFile& file);
  struct Parts {
    std::vector<std::string> tokens;       // raw bytes in id order (specials: their display text, e.g. "<|bos|>")
    std::vector<std::uint8_t> is_special;  // control, unknown and unused tokens
    Token bos = 0;                         // what a stream begins with; special
    std::vector<Token> added;              // text that is one token wherever it stands (user-defined tokens)
    // Byte-level BPE: pairs of ids in rank order.
    struct Merge {
      Token left, right, result;
    };
    std::vector<Merge> merges;
    PreTokenizer pre = PreTokenizer::kGpt2;
    bool ignore_merges = false;  // a piece that is in the vocabulary is that token, whatever the merges say
    // SentencePiece if not empty: one score a token, and which tokens stand for single bytes.
    std::vector<float> scores;
    std::vector<std::uint8_t> is_byte;
  };
  static Result<Tokenizer> from_parts(Parts parts);
  void to_gguf(GgufFile& file) const;  // adds the tokenizer.ggml.* keys
  const Parts& parts() const noexcept;

  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  std::size_t size() const noexcept;
  Token bos() const noexcept;
  bool is_special(Token token) const noexcept;
  ByteView bytes(Token token) const noexcept;  // empty for special tokens

  // Never fails; O(n log n) also on one long run without a break. decode(encode(x)) == x for every x that is covered;
  // bytes that have no token are left out.
  std::vector<Token> encode(ByteView text) const;
  // Whether each byte has a token. Some vocabularies lack control characters and bytes that UTF-8 hardly uses.
  bool covers(ByteView text) const noexcept;
  // A token that stands for a byte where no other does: a text token with the same bytes is more probable.
  bool is_fallback(Token token) const noexcept;
  void append_decoded(Token token, Bytes& out) const;

  // XXH3-128 over sizes, token bytes and special flags: what decoding depends on (docs/format.md).
  std::array<std::uint8_t, 16> decode_hash() const noexcept;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace koan
