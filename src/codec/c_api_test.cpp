#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/hash.h"
#include "codec/model_store.h"
#include "codec/test_inputs.h"
#include "formats/adapter.h"
#include "koan/koan.h"

namespace {

// With the embedded model, or with the small one of the tests as default.
struct Codec {
  explicit Codec(bool tiny = true) {
    koan_error error;
    EXPECT_EQ(koan_codec_create(&handle, &error), KOAN_OK) << error.message;
    if (!tiny) return;
    const koan::Bytes model = koan::tiny_model();
    EXPECT_EQ(koan_codec_add_model(handle, model.data(), model.size(), 1, &error), KOAN_OK) << error.message;
  }
  ~Codec() { koan_codec_free(handle); }
  koan_codec* handle = nullptr;
};

TEST(CApi, OneShotRoundTrip) {
  Codec codec;
  const koan::Bytes text = koan::sample_text(20000);
  uint8_t *coded = nullptr, *back = nullptr;
  size_t coded_size = 0, back_size = 0;
  koan_stats stats;
  koan_error error;
  ASSERT_EQ(koan_compress(codec.handle, nullptr, text.data(), text.size(), &coded, &coded_size, &stats, &error),
            KOAN_OK)
      << error.message;
  EXPECT_EQ(stats.raw_bytes, text.size());
  EXPECT_EQ(stats.coded_bytes, coded_size);
  EXPECT_GT(stats.tokens, 0u);
  ASSERT_EQ(koan_decompress(codec.handle, nullptr, coded, coded_size, SIZE_MAX, &back, &back_size, &stats, &error),
            KOAN_OK)
      << error.message;
  ASSERT_EQ(back_size, text.size());
  EXPECT_EQ(std::memcmp(back, text.data(), back_size), 0);
  koan_free(back);
  EXPECT_EQ(
      koan_decompress(codec.handle, nullptr, coded, coded_size, text.size() - 1, &back, &back_size, nullptr, &error),
      KOAN_ERROR_LIMIT);
  koan_free(coded);
}

TEST(CApi, ErrorsHaveCodesAndMessages) {
  Codec codec;
  koan_error error;
  uint8_t* out = nullptr;
  size_t out_size = 0;
  EXPECT_EQ(koan_decompress(codec.handle, nullptr, "hello", 5, SIZE_MAX, &out, &out_size, nullptr, &error),
            KOAN_ERROR_CORRUPT);
  EXPECT_EQ(error.code, KOAN_ERROR_CORRUPT);
  EXPECT_STREQ(error.message, "not a .koan file");
  EXPECT_EQ(koan_decompress(codec.handle, nullptr, nullptr, 0, SIZE_MAX, &out, &out_size, nullptr, nullptr),
            KOAN_ERROR_CORRUPT);
  koan_options options = {};
  EXPECT_EQ(koan_compress(codec.handle, &options, "hello", 5, &out, &out_size, nullptr, &error), KOAN_ERROR_USAGE)
      << "not initialised";
  EXPECT_EQ(koan_codec_add_model(codec.handle, "GGUF", 4, 0, &error), KOAN_ERROR_CORRUPT);
  EXPECT_STREQ(koan_code_name(KOAN_ERROR_CORRUPT), "corrupt");
}

TEST(CApi, ModelsAreDescribed) {
  Codec codec(false);
  ASSERT_EQ(koan_codec_model_count(codec.handle), koan::embedded_models().size());
  koan_model_info info;
  ASSERT_EQ(koan_codec_model(codec.handle, 0, &info, nullptr), KOAN_OK);
  EXPECT_TRUE(info.embedded && info.lowest_level == 3 && !info.is_chosen);
  EXPECT_GT(info.parameters, 100000u);
  EXPECT_EQ(koan_codec_model(codec.handle, koan_codec_model_count(codec.handle), &info, nullptr), KOAN_ERROR_USAGE);

  Codec two;
  const size_t added = koan::embedded_models().size();
  ASSERT_EQ(koan_codec_model_count(two.handle), added + 1);
  ASSERT_EQ(koan_codec_model(two.handle, 0, &info, nullptr), KOAN_OK);
  EXPECT_TRUE(info.embedded && !info.is_chosen);
  ASSERT_EQ(koan_codec_model(two.handle, added, &info, nullptr), KOAN_OK);
  EXPECT_TRUE(!info.embedded && info.is_chosen);
  EXPECT_EQ(info.vocabulary, 768u);
}

struct Memory {
  koan::Bytes in, out;
  size_t at = 0;
  size_t step = 777;     // reads come in small pieces
  int64_t fail_at = -1;  // fail once this much was read or written
};
int64_t read_memory(void* user, void* buffer, size_t size) {
  auto* m = static_cast<Memory*>(user);
  if (m->fail_at >= 0 && static_cast<int64_t>(m->at) >= m->fail_at) return -1;
  const size_t n = std::min({size, m->step, m->in.size() - m->at});
  std::memcpy(buffer, m->in.data() + m->at, n);
  m->at += n;
  return static_cast<int64_t>(n);
}
int write_memory(void* user, const void* data, size_t size) {
  auto* m = static_cast<Memory*>(user);
  if (m->fail_at >= 0) return 1;
  const auto* bytes = static_cast<const uint8_t*>(data);
  m->out.insert(m->out.end(), bytes, bytes + size);
  return 0;
}

TEST(CApi, StreamsInSmallPiecesAndReportsCallbackFailures) {
  Codec codec;
  Memory plain, coded, failing;
  plain.in = koan::sample_text(30000);
  failing.in = plain.in;
  failing.fail_at = 10000;
  koan_error error;
  ASSERT_EQ(koan_compress_stream(codec.handle, nullptr, read_memory, &plain, write_memory, &coded, nullptr, &error),
            KOAN_OK)
      << error.message;
  Memory source, back;
  source.in = coded.out;
  ASSERT_EQ(koan_decompress_stream(codec.handle, nullptr, read_memory, &source, write_memory, &back, nullptr, &error),
            KOAN_OK)
      << error.message;
  EXPECT_TRUE(back.out == plain.in);
  EXPECT_EQ(koan_compress_stream(codec.handle, nullptr, read_memory, &failing, write_memory, &coded, nullptr, &error),
            KOAN_ERROR_IO);
  plain.at = 0;
  EXPECT_EQ(koan_compress_stream(codec.handle, nullptr, read_memory, &plain, write_memory, &failing, nullptr, &error),
            KOAN_ERROR_IO);
}

int stop_at_once(void*, const koan_progress*) { return 1; }

TEST(CApi, ProgressCanCancel) {
  Codec codec;
  const koan::Bytes text = koan::sample_text(80000);
  koan_options options;
  koan_options_init(&options);
  options.progress = stop_at_once;
  uint8_t* out = nullptr;
  size_t out_size = 0;
  EXPECT_EQ(koan_compress(codec.handle, &options, text.data(), text.size(), &out, &out_size, nullptr, nullptr),
            KOAN_ERROR_CANCELLED);
}

TEST(CApi, ContextIsNeededAgainAndInspectNamesIt) {
  Codec codec;
  const koan::Bytes text = koan::sample_text(9000), context = koan::prose(5000, 3);
  koan_options options;
  koan_options_init(&options);
  options.context = context.data();
  options.context_size = context.size();
  options.segments = 3;
  uint8_t *coded = nullptr, *back = nullptr;
  size_t coded_size = 0, back_size = 0;
  koan_error error;
  koan_stats stats;
  ASSERT_EQ(koan_compress(codec.handle, &options, text.data(), text.size(), &coded, &coded_size, &stats, &error),
            KOAN_OK)
      << error.message;
  EXPECT_EQ(stats.segments, 3u);
  EXPECT_EQ(koan_decompress(codec.handle, nullptr, coded, coded_size, SIZE_MAX, &back, &back_size, nullptr, &error),
            KOAN_ERROR_NEEDS_CONTEXT);
  EXPECT_STREQ(koan_code_name(error.code), "needs-context");
  ASSERT_EQ(koan_decompress(codec.handle, &options, coded, coded_size, SIZE_MAX, &back, &back_size, nullptr, &error),
            KOAN_OK)
      << error.message;
  EXPECT_TRUE(back_size == text.size() && std::memcmp(back, text.data(), back_size) == 0);
  koan_free(back);

  Memory source;
  source.in.assign(coded, coded + coded_size);
  koan_free(coded);
  koan_part_info part{};
  ASSERT_EQ(
      koan_inspect_stream(
          read_memory, &source, [](void* user, const koan_part_info* p) { *static_cast<koan_part_info*>(user) = *p; },
          nullptr, &part, &error),
      KOAN_OK)
      << error.message;
  EXPECT_EQ(part.has_context, 1);
  EXPECT_EQ(part.context_bytes, context.size());
  EXPECT_EQ(koan::to_hex(part.context_hash), koan::to_hex(koan::xxh3_128(context)));
  EXPECT_NE(part.predictors, 0u);

  options.context = nullptr;
  EXPECT_EQ(koan_compress(codec.handle, &options, text.data(), text.size(), &coded, &coded_size, &stats, &error),
            KOAN_ERROR_USAGE);
}

struct Seen {
  std::vector<koan_part_info> parts;
  std::vector<koan_segment_info> segments;
};

TEST(CApi, InspectsWithoutDecoding) {
  Codec codec;
  Memory all;
  for (const koan::Bytes& raw : {koan::sample_text(80000), koan::random_bytes(5000, 1), koan::sample_text(900)}) {
    Memory plain, coded;
    plain.in = raw;
    ASSERT_EQ(koan_compress_stream(codec.handle, nullptr, read_memory, &plain, write_memory, &coded, nullptr, nullptr),
              KOAN_OK);
    all.in.insert(all.in.end(), coded.out.begin(), coded.out.end());
  }
  Seen seen;
  koan_error error;
  ASSERT_EQ(
      koan_inspect_stream(
          read_memory, &all, [](void* u, const koan_part_info* p) { static_cast<Seen*>(u)->parts.push_back(*p); },
          [](void* u, const koan_segment_info* s) { static_cast<Seen*>(u)->segments.push_back(*s); }, &seen, &error),
      KOAN_OK)
      << error.message;
  ASSERT_EQ(seen.parts.size(), 3u);
  EXPECT_TRUE(seen.parts[0].has_model && !seen.parts[1].has_model && seen.parts[2].is_message);
  ASSERT_EQ(seen.segments.size(), 4u);
  EXPECT_STREQ(seen.segments[0].method, "model");
  EXPECT_STREQ(seen.segments[2].method, "stored");
  EXPECT_EQ(seen.segments[3].raw_offset, 85000u);
  EXPECT_EQ(seen.segments[3].raw_bytes, 900u);
}

struct SeenRecord {
  koan_record_info info;
  std::string adapter;  // its bytes
};

TEST(CApi, ListsRecordsOfSeveralParts) {
  Codec codec;
  const koan::Bytes base = koan::tiny_model();
  const koan::GgufFile gguf = koan::parse_gguf(base).value();
  koan::Adapter adapter;
  adapter.architecture = gguf.get_string("general.architecture").value();
  adapter.alpha = 2;
  for (const koan::GgufTensor& tensor : gguf.tensors) {
    if (!tensor.name.ends_with("attn_q.weight")) continue;
    const auto in = static_cast<std::uint32_t>(tensor.shape[0]), out = static_cast<std::uint32_t>(tensor.shape[1]);
    adapter.tensors.push_back({tensor.name, 1, in, out, std::vector<float>(in, 0.02f), std::vector<float>(out, 0.03f)});
  }
  const koan::Bytes file = koan::write_adapter(adapter);
  uint8_t hash[32];
  koan_error error;
  ASSERT_EQ(koan_codec_add_adapter(codec.handle, file.data(), file.size(), hash, &error), KOAN_OK) << error.message;

  const std::string lines = "{\"text\":\"once upon a time there was a little house\"}\nno record\n{\"text\":\"\"}\n";
  Memory all;
  for (const std::size_t adapters : {0u, 1u}) {
    koan_options options;
    koan_options_init(&options);
    options.record_field = "text";
    options.adapters = hash;
    options.adapter_count = adapters;
    Memory plain, coded;
    plain.in.assign(lines.begin(), lines.end());
    ASSERT_EQ(
        koan_compress_stream(codec.handle, &options, read_memory, &plain, write_memory, &coded, nullptr, &error),
        KOAN_OK)
        << error.message;
    all.in.insert(all.in.end(), coded.out.begin(), coded.out.end());
  }
  std::vector<SeenRecord> seen;
  koan_record_total total{};
  ASSERT_EQ(koan_list_records_stream(
                codec.handle, nullptr, read_memory, &all,
                [](void* user, const koan_record_info* r) {
                  const char* bytes = reinterpret_cast<const char*>(r->adapter_sha256);
                  static_cast<std::vector<SeenRecord>*>(user)->push_back(
                      {*r, bytes == nullptr ? std::string() : std::string(bytes, 32)});
                },
                &seen, &total, &error),
            KOAN_OK)
      << error.message;
  ASSERT_EQ(seen.size(), 4u);
  const uint64_t wanted_lines[] = {0, 2, 3, 5};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(seen[i].info.line, wanted_lines[i]);
  EXPECT_EQ(seen[0].info.text_bytes, 41u);
  EXPECT_EQ(seen[1].info.text_bytes, 0u);
  EXPECT_FALSE(seen[0].info.stored);
  EXPECT_TRUE(seen[1].info.stored);
  EXPECT_EQ(seen[0].adapter, "");
  EXPECT_EQ(seen[2].adapter, std::string(reinterpret_cast<const char*>(hash), 32));
  EXPECT_GT(total.skeleton_bytes, 0u);
  EXPECT_GT(total.block_bytes, seen[0].info.coded_bytes + seen[2].info.coded_bytes + total.skeleton_bytes);
}

}  // namespace
