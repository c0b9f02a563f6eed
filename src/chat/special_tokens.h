// The tokens of a vocabulary that are no text: where a conversation begins, who speaks, when to stop.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/gguf.h"
#include "text/literal_matcher.h"
#include "text/tokenizer.h"

namespace koan {

class SpecialTokens {
 public:
  // From the tokenizer.ggml.* keys. Errors: kCorrupt with the key.
  static Result<SpecialTokens> from_gguf(const GgufFile& file);

  // After one of these a text is complete: end of sequence, end of turn, and tokens that are known under such names.
  bool ends_text(Token token) const noexcept;
  bool is_special(Token token) const noexcept { return token < special_.size() && special_[token]; }
  // Text of the start and end tokens, as templates call them; empty if there is none.
  const std::string& bos_text() const noexcept { return bos_text_; }
  const std::string& eos_text() const noexcept { return eos_text_; }
  // Whether a text is to begin with the start token (tokenizer.ggml.add_bos_token).
  bool adds_bos() const noexcept { return adds_bos_; }

  // What a template wrote, as tokens: special tokens by their text, everything between by the tokenizer.
  // kGuard bytes are removed.
  std::vector<Token> encode(std::string_view text, const Tokenizer& tokenizer) const;
  // Breaks every special token's text in `text` with a kGuard byte, so that encode() takes it for text: who writes a
  // message cannot speak for somebody else. `text` is UTF-8 and so has no such byte of its own.
  std::string guarded(std::string_view text) const;
  static constexpr char kGuard = '\xFF';

 private:
  LiteralMatcher texts_;
  std::vector<bool> special_, ends_;
  std::string bos_text_, eos_text_;
  bool adds_bos_ = true;
};

}  // namespace koan
