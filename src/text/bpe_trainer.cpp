#include "text/bpe_trainer.h"

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "text/pretokenizer.h"

namespace koan {
namespace {

constexpr std::size_t kFirstByte = 1;  // id 0 is <|bos|>
constexpr std::size_t kSmallest = kFirstByte + 256;
constexpr std::size_t kLongestPiece = 256;  // longer runs teach no vocabulary

struct Word {
  std::vector<Token> tokens;
  std::uint64_t count;
};

struct PairEntry {
  std::uint64_t count = 0;
  std::vector<std::uint32_t> words;  // may name a word twice or one that lost the pair; checked on use
};

struct Candidate {
  std::uint64_t count, pair;
  // Larger counts first, then smaller ids.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

std::uint64_t key_of(Token left, Token right) { return static_cast<std::uint64_t>(left) << 32 | right; }

// The merge loop, with pair counts kept up to date word by word.
class Merger {
 public:
  Merger(std::vector<Word> words, Tokenizer::Parts& parts) : words_(std::move(words)), parts_(parts) {
    for (std::size_t i = 0; i < parts_.tokens.size(); ++i)
      if (!parts_.is_special[i]) ids_.emplace(parts_.tokens[i], static_cast<Token>(i));
    for (std::uint32_t w = 0; w < words_.size(); ++w) {
      const std::vector<Token>& t = words_[w].tokens;
      for (std::size_t i = 0; i + 1 < t.size(); ++i) {
        PairEntry& entry = pairs_[key_of(t[i], t[i + 1])];
        entry.count += words_[w].count;
        if (entry.words.empty() || entry.words.back() != w) entry.words.push_back(w);
      }
    }
    for (const auto& [pair, entry] : pairs_) queue_.push({entry.count, pair});
  }

  void run(std::size_t vocab_size) {
    while (parts_.tokens.size() < vocab_size && !queue_.empty()) {
      const Candidate top = queue_.top();
      queue_.pop();
      const std::uint64_t count = pairs_[top.pair].count;
      if (count < 2) continue;
      if (count != top.count)
        queue_.push({count, top.pair});  // it lost occurrences since it was queued
      else
        merge(static_cast<Token>(top.pair >> 32), static_cast<Token>(top.pair));
    }
  }

 private:
  void merge(Token left, Token right) {
    const std::string text = parts_.tokens[left] + parts_.tokens[right];
    const auto [it, added] = ids_.emplace(text, static_cast<Token>(parts_.tokens.size()));
    const Token result = it->second;  // the same bytes may have been reached by other merges
    if (added) {
      parts_.tokens.push_back(text);
      parts_.is_special.push_back(0);
    }
    parts_.merges.push_back({left, right, result});
    PairEntry entry = std::move(pairs_[key_of(left, right)]);
    pairs_.erase(key_of(left, right));
    grown_.clear();
    for (const std::uint32_t w : entry.words) replace(w, left, right, result);
    for (const std::uint64_t pair : grown_)
      if (const auto found = pairs_.find(pair); found != pairs_.end()) queue_.push({found->second.count, pair});
  }

  void replace(std::uint32_t w, Token left, Token right, Token result) {
    std::vector<Token>& t = words_[w].tokens;
    const auto hit = [&](std::size_t i) { return i + 1 < t.size() && t[i] == left && t[i + 1] == right; };
    bool any = false;
    for (std::size_t i = 0; i < t.size() && !any; ++i) any = hit(i);
    if (!any) return;
    const std::uint64_t count = words_[w].count;
    for (std::size_t i = 0; i + 1 < t.size(); ++i)
      if (const auto found = pairs_.find(key_of(t[i], t[i + 1])); found != pairs_.end()) found->second.count -= count;
    std::size_t out = 0;
    for (std::size_t i = 0; i < t.size(); ++i) {
      if (hit(i)) {
        t[out++] = result;
        ++i;
      } else {
        t[out++] = t[i];
      }
    }
    t.resize(out);
    for (std::size_t i = 0; i + 1 < t.size(); ++i) {
      const std::uint64_t pair = key_of(t[i], t[i + 1]);
      PairEntry& entry = pairs_[pair];
      entry.count += count;
      if (t[i] != result && t[i + 1] != result) continue;  // an old pair: the word is listed already
      if (entry.words.empty() || entry.words.back() != w) entry.words.push_back(w);
      grown_.insert(pair);
    }
  }

  std::vector<Word> words_;
  Tokenizer::Parts& parts_;
  std::unordered_map<std::string, Token> ids_;
  std::unordered_map<std::uint64_t, PairEntry> pairs_;
  std::priority_queue<Candidate> queue_;
  std::unordered_set<std::uint64_t> grown_;
};

}  // namespace

struct BpeTrainer::Impl {
  std::unordered_map<std::string, std::uint64_t> pieces;
};

BpeTrainer::BpeTrainer() : impl_(std::make_unique<Impl>()) {}
BpeTrainer::~BpeTrainer() = default;

void BpeTrainer::add(ByteView text, std::uint64_t weight) {
  while (!text.empty()) {
    const std::size_t size = next_piece(PreTokenizer::kGpt2, text);
    if (size <= kLongestPiece) impl_->pieces[std::string(as_text(text.first(size)))] += weight;
    text = text.subspan(size);
  }
}

Result<Tokenizer> BpeTrainer::train(std::size_t vocab_size) const {
  if (vocab_size < kSmallest)
    return Error{ErrorCode::kUsage, "a vocabulary needs at least " + std::to_string(kSmallest) + " tokens"};
  Tokenizer::Parts parts;
  parts.tokens.emplace_back("<|bos|>");
  parts.is_special.push_back(1);
  for (int b = 0; b < 256; ++b) {
    parts.tokens.emplace_back(1, static_cast<char>(b));
    parts.is_special.push_back(0);
  }
  std::vector<Word> words;
  for (const auto& [piece, count] : impl_->pieces) {
    if (count < 2 || piece.size() < 2) continue;
    Word word{{}, count};
    for (const char c : piece) word.tokens.push_back(static_cast<Token>(kFirstByte + static_cast<std::uint8_t>(c)));
    words.push_back(std::move(word));
  }
  Merger(std::move(words), parts).run(vocab_size);
  return Tokenizer::from_parts(std::move(parts));
}

}  // namespace koan
