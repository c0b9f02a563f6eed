// The rewriter that needs no chat model: words that the model predicts best are left out until the text fits a budget
// (docs/rewrite.md "Extraction"). It only leaves out; it cannot say the same in other words.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rewrite/cost.h"

namespace koan {

struct Kernels;

// A word with the space behind it, and how well it was predicted.
struct ScoredWord {
  std::size_t begin = 0, end = 0;  // end: of the word; the space behind it goes on to the next begin
  std::uint64_t density = 0;       // bits for each byte, 24 fraction bits
  bool kept_always = false;        // states the answer
  bool ends_sentence = false;
};

// Words of `text` in order, scored by the model alone after `problem`. Integers throughout: the same on every machine.
// Errors: kLimit (memory, a text above 1 MiB).
Result<std::vector<ScoredWord>> score_words(std::string_view text, std::string_view problem,
                                            std::shared_ptr<const Model> model, const Kernels& kernels);

// The text without words of density <= threshold and, if wanted, without sentences of which less than a third is left.
std::string keep_words(std::string_view text, std::span<const ScoredWord> words, std::uint64_t threshold,
                       bool drop_scraps);

struct Extract {
  std::string text;
  Cost cost;
  std::uint64_t threshold = 0;
  std::size_t words = 0, words_kept = 0;
};

// The longest such text, with or without scraps of sentences, whose file has at most `budget_bits`. kBudget: even the
// least that can be kept has more.
Result<Extract> extract(std::string_view text, std::uint64_t budget_bits, CostMeter& meter, const Kernels& kernels);

}  // namespace koan
