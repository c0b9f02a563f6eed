#include "rewrite/extract.h"

#include <algorithm>

#include "chat/sampler.h"
#include "codec/model_store.h"
#include "grade/answer.h"
#include "text/strip.h"

namespace koan {
namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 20;
constexpr std::uint32_t kRows = 64;
constexpr std::size_t kLeastShare = 3;  // 1 / of a sentence

std::vector<ScoredWord> words_of(std::string_view text) {
  std::vector<ScoredWord> out;
  for (std::size_t i = 0; i < text.size();) {
    while (i < text.size() && is_space(text[i])) ++i;
    if (i == text.size()) break;
    ScoredWord word{i, i};
    while (word.end < text.size() && !is_space(text[word.end])) ++word.end;
    i = word.end;
    std::size_t last = word.end - 1;
    while (last > word.begin && std::string_view("\"')]*_$").find(text[last]) != std::string_view::npos) --last;
    const bool line_ends = word.end == text.size() || text[word.end] == '\n' || text[word.end] == '\r';
    word.ends_sentence = line_ends || text[last] == '.' || text[last] == '!' || text[last] == '?' || text[last] == ';';
    out.push_back(word);
  }
  return out;
}

// Bits of each token of `tokens` after `before` with 24 fraction bits.
Result<std::vector<std::uint64_t>> token_bits(const std::vector<Token>& before, const std::vector<Token>& tokens,
                                              const std::shared_ptr<const Model>& model, const Kernels& kernels) {
  KOAN_ASSIGN(Streams streams, Streams::create(model, &kernels, default_window(model->config()), 1, kRows));
  std::vector<Token> all = before;
  all.insert(all.end(), tokens.begin(), tokens.end());
  std::vector<std::uint64_t> out;
  out.reserve(tokens.size());
  for (std::size_t at = 0; at + 1 < all.size(); at += kRows) {
    std::vector<Row> rows;
    for (std::size_t i = at; i + 1 < all.size() && rows.size() < kRows; ++i) rows.push_back({0, all[i]});
    streams.forward(rows);
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
      const std::size_t predicted = at + row + 1;
      if (predicted < before.size()) continue;
      const NextToken next = streams.next(row);
      out.push_back(log2_fixed(next.total) - std::uint64_t{log2_fixed(next.freqs[all[predicted]])});
    }
  }
  return out;
}

std::size_t bytes_kept(std::span<const ScoredWord> words, std::uint64_t threshold) {
  std::size_t out = 0;
  for (const ScoredWord& word : words)
    if (word.kept_always || word.density > threshold) out += word.end - word.begin;
  return out;
}

// The space between two kept words: that behind the first, but a line break if one went with the words between.
std::string_view space_between(std::string_view text, const ScoredWord& from, const ScoredWord& to,
                               std::size_t next_begin) {
  const std::string_view behind = text.substr(from.end, next_begin - from.end);
  if (behind.find('\n') != std::string_view::npos) return behind;
  return text.substr(from.end, to.begin - from.end).find('\n') != std::string_view::npos ? "\n" : behind;
}

struct Choices {
  std::string_view text;
  std::span<const ScoredWord> words;
  std::span<const std::uint64_t> thresholds;  // ascending
  bool drop_scraps;
};

Result<Extract> extract_at(std::uint64_t threshold, const Choices& from, CostMeter& meter) {
  Extract out;
  out.text = keep_words(from.text, from.words, threshold, from.drop_scraps);
  KOAN_ASSIGN(out.cost, meter.of(out.text));
  out.threshold = threshold;
  out.words = from.words.size();
  out.words_kept = words_of(out.text).size();
  return out;
}

// A lower threshold costs more, nearly always: the search may miss a text that is a little longer, but what it returns
// fits.
Result<Extract> longest_within(std::uint64_t budget_bits, const Choices& from, CostMeter& meter) {
  KOAN_ASSIGN(Extract best, extract_at(from.thresholds.empty() ? 0 : from.thresholds.back(), from, meter));
  if (best.cost.bits() > budget_bits)
    return Error{ErrorCode::kBudget, "cannot be shortened to " + std::to_string(budget_bits) +
                                         " bits: what states the answer, or an empty text, takes " +
                                         std::to_string(best.cost.bits())};
  std::size_t low = 0, high = from.thresholds.empty() ? 0 : from.thresholds.size() - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    KOAN_ASSIGN(Extract tried, extract_at(from.thresholds[middle], from, meter));
    if (tried.cost.bits() <= budget_bits) {
      best = std::move(tried);
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return best;
}

}  // namespace

