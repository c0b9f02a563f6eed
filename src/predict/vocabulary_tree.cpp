#include "predict/vocabulary_tree.h"

#include <algorithm>

namespace koan {
namespace {

bool bit_of(ByteView bytes, std::uint32_t byte, std::uint8_t bit) noexcept { return (bytes[byte] >> bit & 1) != 0; }

}  // namespace

VocabularyTree::VocabularyTree(const Tokenizer& tokenizer) : ranks_(tokenizer.size()) {
  std::vector<Token> all;
  for (Token t = 0; t < tokenizer.size(); ++t) {
    if (!tokenizer.bytes(t).empty()) all.push_back(t);
  }
  std::stable_sort(all.begin(), all.end(), [&](Token a, Token b) {
    const ByteView x = tokenizer.bytes(a), y = tokenizer.bytes(b);
    if (std::ranges::equal(x, y)) return !tokenizer.is_fallback(a) && tokenizer.is_fallback(b);
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  });
  for (Token token : all) {
    const ByteView bytes = tokenizer.bytes(token);
    const bool repeated = !tokens_.empty() && std::ranges::equal(tokenizer.bytes(tokens_.back()), bytes);
    if (!repeated) tokens_.push_back(token);
    ranks_[token] = static_cast<std::uint32_t>(tokens_.size() - 1);
  }
  build(tokenizer);
}

bool VocabularyTree::find_split(Range& range, const Tokenizer& tokenizer) const {
  if (range.high - range.low <= 1) return false;
  const ByteView first = tokenizer.bytes(tokens_[range.low]), last = tokenizer.bytes(tokens_[range.high - 1]);
  for (;;) {
    if (range.bit == kEnd) {
      if (first.size() == range.byte) return true;  // the others are longer
      range.bit = 7;
    }
    // Sorted: if the first and the last agree, all between them do.
    if (bit_of(first, range.byte, range.bit) != bit_of(last, range.byte, range.bit)) return true;
    if (range.bit == 0) {
      ++range.byte;
      range.bit = kEnd;
    } else {
      --range.bit;
    }
  }
}

void VocabularyTree::build(const Tokenizer& tokenizer) {
  struct Work {
    Range range;
    std::int32_t parent;  // -1: the root
    bool right;
  };
  std::vector<Work> stack{{{0, size(), 0, kEnd}, -1, false}};
  while (!stack.empty()) {
    Work work = stack.back();
    stack.pop_back();
    Range& range = work.range;
    std::int32_t index = ~static_cast<std::int32_t>(range.low);
    if (find_split(range, tokenizer)) {
      index = static_cast<std::int32_t>(nodes_.size());
      std::uint32_t middle = range.low + 1;
      if (range.bit != kEnd) {
        const auto begin = tokens_.begin() + range.low, end = tokens_.begin() + range.high;
        middle = static_cast<std::uint32_t>(
            std::partition_point(begin, end,
                                 [&](Token t) { return !bit_of(tokenizer.bytes(t), range.byte, range.bit); }) -
            tokens_.begin());
      }
      nodes_.push_back({middle, 0, 0, range.byte, range.bit});
      Range below = range;  // what is left to tell apart further down
      if (range.bit == kEnd) {
        below.bit = 7;
      } else if (range.bit == 0) {
        ++below.byte;
        below.bit = kEnd;
      } else {
        --below.bit;
      }
      stack.push_back({{middle, range.high, below.byte, below.bit}, index, true});
      stack.push_back({{range.low, middle, below.byte, below.bit}, index, false});
    }
    if (work.parent < 0) {
      root_ = index;
    } else {
      Node& parent = nodes_[static_cast<std::size_t>(work.parent)];
      (work.right ? parent.right : parent.left) = index;
    }
  }
}

void VocabularyTree::prefix_sums(const std::uint32_t* freqs, std::vector<std::uint32_t>& sums) const {
  sums.resize(tokens_.size() + 1);
  std::uint32_t sum = 0;
  for (std::size_t r = 0; r < tokens_.size(); ++r) {
    sums[r] = sum;
    sum += freqs[tokens_[r]];
  }
  sums.back() = sum;
}

}  // namespace koan
