#include "codec/record_block.h"

#include <gtest/gtest.h>

#include <random>

namespace koan {
namespace {

const RecordFields kFields{"response", "prompt"};

Bytes joined(const SplitLines& split, const RecordFields& fields) {
  Bytes out;
  std::size_t record = 0;
  for (const SkeletonLine& line : skeleton_lines(split.skeleton, fields)) {
    if (!line.record) {
      append_bytes(out, line.line);
      continue;
    }
    EXPECT_FALSE(line.is_filled);
    const JsonText& text = split.texts[record++];
    EXPECT_TRUE(append_line(out, line, text.style, text.text));
  }
  EXPECT_EQ(record, split.texts.size());
  return out;
}

TEST(RecordBlock, LinesComeApartAndTogether) {
  const std::string lines =
      "{\"prompt\": \"p1\", \"response\": \"one\\ntwo\", \"id\": 1}\n"
      "not JSON at all\n"
      "\n"
      "{\"response\": \"\", \"prompt\": [1, {\"x\": \"y\"}]}\r\n"
      "{\"response\": 5}\n"
      "{\"prompt\": \"p6\", \"response\": \"caf\\u00e9\"}";  // no LF at the end
  const SplitLines split = split_lines(as_bytes(lines), kFields);
  EXPECT_EQ(split.lines, 6u);
  EXPECT_TRUE(split.unfinished);
  ASSERT_EQ(split.texts.size(), 3u);
  EXPECT_EQ(as_text(split.texts[0].text), "one\ntwo");
  EXPECT_EQ(as_text(split.texts[2].text), "caf\xC3\xA9");
  EXPECT_EQ(as_text(joined(split, kFields)), lines);

  const auto skeleton = skeleton_lines(split.skeleton, kFields);
  EXPECT_EQ(as_text(record_context(skeleton[0], kFields)), "p1\n\n");
  EXPECT_EQ(as_text(record_context(skeleton[3], kFields)), "[1, {\"x\": \"y\"}]\n\n");
  EXPECT_EQ(as_text(record_context(skeleton[0], {"response", ""})), "");
  EXPECT_EQ(as_text(record_context(skeleton[0], {"response", "none"})), "");
}

TEST(RecordBlock, LongContextsKeepTheirEnd) {
  std::string prompt;
  for (int i = 0; i < 5000; ++i) prompt += "\xC3\xA9";
  const std::string line = "{\"prompt\":\"x" + prompt + "\",\"response\":\"\"}\n";
  const auto skeleton = skeleton_lines(as_bytes(line), kFields);
  const Bytes context = record_context(skeleton[0], kFields);
  // 8192 bytes end with whole characters; what was cut begins with one too.
  EXPECT_EQ(context.size(), 8192u + 2);
  EXPECT_EQ(context[0], 0xC3);
  const std::string odd = "{\"prompt\":\"x" + prompt + "y\",\"response\":\"\"}\n";
  const Bytes cut = record_context(skeleton_lines(as_bytes(odd), kFields)[0], kFields);
  EXPECT_EQ(cut.size(), 8191u + 2);
  EXPECT_EQ(cut[0], 0xC3);
}

std::vector<RecordEntry> some_entries() {
  std::mt19937 random(3);
  std::vector<RecordEntry> out;
  for (int i = 0; i < 300; ++i) {
    const std::uint32_t coded = 1 + random() % 400;
    const bool stored = random() % 9 == 0;
    out.push_back({static_cast<std::uint8_t>(random() % 9),
                   stored ? kCoderStored : static_cast<std::uint8_t>(1 + random() % 4), coded,
                   stored ? coded : coded * 3 + static_cast<std::uint32_t>(random() % 500)});
  }
  out.push_back({0, kCoderStored, 0, 0});
  out.push_back({8, kCoderModel, 5000, 5000000});  // far from what was guessed
  out.push_back({8, kCoderModel, 900, 7});
  return out;
}

RecordTableLimits limits_of(const std::vector<RecordEntry>& entries) {
  RecordTableLimits out{entries.size(), 8u << 20, 0, 3};
  for (const RecordEntry& e : entries) out.stream_bytes += e.coded_bytes;
  return out;
}

TEST(RecordTable, RoundTrip) {
  const auto entries = some_entries();
  const Bytes table = encode_record_table(entries);
  const auto back = decode_record_table(table, limits_of(entries));
  ASSERT_TRUE(back) << back.error().message;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ((*back)[i].style, entries[i].style);
    EXPECT_EQ((*back)[i].coder, entries[i].coder);
    EXPECT_EQ((*back)[i].coded_bytes, entries[i].coded_bytes);
    EXPECT_EQ((*back)[i].text_bytes, entries[i].text_bytes);
  }
}

TEST(RecordTable, AlikeRecordsCostLittle) {
  std::vector<RecordEntry> entries;
  std::mt19937 random(5);
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t coded = 150 + random() % 100;
    entries.push_back({1, kCoderModel, coded, coded * 6 + static_cast<std::uint32_t>(random() % 200)});
  }
  // 6.6 bits of coded length and 7.6 of text length are random.
  EXPECT_LT(encode_record_table(entries).size() * 8.0 / 1000, 6.6 + 7.6 + 2.5);
}

TEST(RecordTable, LimitsAndDamage) {
  const auto entries = some_entries();
  const Bytes table = encode_record_table(entries);
  const RecordTableLimits good = limits_of(entries);
  const auto refused = [&](const RecordTableLimits& limits) { return !decode_record_table(table, limits); };
  RecordTableLimits bad = good;
  bad.adapters = 2;
  EXPECT_TRUE(refused(bad));
  bad = good;
  ++bad.stream_bytes;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.raw_bytes = 5000;
  EXPECT_TRUE(refused(bad));
  bad = good;
  --bad.n;
  EXPECT_TRUE(refused(bad));
  for (std::size_t n = 0; n < table.size(); ++n) EXPECT_FALSE(decode_record_table(ByteView(table).first(n), good)) << n;
}

TEST(RecordPayload, RoundTripAndDamage) {
  const std::vector<RecordEntry> entries = {{0, kCoderModel, 3, 10}, {1, kCoderStored, 2, 2}};
  const std::vector<Bytes> streams = {{1, 2, 3}, {4, 5}}, skeleton = {{9, 9, 9, 9}};
  const Bytes payload = write_record_payload({7, true, kFields, 40, Method::kZstd, 0, skeleton, entries}, streams);
  const auto head = parse_record_head(payload, 100);
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->lines, 7u);
  EXPECT_TRUE(head->unfinished);
  EXPECT_EQ(head->line_ends(), 6u);
  EXPECT_EQ(head->fields, kFields);
  EXPECT_EQ(head->skeleton_bytes, 40u);
  ASSERT_EQ(head->skeleton_coded.size(), 1u);
  EXPECT_EQ(head->skeleton_coded[0].size(), 4u);
  EXPECT_EQ(payload.size() - head->streams_at, 5u);
  EXPECT_TRUE(decode_record_table(head->table, {2, 100, 5, 0}));
  EXPECT_FALSE(parse_record_head(payload, 39));  // a skeleton longer than the lines
  for (std::size_t n = 0; n < payload.size(); ++n) EXPECT_FALSE(parse_record_head(ByteView(payload).first(n), 100)) << n;
  Bytes flipped = payload;
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(parse_record_head(flipped, 100)) << bit;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
}

}  // namespace
}  // namespace koan
