#include "adapt/row_batches.h"

#include <map>
#include <set>

#include "adapt/test_pack.h"

namespace koan {
namespace {

constexpr Token kBos = 0;
constexpr std::int64_t kLength = 64, kBatch = 256;

// Every token of every document is another number, so that a target says which place it is.
struct Numbered {
  std::vector<TokenDocument> documents;
  std::set<Token> texts, contexts;

  explicit Numbered(const std::vector<std::pair<std::size_t, std::size_t>>& sizes) {  // context, text
    Token next = 1;
    for (const auto& [context, text] : sizes) {
      TokenDocument document;
      for (std::size_t i = 0; i < context; ++i) contexts.insert(document.context.emplace_back(next++));
      for (std::size_t i = 0; i < text; ++i) texts.insert(document.text.emplace_back(next++));
      document.bytes = text;
      documents.push_back(std::move(document));
    }
  }
};

Numbered mixed() {
  return Numbered(
      {{0, 1}, {0, 63}, {0, 64}, {0, 65}, {0, 500}, {7, 20}, {31, 90}, {200, 10}, {300, 400}, {5, 59}, {64, 1}});
}

struct Seen {
  std::map<Token, int> targets;
  std::int64_t batches = 0;
  std::vector<Token> order;
};

// Checks what every batch promises, and counts the targets.
void look_at(const RowBatch& batch, const Numbered& data, Seen& seen) {
  const std::int64_t rows = batch.inputs.size(0), length = batch.inputs.size(1);
  EXPECT_EQ(length % 32, 0);
  EXPECT_LE(length, kLength);
  EXPECT_LE(rows * length, kBatch);
  EXPECT_EQ(batch.tokens, rows * length);
  ASSERT_EQ(batch.targets.numel(), rows * length);
  const auto* in = batch.inputs.data_ptr<std::int64_t>();
  const auto* targets = batch.targets.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows * length; ++i) {
    if (i % length == 0) {
      EXPECT_EQ(in[i], kBos);
    }
    if (targets[i] < 0) continue;
    const auto token = static_cast<Token>(targets[i]);
    EXPECT_TRUE(data.texts.count(token)) << token << " is no text";
    // What stands before it is what came before it, or the start of the row.
    if (i % length != 0) {
      EXPECT_EQ(in[i] + 1, targets[i]);
    }
    ++seen.targets[token];
    seen.order.push_back(token);
  }
  ++seen.batches;
}

Seen epoch_of(RowBatches& batches, const Numbered& data) {
  Seen seen;
  const std::uint64_t epoch = batches.epoch();
  do {
    look_at(batches.next(), data, seen);
  } while (batches.epoch() == epoch && seen.batches < batches.batches_per_epoch());
  return seen;
}

TEST(RowBatchesTest, FirstEpochHasEveryTextTokenOnce) {
  const Numbered data = mixed();
  RowBatches batches(data.documents, kBos, kLength, kBatch, 1);
  const Seen seen = epoch_of(batches, data);
  EXPECT_EQ(seen.batches, batches.batches_per_epoch());
  EXPECT_EQ(seen.targets.size(), data.texts.size());
  for (const auto& [token, count] : seen.targets) EXPECT_EQ(count, 1) << token;
  EXPECT_EQ(batches.epoch(), 0u);
  batches.next();
  EXPECT_EQ(batches.epoch(), 1u);
}

// Later epochs cut long documents elsewhere: a few tokens come twice, none is missing.
TEST(RowBatchesTest, LaterEpochsMissNothing) {
  const Numbered data = mixed();
  RowBatches batches(data.documents, kBos, kLength, kBatch, 1);
  for (std::uint64_t epoch = 1; epoch < 6; ++epoch) {
    batches.move_to(epoch, 0);
    Seen seen;
    while (true) {
      const std::uint64_t at = batches.position();
      const RowBatch batch = batches.next();
      if (batches.epoch() != epoch) break;
      ASSERT_EQ(batches.position(), at + 1);
      look_at(batch, data, seen);
    }
    EXPECT_EQ(seen.targets.size(), data.texts.size()) << epoch;
    std::size_t all = 0;
    for (const auto& [token, count] : seen.targets) {
      EXPECT_LE(count, 2) << token;
      all += static_cast<std::size_t>(count);
    }
    EXPECT_LE(all, data.texts.size() + data.documents.size() * kLength / 2);
  }
}

TEST(RowBatchesTest, OrderComesFromSeedAndEpoch) {
  const Numbered data = mixed();
  const auto order = [&](std::uint64_t seed, std::uint64_t epoch) {
    RowBatches batches(data.documents, kBos, kLength, kBatch, seed);
    batches.move_to(epoch, 0);
    Seen seen;
    for (int i = 0; i < 5; ++i) look_at(batches.next(), data, seen);
    return seen.order;
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_EQ(order(1, 3), order(1, 3));
  EXPECT_NE(order(1, 0), order(2, 0));
  EXPECT_NE(order(1, 1), order(1, 2));
}

TEST(RowBatchesTest, MoveToGoesOnWhereAnotherStopped) {
  const Numbered data = mixed();
  RowBatches straight(data.documents, kBos, kLength, kBatch, 4);
  const std::int64_t steps = straight.batches_per_epoch() + 3;
  for (std::int64_t i = 0; i < steps; ++i) straight.next();
  RowBatches moved(data.documents, kBos, kLength, kBatch, 4);
  moved.move_to(straight.epoch(), straight.position());
  EXPECT_EQ(moved.batches_per_epoch(), straight.batches_per_epoch());
  for (std::int64_t i = 0; i < 2 * steps; ++i) {
    const RowBatch a = straight.next(), b = moved.next();
    EXPECT_TRUE(torch::equal(a.inputs, b.inputs)) << i;
    EXPECT_TRUE(torch::equal(a.targets, b.targets)) << i;
  }
}

TEST(RowBatchesTest, MeasuringCoversEveryTokenOnce) {
  const Numbered data = mixed();
  Seen seen;
  for (const RowBatch& batch : RowBatches::for_measuring(data.documents, kBos, kLength, kBatch))
    look_at(batch, data, seen);
  EXPECT_EQ(seen.targets.size(), data.texts.size());
  for (const auto& [token, count] : seen.targets) EXPECT_EQ(count, 1) << token;
}

// A context longer than the row keeps its end, directly before the text.
TEST(RowBatchesTest, ContextStandsBeforeTheText) {
  const Numbered data({{300, 10}});
  RowBatches batches(data.documents, kBos, kLength, kBatch, 1);
  const RowBatch batch = batches.next();
  ASSERT_EQ(batch.inputs.sizes(), (std::vector<std::int64_t>{1, kLength}));
  for (std::int64_t i = 1; i < kLength; ++i) EXPECT_EQ(batch.inputs[0][i].item<std::int64_t>(), 300 - 54 + i);
  EXPECT_EQ((batch.targets >= 0).sum().item<std::int64_t>(), 10);
  EXPECT_EQ(batch.targets[kLength - 1].item<std::int64_t>(), 310);
}

TEST(RowBatchesTest, EncodesContextWithABlankLine) {
  const auto encoded = encode_documents(byte_tokenizer(), {{"ab", "p"}, {"", "p"}, {"c", ""}});
  ASSERT_EQ(encoded.size(), 2u) << "a document without text teaches nothing";
  EXPECT_EQ(encoded[0].context, (std::vector<Token>{'p' + 1, '\n' + 1, '\n' + 1}));
  EXPECT_EQ(encoded[0].text, (std::vector<Token>{'a' + 1, 'b' + 1}));
  EXPECT_EQ(encoded[0].bytes, 2u);
  EXPECT_TRUE(encoded[1].context.empty());
}

}  // namespace
}  // namespace koan
