// Files of JSON lines through the codec and back (docs/format.md "Record blocks").
#include <iostream>

#include "codec/general.h"
#include "codec/inspect.h"
#include "codec/record_decode.h"
#include "codec/test_adapters.h"
#include "codec/test_codec.h"
#include "codec/test_lines.h"

namespace koan {
namespace {

class RecordsTest : public testing::Test {
 protected:
  static CodecOptions options_for(const RecordFields& fields) {
    CodecOptions options;
    options.records = fields;
    options.segment_bytes = 1024;
    return options;
  }
  // The file; it decodes to the lines, and encoding again gives the same.
  Bytes there_and_back(const std::string& lines, const CodecOptions& options, CodecStats* stats = nullptr) {
    const Bytes coded = compressed(*codec_, as_bytes(lines), options, stats);
    EXPECT_TRUE(coded == compressed(*codec_, as_bytes(lines), options));
    CodecOptions given;
    given.context = options.context;
    given.streams = 3;
    given.threads = 2;
    const auto back = decompressed(*codec_, coded, given);
    EXPECT_TRUE(back && as_text(*back) == lines) << (back ? "other bytes" : back.error().message);
    return coded;
  }
  static std::size_t count(ByteView coded, std::string_view method) {
    MemorySource source(coded);
    std::size_t out = 0;
    EXPECT_TRUE(inspect(
        source, [](const PartInfo&) {}, [&](const SegmentInfo& s) { out += method_name(s.head.method) == method; }));
    return out;
  }

