// Single lines of a .koan file (koan decompress --lines) and the listing of its records.
#include "codec/line_access.h"

#include "codec/test_adapters.h"
#include "codec/test_codec.h"
#include "codec/test_lines.h"

namespace koan {
namespace {

class LineAccessTest : public testing::Test {
 protected:
  Bytes coded(const std::string& lines, bool records = true, std::vector<Sha256> adapters = {}) {
    CodecOptions options;
    options.segment_bytes = 1024;
    options.adapters = std::move(adapters);
    options.routing = options.adapters.size() > 1 ? Routing::kTrial : Routing::kFixed;
    if (records) options.records = RecordFields{"response", "prompt"};
    return compressed(*codec_, as_bytes(lines), options);
  }
  Result<Bytes> lines_of(ByteView file, std::uint64_t first, std::uint64_t count, CodecStats* stats = nullptr) {
    CodecOptions options;
    options.first_line = first;
    options.line_count = count;
    MemorySource source(file);
    MemorySink sink;
    auto result = codec_->decompress(options, source, sink);
    if (!result) return std::move(result).error();
    if (stats) *stats = *result;
    return std::move(sink.bytes);
  }
  void expect_lines(ByteView file, const std::string& raw, std::uint64_t first, std::uint64_t count) {
    const std::string expected = some_lines(raw, first, count);
    const auto found = lines_of(file, first, count);
    if (expected.empty()) {
      ASSERT_FALSE(found);
      EXPECT_EQ(found.error().code, ErrorCode::kUsage);
      return;
    }
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(as_text(*found), expected) << first << " + " << count;
  }
  // Ranges over a file of so many lines.
  void expect_ranges(ByteView file, const std::string& raw, std::mt19937& random, unsigned ranges) {
    const auto lines = static_cast<std::uint32_t>(count_lines(as_bytes(raw)));
    for (std::uint32_t line = 0; line <= lines && lines < 60; ++line) expect_lines(file, raw, line, 1);
    for (unsigned i = 0; i < ranges; ++i) {
      const std::uint64_t first = random() % (lines + 2);
      const std::uint64_t count = i % 7 == 0 ? UINT64_MAX : 1 + random() % (i % 2 == 0 ? 3 : lines);
      expect_lines(file, raw, first, count);
      if (HasFailure()) return;
    }
  }
  Sha256 add(unsigned seed) {
    const Bytes file = make_adapter(*codec_->store().default_model(), {.seed = seed, .strength = 0.01});
    EXPECT_TRUE(codec_->store().add_adapter(file));
    return sha256(file);
  }

