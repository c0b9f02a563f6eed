// Encoding with a SentencePiece vocabulary (Kudo and Richardson 2018, its BPE): neighbours whose joined text is in the
// vocabulary are merged, the highest score first and the leftmost among equals; what is left is coded byte by byte.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer.h"

namespace koan {

class PieceEncoder {
 public:
  // texts[i] is the text of token i, empty where it must not be produced from text. of_byte: the token of each byte.
  // The texts outlive the encoder.
  PieceEncoder(const std::vector<std::string_view>& texts, const std::vector<float>& scores,
               const std::array<Token, 256>& of_byte);

  // O(n log n).
  void encode(ByteView text, std::vector<Token>& out) const;

 private:
  struct Piece {
    Token token;
    float score;
  };
  const Piece* find(std::string_view text) const noexcept;

  std::unordered_map<std::string_view, Piece> pieces_;
  std::size_t longest_ = 0;
  std::array<Token, 256> of_byte_;
};

}  // namespace koan
