// Rows for training an adapter: one document a row, or one window of a longer one, with its context in front, so that
// a row looks as the codec sees the text. Rows of about one length form a batch, which keeps padding small.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "adapt/documents.h"
#include "text/tokenizer.h"

namespace koan {

struct TokenDocument {
  std::vector<Token> context, text;  // context: with the blank line behind it
  std::uint64_t bytes = 0;           // of the text
};
std::vector<TokenDocument> encode_documents(const Tokenizer& tokenizer, const std::vector<Document>& documents);

struct RowBatch {
  torch::Tensor inputs;     // int64, rows x length
  torch::Tensor targets;    // int64, rows*length: the token after each, -1 where it is context or padding
  std::int64_t tokens = 0;  // places, padding included
};

class RowBatches {
 public:
  // length: of the longest row, a multiple of 32. `documents` outlives this.
  RowBatches(const std::vector<TokenDocument>& documents, Token bos, std::int64_t length, std::int64_t batch_tokens,
             std::uint64_t seed);

  RowBatch next();  // never ends: epoch after epoch, each in an order of its own
  std::int64_t batches_per_epoch() const noexcept { return first_epoch_batches_; }

  // Where next() stands.
  std::uint64_t epoch() const noexcept { return epoch_; }
  std::uint64_t position() const noexcept { return position_; }
  void move_to(std::uint64_t epoch, std::uint64_t position);

  // Every text token once, in document order: windows overlap, the tokens seen before are not targets.
  static std::vector<RowBatch> for_measuring(const std::vector<TokenDocument>& documents, Token bos,
                                             std::int64_t length, std::int64_t batch_tokens);

 private:
  struct Row {
    std::uint32_t document;
    std::uint32_t context;   // tokens of it, its last
    std::uint32_t from, to;  // of the text
    std::uint32_t silent;    // first tokens of [from, to) that are no targets
    std::int64_t length(std::int64_t multiple) const noexcept;
  };
  static void append_rows(const TokenDocument& document, std::uint32_t index, std::int64_t length, std::uint64_t jitter,
                          std::uint32_t overlap, std::vector<Row>& rows);
  static std::vector<std::vector<Row>> batches_of(std::vector<Row> rows, std::int64_t length,
                                                  std::int64_t batch_tokens);
  static RowBatch build(const std::vector<TokenDocument>& documents, Token bos, const std::vector<Row>& rows);
  void make_epoch();

  const std::vector<TokenDocument>& documents_;
  Token bos_;
  std::int64_t length_, batch_tokens_;
  std::uint64_t seed_, epoch_ = 0, position_ = 0;
  std::int64_t first_epoch_batches_ = 0;
  std::vector<std::vector<Row>> batches_;
};

}  // namespace koan
