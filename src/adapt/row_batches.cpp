#include "adapt/row_batches.h"

#include <algorithm>

#include "base/split_mix.h"

namespace koan {
namespace {

constexpr std::int64_t kMultiple = 32;  // the attention kernel's tile

}  // namespace

std::vector<TokenDocument> encode_documents(const Tokenizer& tokenizer, const std::vector<Document>& documents) {
  std::vector<TokenDocument> out;
  for (const Document& document : documents) {
    TokenDocument tokens;
    if (!document.context.empty()) tokens.context = tokenizer.encode(as_bytes(document.context + "\n\n"));
    tokens.text = tokenizer.encode(as_bytes(document.text));
    tokens.bytes = document.text.size();
    if (!tokens.text.empty()) out.push_back(std::move(tokens));
  }
  return out;
}

// The last token of a row is only a target, and the start token only an input.
std::int64_t RowBatches::Row::length(std::int64_t multiple) const noexcept {
  const std::int64_t inputs = context + to - from;
  return (inputs + multiple - 1) / multiple * multiple;
}

void RowBatches::append_rows(const TokenDocument& document, std::uint32_t index, std::int64_t length,
                             std::uint64_t jitter, std::uint32_t overlap, std::vector<Row>& rows) {
  const auto most = static_cast<std::size_t>(length), size = document.text.size();
  // A long context keeps its end, and leaves half of the row to the text if that needs it.
  const std::size_t context = std::min(document.context.size(), std::max(most / 2, most - std::min(size, most)));
  std::size_t at = std::min(size, most - context);
  rows.push_back({index, static_cast<std::uint32_t>(context), 0, static_cast<std::uint32_t>(at), 0});
  for (bool first = true; at < size; first = false) {
    // Windows begin elsewhere in every epoch: the first of them goes back by up to half a window.
    std::size_t from = at - std::min<std::size_t>(at, overlap);
    if (first && jitter > 0) from = at - std::min(at, static_cast<std::size_t>(jitter % (most / 2)));
    const std::size_t to = std::min(size, from + most);
    rows.push_back({index, 0, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to),
                    overlap > 0 ? static_cast<std::uint32_t>(at - from) : 0});
    at = to;
  }
}

std::vector<std::vector<RowBatches::Row>> RowBatches::batches_of(std::vector<Row> rows, std::int64_t length,
                                                                 std::int64_t batch_tokens) {
  std::vector<std::vector<Row>> by_length(static_cast<std::size_t>(length / kMultiple) + 1), out;
  for (const Row& row : rows) by_length[static_cast<std::size_t>(row.length(kMultiple) / kMultiple)].push_back(row);
  std::vector<Row> left;  // too few for a batch: they go with the next longer ones
  for (std::size_t i = 1; i < by_length.size(); ++i) {
    std::vector<Row> here = std::move(left);
    here.insert(here.end(), by_length[i].begin(), by_length[i].end());
    const auto many =
        static_cast<std::size_t>(std::max<std::int64_t>(1, batch_tokens / (static_cast<std::int64_t>(i) * kMultiple)));
    std::size_t at = 0;
    for (; at + many <= here.size(); at += many)
      out.emplace_back(here.begin() + static_cast<std::ptrdiff_t>(at),
                       here.begin() + static_cast<std::ptrdiff_t>(at + many));
    left.assign(here.begin() + static_cast<std::ptrdiff_t>(at), here.end());
  }
  if (!left.empty()) out.push_back(std::move(left));
  return out;
}

RowBatch RowBatches::build(const std::vector<TokenDocument>& documents, Token bos, const std::vector<Row>& rows) {
  std::int64_t length = 0;
  for (const Row& row : rows) length = std::max(length, row.length(kMultiple));
  const auto count = static_cast<std::int64_t>(rows.size());
  RowBatch out{torch::zeros({count, length}, torch::kLong), torch::full({count * length}, -1, torch::kLong),
               count * length};
  for (std::int64_t r = 0; r < count; ++r) {
    const Row& row = rows[static_cast<std::size_t>(r)];
    const TokenDocument& document = documents[row.document];
    std::int64_t* in = out.inputs.data_ptr<std::int64_t>() + r * length;
    std::int64_t* target = out.targets.data_ptr<std::int64_t>() + r * length;
    std::int64_t n = 0;
    in[n++] = bos;
    const auto put = [&](Token token, bool counts) {  // token number n of the row is the target of place n - 1
      if (counts) target[n - 1] = token;
      if (n < length) in[n] = token;
      ++n;
    };
    const std::size_t skipped = document.context.size() - row.context;
    for (std::size_t i = skipped; i < document.context.size(); ++i) put(document.context[i], false);
    for (std::size_t i = row.from; i < row.to; ++i) put(document.text[i], i >= row.from + row.silent);
  }
  return out;
}

RowBatches::RowBatches(const std::vector<TokenDocument>& documents, Token bos, std::int64_t length,
                       std::int64_t batch_tokens, std::uint64_t seed)
    : documents_(documents), bos_(bos), length_(length), batch_tokens_(batch_tokens), seed_(seed) {
  make_epoch();
  first_epoch_batches_ = static_cast<std::int64_t>(batches_.size());
}

void RowBatches::make_epoch() {
  std::uint64_t state = seed_ * 1000003 + epoch_ * 104729;
  std::vector<Row> rows;
  for (std::uint32_t d = 0; d < documents_.size(); ++d)
    append_rows(documents_[d], d, length_, epoch_ == 0 ? 0 : split_mix(state), 0, rows);
  shuffle(rows, state);
  batches_ = batches_of(std::move(rows), length_, batch_tokens_);
  shuffle(batches_, state);
  position_ = 0;
}

RowBatch RowBatches::next() {
  if (position_ >= batches_.size()) {
    ++epoch_;
    make_epoch();
  }
  return build(documents_, bos_, batches_[position_++]);
}

void RowBatches::move_to(std::uint64_t epoch, std::uint64_t position) {
  epoch_ = epoch;
  make_epoch();
  position_ = position;
}

std::vector<RowBatch> RowBatches::for_measuring(const std::vector<TokenDocument>& documents, Token bos,
                                                std::int64_t length, std::int64_t batch_tokens) {
  std::vector<Row> rows;
  for (std::uint32_t d = 0; d < documents.size(); ++d)
    append_rows(documents[d], d, length, 0, static_cast<std::uint32_t>(length / 4), rows);
  std::vector<RowBatch> out;
  for (const auto& batch : batches_of(std::move(rows), length, batch_tokens))
    out.push_back(build(documents, bos, batch));
  return out;
}

}  // namespace koan
