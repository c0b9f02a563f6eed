// Every truncation and every flipped bit of a .koan file is an error (docs/format.md). Uses a tiny model, so that
// thousands of decodings take seconds.
#include <gtest/gtest.h>

#include "codec/codec.h"
#include "codec/test_inputs.h"

namespace koan {
namespace {

class DamageTest : public testing::TestWithParam<const char*> {
 protected:
  static Bytes compress(Codec& codec, ByteView raw, std::uint32_t segment) {
    CodecOptions options;
    options.segment_bytes = segment;
    MemorySource source(raw);
    MemorySink sink;
    EXPECT_TRUE(codec.compress(options, source, sink));
    return std::move(sink.bytes);
  }
  static Bytes input(const std::string& name) {
    if (name == "message") return sample_text(300);
    if (name == "frame") return sample_text(6000);
    if (name == "stored") return random_bytes(5000, 3);
    if (name == "stored message") return random_bytes(40, 3);
    if (name == "crlf message") return Bytes(as_bytes("To: you\r\n\r\nThe result is 12.\r\n").begin(), as_bytes("To: you\r\n\r\nThe result is 12.\r\n").end());
    Bytes zeros(9000, 0);  // lzma or zstd
    return zeros;
  }
};

TEST_P(DamageTest, IsRefused) {
  auto codec = std::move(Codec::create().value());
  const Bytes raw = input(GetParam());
  const Bytes coded = compress(*codec, raw, 2048);
  const auto refused = [&](ByteView damaged, const std::string& what) {
    MemorySource source(damaged);
    MemorySink sink;
    const auto result = codec->decompress({}, source, sink);
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt) << what << ": " << result.error().message;
  };
  for (std::size_t n = 0; n < coded.size(); ++n) refused(ByteView(coded).first(n), "cut at " + std::to_string(n));
  // Model-coded bits are slow to try one by one: every bit of the structure, and a spread of the payload.
  const std::size_t step = coded.size() > 1200 ? 7 : 1;
  for (std::size_t bit = 0; bit < coded.size() * 8; bit += bit < 1200 || bit + 1200 > coded.size() * 8 ? 1 : step) {
    Bytes damaged = coded;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    refused(damaged, "bit " + std::to_string(bit));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, DamageTest, testing::Values("message", "frame", "stored", "stored message", "crlf message", "zeros"));

}  // namespace
}  // namespace koan