  std::unique_ptr<Codec> codec_ = tiny_codec();
};

TEST_F(LineAccessTest, RandomRangesOfRandomLines) {
  const unsigned seed = std::random_device()() % 100000;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const RecordFields fields{"response", "prompt"};
  for (int file = 0; file < 4; ++file) {
    const std::string raw = random_lines(random, fields, 5 + random() % 40);
    expect_ranges(coded(raw, true, file % 2 == 0 ? std::vector<Sha256>{} : std::vector{add(1), add(2)}), raw, random,
                  25);
  }
  // Several blocks.
  const std::string raw = plain_lines(700, 60, seed) + random_lines(random, fields, 200);
  expect_ranges(coded(raw), raw, random, 60);
}

// Lines of what is concatenated run on where a part ends without a line end.
TEST_F(LineAccessTest, PartsOfEveryKind) {
  std::mt19937 random(8);
  const std::string records = plain_lines(3, 30, 1), open = records.substr(0, records.size() - 1);
  const std::string message = "a message\nof two lines and",
                    plain = "some text\n" + std::string(as_text(prose(5000, 3)));
  const std::vector<std::pair<std::string, bool>> orders[] = {
      {{records, true}, {records, true}},
      {{open, true}, {records, true}},
      {{open, true}, {message, false}, {open, true}, {plain, false}, {records, true}},
      {{plain, false}, {open, true}, {open, true}, {open, true}},
      {{message, false}, {records, true}, {"\n\n", false}, {open, true}},
  };
  for (const auto& parts : orders) {
    Bytes file;
    std::string raw;
    for (const auto& [text, as_records] : parts) {
      raw += text;
      append_bytes(file, coded(text, as_records));
    }
    const auto back = decompressed(*codec_, file);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(as_text(*back), raw);
    expect_ranges(file, raw, random, 20);
  }
}

TEST_F(LineAccessTest, DecodesOnlyTheWantedRecords) {
  const std::string raw = plain_lines(1500, 60, 5);
  const Bytes file = coded(raw);
  CodecStats all, one, none;
  MemorySource source(file);
  MemorySink sink;
  all = codec_->decompress({}, source, sink).value();
  EXPECT_EQ(all.records, 1500u);
  ASSERT_TRUE(lines_of(file, 700, 1, &one));
  EXPECT_EQ(one.records, 1u);
  EXPECT_LT(one.tokens * 4, all.tokens) << "the skeleton of one block and one record";
  EXPECT_LT(one.coded_bytes, file.size()) << "what follows is not read";
  const std::string mixed = "no record\n" + plain_lines(2, 60, 6);
  ASSERT_TRUE(lines_of(coded(mixed), 0, 1, &none));
  EXPECT_EQ(none.records, 0u);
}

TEST_F(LineAccessTest, DamageElsewhereDoesNotMatterOrIsAnError) {
  const std::string raw = plain_lines(1500, 60, 5);
  const Bytes file = coded(raw);
  const auto flipped = [&](double where) {
    Bytes out = file;
    out[static_cast<std::size_t>(where * static_cast<double>(out.size()))] ^= 16;
    return out;
  };
  // Behind: never looked at. In front, or in the block itself: found out.
  const std::string wanted = some_lines(raw, 600, 3);
  for (const double behind : {0.85, 0.95, 0.99}) {
    const auto found = lines_of(flipped(behind), 600, 3);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(as_text(*found), wanted);
    EXPECT_FALSE(decompressed(*codec_, flipped(behind)));
  }
  for (double before = 0.01; before < 0.4; before += 0.013) {
    const auto found = lines_of(flipped(before), 600, 3);
    ASSERT_FALSE(found) << before;
    EXPECT_EQ(found.error().code, ErrorCode::kCorrupt) << found.error().message;
  }
  const auto cut = lines_of(ByteView(file).first(file.size() * 17 / 20), 600, 3);
  ASSERT_TRUE(cut) << cut.error().message;
  EXPECT_EQ(as_text(*cut), wanted);
}

// Of a small file every cut and every bit: the wanted lines, or an error.
TEST_F(LineAccessTest, DamageNeverGivesOtherLines) {
  const std::string raw = plain_lines(4, 25, 9);
  Bytes file = coded(raw, true, {add(1)});
  const std::string wanted = some_lines(raw, 1, 2);
  const auto check = [&](ByteView damaged, const std::string& what) {
    const auto found = lines_of(damaged, 1, 2);
    if (found) {
      EXPECT_EQ(as_text(*found), wanted) << what;
    } else {
      EXPECT_EQ(found.error().code, ErrorCode::kCorrupt) << what << ": " << found.error().message;
    }
  };
  for (std::size_t n = 0; n < file.size(); ++n) check(ByteView(file).first(n), "cut at " + std::to_string(n));
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    file[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    check(file, "bit " + std::to_string(bit));
    file[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
}

TEST_F(LineAccessTest, ListsRecordsOverAllParts) {
  const Sha256 first = add(1), second = add(2);
  const std::string records = plain_lines(3, 30, 1), other = "no record\n" + plain_lines(2, 30, 4);
  Bytes file = coded(records, true, {second});
  append_bytes(file, coded("a message\n", false));
  append_bytes(file, coded(other, true, {first}));
  append_bytes(file, coded(records.substr(0, records.size() - 1)));
  append_bytes(file, coded(other, true, {second}));
  MemorySource source(file);
  const auto listing = codec_->records({}, source);
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(listing->adapters, (std::vector<Sha256>{second, first}));
  std::vector<std::uint64_t> lines;
  std::vector<std::uint32_t> adapters;
  std::uint64_t coded_bytes = 0;
  for (const RecordInfo& record : listing->records) {
    lines.push_back(record.line);
    adapters.push_back(record.adapter);
    coded_bytes += record.coded_bytes;
    EXPECT_EQ(record.text_bytes, 30u);
    EXPECT_FALSE(record.stored);
  }
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{0, 1, 2, 5, 6, 7, 8, 9, 10, 11}));  // a message is a line too
  EXPECT_EQ(adapters, (std::vector<std::uint32_t>{1, 1, 1, 2, 2, 0, 0, 0, 1, 1}));
  EXPECT_LT(coded_bytes, listing->block_bytes);
}

}  // namespace
}  // namespace koan
