#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/half.h"
#include "base/io.h"

namespace koan {
namespace {

TEST(Varint, RoundTripsAndRefusesLongerSpellings) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{300},
        std::uint64_t{1} << 32, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    Bytes bytes;
    append_varint(bytes, value);
    ByteReader reader(bytes);
    EXPECT_EQ(reader.varint().value(), value);
    EXPECT_EQ(reader.remaining(), 0u);
    for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(ByteReader(ByteView(bytes).first(n)).varint());
  }
  for (const Bytes& bad : {Bytes{0x80, 0x00}, Bytes{0xFF, 0x80, 0x00}, Bytes(11, 0x80),
                           Bytes{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}}) {
    EXPECT_FALSE(ByteReader(bad).varint());
  }
}

TEST(Fixed, IsLittleEndianAndBounded) {
  Bytes bytes;
  append_fixed<std::uint32_t>(bytes, 0x04030201);
  EXPECT_EQ(bytes, (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(ByteReader(bytes).fixed<std::uint32_t>().value(), 0x04030201u);
  EXPECT_EQ(ByteReader(bytes).fixed<std::uint64_t>().error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(ByteReader(bytes).take(5));
  EXPECT_FALSE(ByteReader(bytes).take(~std::uint64_t{0}));
}

// Every half widens exactly, and comes back; halfway cases round to even.
TEST(Half, RoundTripsEveryValue) {
  for (std::uint32_t h = 0; h < 65536; ++h) {
    const float f = half_to_float(static_cast<std::uint16_t>(h));
    if (std::isnan(f)) continue;
    ASSERT_EQ(float_to_half(f), h);
  }
  EXPECT_EQ(float_to_half(1.0f + 0x1p-11f), float_to_half(1.0f));
  EXPECT_EQ(float_to_half(1.0f + 3 * 0x1p-11f), float_to_half(1.0f + 0x1p-9f));
  EXPECT_EQ(float_to_half(65520.0f), 0x7C00);
  EXPECT_EQ(float_to_half(0x1p-25f), 0);
  EXPECT_EQ(float_to_half(0x1.8p-25f), 1);
}

TEST(Bfloat16, RoundsToNearestEven) {
  for (std::uint32_t b = 0; b < 65536; ++b) {
    const float f = bf16_to_float(static_cast<std::uint16_t>(b));
    if (std::isnan(f)) continue;
    ASSERT_EQ(float_to_bf16(f), b);
  }
  EXPECT_EQ(bf16_to_float(float_to_bf16(1.0f + 0x1p-8f)), 1.0f);
  EXPECT_EQ(bf16_to_float(float_to_bf16(1.0f + 3 * 0x1p-8f)), 1.0f + 0x1p-6f);
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(NAN))));
}

// A source that gives one byte at a time.
class Trickle final : public Source {
 public:
  explicit Trickle(ByteView data) : data_(data) {}
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override {
    if (at_ == data_.size()) return std::size_t{0};
    buffer[0] = data_[at_++];
    return std::size_t{1};
  }

 private:
  ByteView data_;
  std::size_t at_ = 0;
};

TEST(BufferedSource, LooksAheadAcrossSmallReads) {
  const Bytes data{1, 2, 3, 4, 5, 6, 7};
  Trickle trickle(data);
  BufferedSource in(trickle);
  EXPECT_GE(in.peek(3).value().size(), 3u);
  in.consume(2);
  const ByteView view = in.peek(4).value();
  ASSERT_GE(view.size(), 4u);
  EXPECT_EQ(view[0], 3);
  EXPECT_EQ(in.peek(100).value().size(), 5u);
  in.consume(5);
  EXPECT_TRUE(in.peek(1).value().empty());
  EXPECT_EQ(in.position(), 7u);
}

TEST(MemorySink, KeepsItsLimit) {
  MemorySink sink(4);
  EXPECT_TRUE(sink.write(Bytes{1, 2, 3}));
  EXPECT_EQ(sink.write(Bytes{4, 5}).error().code, ErrorCode::kLimit);
  EXPECT_EQ(sink.bytes.size(), 3u);
}

// On a machine of either byte order.
TEST(ToLittleEndian, LowestByteLiesFirst) {
  const std::uint32_t four = to_little_endian(0x04030201u);
  const std::uint64_t eight = to_little_endian(std::uint64_t{0x0807060504030201u});
  const std::uint8_t one = to_little_endian(std::uint8_t{0x80});
  const std::uint8_t wanted[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(std::memcmp(&four, wanted, 4), 0);
  EXPECT_EQ(std::memcmp(&eight, wanted, 8), 0);
  EXPECT_EQ(one, 0x80);
}

}  // namespace
}  // namespace koan