  std::unique_ptr<Codec> codec_ = tiny_codec();
};

TEST_F(RecordsTest, AnyLinesComeBack) {
  const unsigned first = std::random_device()() % 100000;
  std::vector<Sha256> adapters;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const Bytes file = make_adapter(*codec_->store().default_model(), {.seed = seed, .like_text = prose(3000, seed)});
    ASSERT_TRUE(codec_->store().add_adapter(file));
    adapters.push_back(sha256(file));
  }
  std::uint64_t records = 0;
  for (unsigned seed = first; seed < first + 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const RecordFields& fields = test_fields()[random() % test_fields().size()];
    const std::string lines = random_lines(random, fields, 1 + random() % 60);
    CodecOptions options = options_for(fields);
    const Bytes context = random() % 4 == 0 ? prose(300, seed) : Bytes();
    options.context = context;
    if (random() % 3 == 0) {
      options.adapters = adapters;
      options.routing = random() % 2 == 0 ? Routing::kTrial : Routing::kText;
    }
    CodecStats stats;
    const Bytes coded = there_and_back(lines, options, &stats);
    EXPECT_LE(coded.size(), lines.size() + 300);
    records += stats.records;
    if (HasFailure()) return;
  }
  EXPECT_GT(records, 300u);
  std::cout << "seeds " << first << " to " << first + 59 << ", " << records << " records\n";
}

TEST_F(RecordsTest, NothingAndNextToNothing) {
  const CodecOptions options = options_for({"response", "prompt"});
  CodecStats stats;
  for (const char* lines : {"", "\n", "\n\n\n\n\n", "\r\n\r\n", "{}", "{", "\"\"", "{\"response\":\"\"}",
                            "{\"response\":\"\"}\n\n", "{\"response\": \"x\"}", "null\n{\"response\": \"x\"}\n"}) {
    SCOPED_TRACE(lines);
    there_and_back(lines, options, &stats);
    EXPECT_EQ(stats.records, std::string(lines).find("response") != std::string::npos ? 1u : 0u);
  }
  there_and_back(std::string(200000, '\n'), options, &stats);
  EXPECT_EQ(stats.records, 0u);
}

TEST_F(RecordsTest, ManyTinyRecordsFillSeveralBlocks) {
  std::string lines;
  for (int i = 0; i < 9000; ++i)
    lines += "{\"response\":\"" + std::string(i % 3 == 0 ? "" : i % 3 == 1 ? "y" : "no") + "\"}\n";
  CodecStats stats;
  const Bytes coded = there_and_back(lines, options_for({"response", ""}), &stats);
  EXPECT_EQ(stats.records, 9000u);
  EXPECT_GE(count(coded, "records"), 2u);
}

// More lines than a block may have, none of them long.
TEST_F(RecordsTest, ABlockHasAtMost65536Lines) {
  std::string lines = "{\"response\":\"one\"}\n" + std::string(kMaxBlockLines + 500, '\n') + "{\"response\":\"two\"}\n";
  CodecOptions options = options_for({"response", ""});
  options.segment_bytes = kMaxBlock;
  CodecStats stats;
  const Bytes coded = there_and_back(lines, options, &stats);
  EXPECT_EQ(stats.records, 2u);
  EXPECT_EQ(count(coded, "records"), 2u);
}

// A line that no block holds, and whose end looks like a record.
TEST_F(RecordsTest, ALineLongerThanABlock) {
  std::string lines = "{\"response\": \"before\"}\n" + std::string(kMaxBlock + 1, 'a') + "{\"response\": \"end\"}\n";
  lines += "{\"response\": \"after\"}\n";
  CodecOptions options = options_for({"response", ""});
  options.segment_bytes = kMaxBlock;  // one probe
  CodecStats stats;
  const Bytes coded = compressed(*codec_, as_bytes(lines), options, &stats);
  EXPECT_GE(stats.records, 2u);
  const auto back = decompressed(*codec_, coded);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(as_text(*back) == lines);
  for (const std::uint64_t line : {0u, 1u, 2u}) {
    CodecOptions one;
    one.first_line = line;
    one.line_count = 1;
    const auto found = decompressed(*codec_, coded, one);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(as_text(*found) == some_lines(lines, line, 1)) << line;
  }
}

TEST_F(RecordsTest, BytesDoNotDependOnThreadsOrStreams) {
  std::mt19937 random(77);
  const RecordFields fields{"response", "prompt"};
  std::string lines = plain_lines(400, 40, 1) + random_lines(random, fields, 300) + "\n" + plain_lines(400, 100, 2);
  CodecOptions options = options_for(fields);
  const Bytes reference = compressed(*codec_, as_bytes(lines), options);
  EXPECT_GE(count(reference, "records"), 2u);
  for (const unsigned threads : {2u, 5u, 8u}) {
    for (const unsigned streams : {1u, 7u, 64u}) {
      options.threads = threads;
      options.streams = streams;
      EXPECT_TRUE(compressed(*codec_, as_bytes(lines), options) == reference) << threads << " " << streams;
      const auto back = decompressed(*codec_, reference, options);
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_TRUE(as_text(*back) == lines) << threads << " " << streams;
    }
  }
}

// Prompts are paid for once, in the skeleton, and make the answers cheaper.
TEST_F(RecordsTest, APromptThatSaysItAllMakesTheAnswerCheap) {
  std::string lines;
  for (unsigned i = 0; i < 20; ++i) {
    const std::string text(as_text(prose(300, i)));
    std::string one = text;
    std::replace(one.begin(), one.end(), '\n', ' ');
    lines += "{\"prompt\": \"" + one + "\", \"response\": \"" + one + "\"}\n";
  }
  const std::size_t primed = there_and_back(lines, options_for({"response", "prompt"})).size();
  const std::size_t alone = there_and_back(lines, options_for({"response", ""})).size();
  EXPECT_LT(static_cast<double>(primed), 0.75 * static_cast<double>(alone));
}

TEST_F(RecordsTest, HostileSkeletonsAreRefusedBeforeTheirLinesAreKept) {
  // 2 MiB of empty lines in a few bytes, said to be one.
  const Bytes skeleton(std::size_t{2} << 20, '\n');
  const auto coded = general_encode(skeleton);
  ASSERT_TRUE(coded);
  const std::vector<Bytes> pieces = {coded->coded};
  for (const std::uint64_t lines : {std::uint64_t{1}, std::uint64_t{kMaxBlockLines}}) {
    RecordBlockJob job;
    const RecordFields fields{"response", ""};
    const Bytes payload =
        write_record_payload({lines, false, fields, skeleton.size(), coded->method, 0, pieces, {}}, {});
    job.payload = payload;
    job.raw_bytes = skeleton.size();
    Progress progress(nullptr, 0);
    ASSERT_TRUE(decode_record_blocks(std::span(&job, 1), {{}, nullptr, {}, 1}, progress));
    ASSERT_FALSE(job.raw);
    EXPECT_NE(job.raw.error().message.find("number of lines"), std::string::npos) << job.raw.error().message;
  }
}

}  // namespace
}  // namespace koan