Result<std::vector<ScoredWord>> score_words(std::string_view text, std::string_view problem,
                                            std::shared_ptr<const Model> model, const Kernels& kernels) {
  if (text.size() > kMaxText) return Error{ErrorCode::kLimit, "a text to shorten has at most 1 MiB"};
  const Tokenizer& tokenizer = model->tokenizer();
  std::vector<Token> before = tokenizer.encode(as_bytes(problem));
  before.insert(before.begin(), tokenizer.bos());
  const std::vector<Token> tokens = tokenizer.encode(as_bytes(text));
  KOAN_ASSIGN(const std::vector<std::uint64_t> bits, token_bits(before, tokens, model, kernels));

  // A token belongs to the word that its last byte lies in, or lies behind: tokens begin with the space before a word.
  std::vector<ScoredWord> words = words_of(text);
  std::vector<std::uint64_t> sums(words.size(), 0);
  std::size_t at = 0, word = 0;
  for (std::size_t t = 0; t < tokens.size() && !words.empty(); ++t) {
    at += tokenizer.bytes(tokens[t]).size();
    while (word + 1 < words.size() && at > words[word + 1].begin) ++word;
    sums[word] += bits[t];
  }
  const std::vector<grade::AnswerSpan> answers = grade::stated_answers(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    words[i].density = sums[i] / (words[i].end - words[i].begin);
    words[i].kept_always = std::any_of(answers.begin(), answers.end(), [&](const grade::AnswerSpan& span) {
      return words[i].begin < span.end && span.begin < words[i].end;
    });
  }
  return words;
}

std::string keep_words(std::string_view text, std::span<const ScoredWord> words, std::uint64_t threshold,
                       bool drop_scraps) {
  std::string out;
  const ScoredWord* last = nullptr;
  const ScoredWord* after_last = nullptr;
  for (std::size_t begin = 0, end = 0; begin < words.size(); begin = end) {
    while (end < words.size() && !words[end].ends_sentence) ++end;
    end = std::min(end + 1, words.size());
    const std::span<const ScoredWord> sentence = words.subspan(begin, end - begin);
    const bool states =
        std::any_of(sentence.begin(), sentence.end(), [](const ScoredWord& w) { return w.kept_always; });
    const std::size_t size = sentence.back().end - sentence.front().begin;
    if (drop_scraps && !states && bytes_kept(sentence, threshold) * kLeastShare < size) continue;
    for (const ScoredWord& word : sentence) {
      if (!word.kept_always && word.density <= threshold) continue;
      if (last != nullptr) out += space_between(text, *last, word, after_last->begin);
      out += text.substr(word.begin, word.end - word.begin);
      last = &word;
      const std::size_t index = static_cast<std::size_t>(&word - words.data());
      after_last = index + 1 < words.size() ? &words[index + 1] : &word;
    }
  }
  return out;
}

Result<Extract> extract(std::string_view text, std::uint64_t budget_bits, CostMeter& meter, const Kernels& kernels) {
  KOAN_ASSIGN(const std::shared_ptr<const Model> model, meter.model());
  KOAN_ASSIGN(const std::vector<ScoredWord> words, score_words(text, meter.problem(), model, kernels));
  std::vector<std::uint64_t> thresholds;
  for (const ScoredWord& word : words) thresholds.push_back(word.density);
  std::sort(thresholds.begin(), thresholds.end());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());

  KOAN_ASSIGN(Cost whole, meter.of(text));
  if (whole.bits() <= budget_bits) return Extract{std::string(text), std::move(whole), 0, words.size(), words.size()};
  KOAN_ASSIGN(Extract without_scraps, longest_within(budget_bits, {text, words, thresholds, true}, meter));
  KOAN_ASSIGN(Extract with_scraps, longest_within(budget_bits, {text, words, thresholds, false}, meter));
  return with_scraps.text.size() > without_scraps.text.size() ? std::move(with_scraps) : std::move(without_scraps);
}

}  // namespace koan
