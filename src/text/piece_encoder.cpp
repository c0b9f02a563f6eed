#include "text/piece_encoder.h"

#include <algorithm>
#include <queue>

#include "base/utf8.h"

namespace koan {
namespace {

constexpr std::size_t kEnd = ~std::size_t{0};

struct Symbol {
  std::size_t start, size;  // in the text; size 0: merged into the one before
  std::size_t previous, next;
};

struct Candidate {
  float score;
  std::size_t left, size;  // of the joined text: stale candidates are recognised by it
  std::size_t right;
  bool operator<(const Candidate& other) const {
    return score != other.score ? score < other.score : left > other.left;
  }
};

}  // namespace

PieceEncoder::PieceEncoder(const std::vector<std::string_view>& texts, const std::vector<float>& scores,
                           const std::array<Token, 256>& of_byte)
    : of_byte_(of_byte) {
  pieces_.reserve(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty()) continue;
    pieces_.try_emplace(texts[i], Piece{static_cast<Token>(i), scores[i]});
    longest_ = std::max(longest_, texts[i].size());
  }
}

const PieceEncoder::Piece* PieceEncoder::find(std::string_view text) const noexcept {
  if (text.size() > longest_) return nullptr;  // or hashing long runs would take quadratic time
  const auto found = pieces_.find(text);
  return found == pieces_.end() ? nullptr : &found->second;
}

void PieceEncoder::encode(ByteView text, std::vector<Token>& out) const {
  const std::string_view chars = as_text(text);
  std::vector<Symbol> symbols;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::max<std::size_t>(utf8_at(text, at).size, 1);
    const std::size_t i = symbols.size();
    symbols.push_back({at, size, i == 0 ? kEnd : i - 1, i + 1});
    at += size;
  }
  if (symbols.empty()) return;
  symbols.back().next = kEnd;
  std::priority_queue<Candidate> queue;
  const auto consider = [&](std::size_t left) {
    if (left == kEnd || symbols[left].next == kEnd) return;
    const std::size_t right = symbols[left].next, size = symbols[left].size + symbols[right].size;
    if (const Piece* piece = find(chars.substr(symbols[left].start, size)))
      queue.push({piece->score, left, size, right});
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) consider(i);
  while (!queue.empty()) {
    const Candidate c = queue.top();
    queue.pop();
    Symbol &left = symbols[c.left], &right = symbols[c.right];
    if (left.size == 0 || right.size == 0 || left.size + right.size != c.size || left.next != c.right) continue;
    left.size = c.size;
    right.size = 0;
    left.next = right.next;
    if (right.next != kEnd) symbols[right.next].previous = c.left;
    consider(left.previous);
    consider(c.left);
  }
  for (std::size_t i = 0; i != kEnd; i = symbols[i].next) {
    const std::string_view symbol = chars.substr(symbols[i].start, symbols[i].size);
    if (const Piece* piece = find(symbol)) {
      out.push_back(piece->token);
    } else {
      for (const char byte : symbol) out.push_back(of_byte_[static_cast<std::uint8_t>(byte)]);
    }
  }
}

}  // namespace koan
