#include "codec/token_step.h"

#include <algorithm>
#include <cmath>

namespace koan {
namespace {

// Goes on, over bits that all tokens left have in common, to bit `target` of the token.
void skip_to(BitPredictor& predictor, ByteView bytes, std::uint32_t target) noexcept {
  for (std::uint32_t at = predictor.bits_in_token(); at < target; ++at)
    predictor.skip_bit((bytes[at / 8] >> (7 - at % 8) & 1) != 0);
}

std::uint32_t probability(std::uint32_t yes, std::uint32_t all) noexcept {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>((static_cast<std::uint64_t>(yes) << 16) / all, 1, 65535));
}

}  // namespace

template <typename Decide>
Token TokenStep::walk(TokenTables& tables, const Frequencies& next, Decide decide) {
  const VocabularyTree& tree = *tables.tree;
  const Tokenizer& tokenizer = *tables.tokenizer;
  std::vector<std::uint32_t>& sums = tables.prefix_sums;
  tree.prefix_sums(next.freqs.data(), sums);
  std::uint32_t low = 0, high = tree.size();
  std::int32_t index = tree.root();
  const auto opinion_at = [&] {
    const VocabularyTree::Node& node = tree.node(index);
    const bool end = node.bit == VocabularyTree::kEnd;
    const std::uint32_t yes = end ? sums[node.middle] - sums[low] : sums[high] - sums[node.middle];
    return ModelOpinion{probability(yes, sums[high] - sums[low]), static_cast<std::uint32_t>(index) + 1};
  };
  ModelOpinion opinion{};
  if (index >= 0) opinion = opinion_at();
  while (index >= 0) {
    const VocabularyTree::Node& node = tree.node(index);
    const bool end = node.bit == VocabularyTree::kEnd;
    skip_to(*predictor_, tokenizer.bytes(tree.token_at(low)), node.byte * 8 + (end ? 0 : 7u - node.bit));
    const bool upper =
        decide(node.middle, end, end ? predictor_->predict_end(opinion) : predictor_->predict_bit(opinion));
    (upper ? low : high) = node.middle;
    index = upper ? node.right : node.left;
    if (index >= 0) {
      opinion = opinion_at();
      predictor_->prefetch(opinion);  // it comes while the predictor learns
    }
    predictor_->update(upper != end);
  }
  const auto rank = static_cast<std::uint32_t>(~index);
  const Token token = tree.token_at(rank);
  const ByteView bytes = tokenizer.bytes(token);
  skip_to(*predictor_, bytes, static_cast<std::uint32_t>(bytes.size()) * 8);
  predictor_->end_token(rank);
  return token;
}

double TokenStep::encode(TokenTables& tables, const Frequencies& next, Token token, RangeEncoder& coder) {
  if (!predictor_) {
    const SymbolRange range{tables.kernels->sum(next.freqs.data(), static_cast<std::int32_t>(token)), next.freqs[token],
                            next.total};
    coder.encode(range);
    return std::log2(static_cast<double>(range.total) / range.freq);
  }
  const std::uint32_t rank = tables.tree->rank_of(token);
  double ideal = 0;
  walk(tables, next, [&](std::uint32_t middle, bool end, std::uint32_t p16) {
    const bool upper = rank >= middle;
    const bool yes = upper != end;
    coder.encode_bit(yes, p16);
    ideal -= std::log2((yes ? p16 : 65536 - p16) / 65536.0);
    return upper;
  });
  return ideal;
}

Token TokenStep::decode(TokenTables& tables, const Frequencies& next, RangeDecoder& coder) {
  if (!predictor_) {
    std::uint32_t start = 0;
    const auto token = static_cast<Token>(tables.kernels->find(
        next.freqs.data(), static_cast<std::int32_t>(next.freqs.size()), coder.target(next.total), &start));
    coder.consume({start, next.freqs[token], next.total});
    return token;
  }
  return walk(tables, next, [&](std::uint32_t, bool end, std::uint32_t p16) { return coder.decode_bit(p16) != end; });
}

void observe_token(BitPredictor& predictor, const TokenTables& tables, Token token) {
  const ByteView bytes = tables.tokenizer->bytes(token);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) predictor.observe_end(false);
    predictor.observe(bytes[i]);
  }
  predictor.observe_end(true);
  predictor.end_token(tables.tree->rank_of(token));
}

}  // namespace koan
