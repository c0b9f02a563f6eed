#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "coder/range_decoder.h"
#include "coder/range_encoder.h"

namespace koan {
namespace {

std::vector<SymbolRange> random_symbols(std::mt19937_64& rng, std::size_t count) {
  std::vector<SymbolRange> out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t total = static_cast<std::uint32_t>((rng() >> (33 + rng() % 30))) + 1;
    const std::uint32_t start = rng() % 4 == 0 ? 0 : static_cast<std::uint32_t>(rng() % total);
    std::uint32_t freq = rng() % 3 == 0 ? total - start : static_cast<std::uint32_t>(rng() % (total - start)) + 1;
    if (rng() % 4 == 0) freq = 1;
    out.push_back({start, freq, total});
  }
  return out;
}

TEST(RangeCoder, RoundTripsAndEndsWhereTheEncoderEnded) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 rng(seed);
  for (int round = 0; round < 3000; ++round) {
    const auto symbols = random_symbols(rng, rng() % 40 + 1);
    RangeEncoder encoder;
    double ideal = 0;
    for (const auto& s : symbols) {
      encoder.encode(s);
      ideal += std::log2(static_cast<double>(s.total) / s.freq);
    }
    encoder.finish();
    const std::size_t size = encoder.bytes().size();
    EXPECT_LE(8.0 * size, ideal * 1.0001 + 8 * 4) << "overhead above 0.01% + 4 bytes";

    Bytes data = encoder.bytes();
    for (int i = 0; i < 9; ++i) data.push_back(static_cast<std::uint8_t>(rng()));  // whatever follows must not matter
    RangeDecoder decoder(data);
    for (const auto& s : symbols) {
      const std::uint32_t t = decoder.target(s.total);
      ASSERT_GE(t, s.start);
      ASSERT_LT(t - s.start, s.freq);
      decoder.consume(s);
    }
    const auto end = decoder.finish();
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(*end, size);
  }
}

TEST(RangeCoder, CarryRipplesThroughRunsOfFF) {
  // Symbols just below the top keep low near 2^64; the last one carries through everything written.
  for (int n = 1; n < 200; ++n) {
    RangeEncoder encoder;
    const std::uint32_t total = 0x7FFFFFFF;
    std::vector<SymbolRange> symbols;
    for (int i = 0; i < n; ++i) symbols.push_back({total / 2, 1, total});
    symbols.push_back({total - 1, 1, total});
    for (const auto& s : symbols) encoder.encode(s);
    encoder.finish();
    RangeDecoder decoder(encoder.bytes());
    for (const auto& s : symbols) {
      const std::uint32_t t = decoder.target(s.total);
      ASSERT_TRUE(t >= s.start && t - s.start < s.freq);
      decoder.consume(s);
    }
    EXPECT_EQ(decoder.finish(), encoder.bytes().size());
  }
}

TEST(RangeCoder, EveryFlippedBitChangesTheSymbolsOrTheEnd) {
  std::mt19937_64 rng(7);
  const auto symbols = random_symbols(rng, 60);
  RangeEncoder encoder;
  for (const auto& s : symbols) encoder.encode(s);
  encoder.finish();
  for (std::size_t bit = 0; bit < encoder.bytes().size() * 8; ++bit) {
    Bytes damaged = encoder.bytes();
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    RangeDecoder decoder(damaged);
    bool noticed = false;
    for (const auto& s : symbols) {
      const std::uint32_t t = decoder.target(s.total);
      if (t < s.start || t - s.start >= s.freq) {
        noticed = true;
        break;
      }
      decoder.consume(s);
    }
    EXPECT_TRUE(noticed || decoder.finish() != damaged.size()) << "bit " << bit;
  }
}

TEST(RangeCoder, BitsAreSymbolsOfTotal65536) {
  std::mt19937_64 rng(11);
  std::vector<std::pair<bool, std::uint32_t>> bits;
  for (int i = 0; i < 20000; ++i) bits.emplace_back(rng() & 1, 1 + static_cast<std::uint32_t>(rng() % 65535));
  RangeEncoder as_bits, as_symbols;
  for (const auto& [yes, p] : bits) {
    as_bits.encode_bit(yes, p);
    as_symbols.encode(yes ? SymbolRange{0, p, 65536} : SymbolRange{p, 65536 - p, 65536});
  }
  as_bits.finish();
  as_symbols.finish();
  ASSERT_EQ(as_bits.bytes(), as_symbols.bytes());
  RangeDecoder decoder{ByteView(as_bits.bytes())};
  for (const auto& [yes, p] : bits) ASSERT_EQ(decoder.decode_bit(p), yes);
  EXPECT_EQ(decoder.finish(), as_bits.bytes().size());
}

}  // namespace
}  // namespace koan
