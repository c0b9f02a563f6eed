#include "text/merge_table.h"

#include <bit>
#include <queue>

namespace koan {
namespace {

constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
constexpr std::size_t kShort = 24;  // up to here a quadratic scan is faster than a heap

std::uint64_t key_of(Token left, Token right) { return static_cast<std::uint64_t>(left) << 32 | right; }

}  // namespace

MergeTable::MergeTable(const std::vector<Tokenizer::Parts::Merge>& merges) {
  const std::size_t size = std::bit_ceil(merges.size() * 2 + 2);
  shift_ = 64 - std::countr_zero(size);
  keys_.assign(size, kEmpty);
  rules_.resize(size);
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const std::uint64_t key = key_of(merges[rank].left, merges[rank].right);
    std::size_t at = slot(key);
    while (keys_[at] != kEmpty && keys_[at] != key) at = (at + 1) & (size - 1);
    if (keys_[at] == key) continue;  // a repeated rule keeps its first rank
    keys_[at] = key;
    rules_[at] = {static_cast<std::uint32_t>(rank), merges[rank].result};
  }
}

MergeTable::Rule MergeTable::find(Token left, Token right) const noexcept {
  const std::uint64_t key = key_of(left, right);
  for (std::size_t at = slot(key);; at = (at + 1) & (keys_.size() - 1)) {
    if (keys_[at] == key) return rules_[at];
    if (keys_[at] == kEmpty) return {};
  }
}

void MergeTable::apply(std::vector<Token>& tokens) const {
  if (tokens.size() <= kShort)
    apply_short(tokens);
  else
    apply_long(tokens);
}

void MergeTable::apply_short(std::vector<Token>& tokens) const {
  Rule rules[kShort];
  std::size_t n = tokens.size();
  for (std::size_t i = 0; i + 1 < n; ++i) rules[i] = find(tokens[i], tokens[i + 1]);
  while (n > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < n; ++i)
      if (rules[i].rank < rules[best].rank) best = i;
    if (rules[best].rank == kNone) break;
    tokens[best] = rules[best].result;
    --n;
    for (std::size_t i = best + 1; i < n; ++i) {
      tokens[i] = tokens[i + 1];
      rules[i] = rules[i + 1 < kShort ? i + 1 : i];
    }
    if (best + 1 < n) rules[best] = find(tokens[best], tokens[best + 1]);
    if (best > 0) rules[best - 1] = find(tokens[best - 1], tokens[best]);
  }
  tokens.resize(n);
}

void MergeTable::apply_long(std::vector<Token>& tokens) const {
  struct Candidate {
    std::uint32_t rank;
    std::size_t at;     // index of the left token
    Token left, right;  // what stood there when this was queued: stale candidates are recognised by it
    bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
  };
  constexpr std::size_t kEnd = ~std::size_t{0};
  constexpr Token kGone = ~Token{0};
  const std::size_t n = tokens.size();
  std::vector<std::size_t> next(n), previous(n);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::size_t at) {
    if (at == kEnd || next[at] == kEnd) return;
    const Rule rule = find(tokens[at], tokens[next[at]]);
    if (rule.rank != kNone) queue.push({rule.rank, at, tokens[at], tokens[next[at]]});
  };
  for (std::size_t i = 0; i < n; ++i) {
    next[i] = i + 1 < n ? i + 1 : kEnd;
    previous[i] = i > 0 ? i - 1 : kEnd;
  }
  for (std::size_t i = 0; i < n; ++i) consider(i);
  while (!queue.empty()) {
    const Candidate c = queue.top();
    queue.pop();
    if (tokens[c.at] != c.left || next[c.at] == kEnd || tokens[next[c.at]] != c.right) continue;
    const std::size_t right = next[c.at];
    tokens[c.at] = find(c.left, c.right).result;
    tokens[right] = kGone;
    next[c.at] = next[right];
    if (next[right] != kEnd) previous[next[right]] = c.at;
    consider(previous[c.at]);
    consider(c.at);
  }
  std::size_t out = 0;
  for (std::size_t i = 0; i != kEnd; i = next[i]) tokens[out++] = tokens[i];
  tokens.resize(out);
}

}  // namespace koan
