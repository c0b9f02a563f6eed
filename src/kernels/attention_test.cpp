// Attention of every instruction set of this machine against the scalar definition, bit for bit, and that against
// double.
#include <vector>

#include "kernels/test_kernels.h"

namespace koan {
namespace {

// One attention problem with everything it points to.
struct AttentionCase {
  std::vector<AttentionBlock> blocks;
  Buffer<std::int8_t> query, sink_query, keys;
  Buffer<float> query_scale, sink_query_scale, key_scales;
  Buffer<std::int8_t> values;
  Buffer<float> value_scales;
  std::int32_t heads, head_dim;
  float softcap = 0;

  void run(const Kernels& kernels, Buffer<float>& out) const {
    Buffer<float> scratch(static_cast<std::size_t>(heads) * blocks.size() * 16, kNan);
    kernels.attention({query.data(), query_scale.data(), sink_query.data(), sink_query_scale.data(), keys.data(),
                       key_scales.data(), values.data(), value_scales.data(), blocks.data(),
                       static_cast<std::int32_t>(blocks.size()), heads, head_dim,
                       1.0f / std::sqrt(static_cast<float>(head_dim)), scratch.data(), out.data(), softcap});
  }
};

// Slots are shuffled, positions may leave gaps, masks may have holes; values that are not attended are as large as
// others.
class AttentionTest : public KernelsTest {
 protected:
  AttentionCase make_case(int round) {
    const std::size_t heads = 1 + below(9), dim = round % 15 == 14 ? 1056 : 32 * (1 + below(4)), groups = dim / 32;
    const std::size_t n = 1 + below(round % 3 ? 6 : 40), slots = n + below(3);
    const int kind = round % 5 == 4 ? 3 : round % 5 == 3 ? 1 : 0;
    AttentionCase a{{},
                    bytes(heads * dim, -127),
                    bytes(heads * dim, -127),
                    bytes(slots * dim * 16, -127),
                    numbers(heads * groups, kind),
                    numbers(heads * groups, kind),
                    numbers(slots * groups * 16, kind),
                    bytes(slots * dim * 16, -127),
                    Buffer<float>(slots * groups * 16),
                    static_cast<std::int32_t>(heads),
                    static_cast<std::int32_t>(dim)};
    if (kind == 0) {
      for (std::size_t i = 0; i < a.key_scales.size(); ++i) a.key_scales[i] *= 0.001f;
    }
    std::vector<std::uint32_t> order(slots);
    for (std::size_t i = 0; i < slots; ++i) order[i] = static_cast<std::uint32_t>(i);
    std::shuffle(order.begin(), order.end(), random_);
    std::uint32_t position = 16 * below(20);
    const std::size_t sinks = below(2) ? below(3) : 0;
    for (std::size_t i = 0; i < n; ++i, position += 16 * (below(8) ? 1 : 1 + below(30))) {
      const auto mask = static_cast<std::uint16_t>(below(3) ? 0xFFFF : 1 + below(0xFFFF));
      a.blocks.push_back({order[i], position, mask, static_cast<std::uint16_t>(i < sinks)});
    }
    for (std::size_t i = 0; i < a.value_scales.size(); ++i) a.value_scales[i] = value_scale(round % 7 == 6);
    return a;
  }
  // As section 3 makes them: not negative, finite. Odd ones reach around the 2^-100 below which a block adds nothing.
  float value_scale(bool odd) {
    if (!odd) return std::fabs(number(0)) / 127;
    return below(3) ? 0.0f : std::ldexp(1 + std::fabs(number(0)), below(2) ? -104 : 120);
  }
};

TEST_P(AttentionTest, SameAsScalar) {
  for (int round = 0; round < 150; ++round) {
    AttentionCase a = make_case(round);
    a.softcap = round % 6 == 5 ? 2.0f : 0.0f;
    Buffer<float> got(static_cast<std::size_t>(a.heads * a.head_dim)), want(got.size());
    a.run(*kernels_, got);
    a.run(scalar_, want);
    expect_same(got.data(), want.data(), got.size(), "attention");
    if (HasFatalFailure()) FAIL() << "round " << round << ": " << a.heads << " heads of " << a.head_dim;
  }
}

// The definition itself against plain double arithmetic.
TEST_P(AttentionTest, CloseToDouble) {
  AttentionCase a = make_case(1);
  for (std::size_t i = 0; i < a.key_scales.size(); ++i) a.key_scales[i] *= 1e-3f;  // scores that std::exp can take
  Buffer<float> got(static_cast<std::size_t>(a.heads * a.head_dim));
  a.run(*kernels_, got);
  const auto dim = static_cast<std::size_t>(a.head_dim), groups = dim / 32;
  for (std::size_t h = 0; h < static_cast<std::size_t>(a.heads); ++h) {
    std::vector<double> out(dim);
    double total = 0, magnitude = 0;
    for (const AttentionBlock& b : a.blocks) {
      for (std::size_t lane = 0; lane < 16; ++lane) {
        if (!(b.mask >> lane & 1)) continue;
        double score = 0;
        for (std::size_t i = 0; i < dim; ++i) {
          const auto& q = b.sink ? a.sink_query : a.query;
          const auto& scale = b.sink ? a.sink_query_scale : a.query_scale;
          score += double{scale[h * groups + i / 32]} * q[h * dim + i] *
                   a.keys[b.slot * dim * 16 + (i / 4 * 16 + lane) * 4 + i % 4] *
                   a.key_scales[(b.slot * groups + i / 32) * 16 + lane];
        }
        const double weight = std::exp(score / std::sqrt(static_cast<double>(dim)));
        total += weight;
        for (std::size_t i = 0; i < dim; ++i) {
          const std::size_t group = b.slot * groups + i / 32;
          const auto at =
              static_cast<std::size_t>(value_at(static_cast<std::int32_t>(i % 32), static_cast<std::int32_t>(lane)));
          out[i] += weight * a.values[group * 512 + at] * a.value_scales[group * 16 + lane];
        }
      }
    }
    for (std::size_t i = 0; i < dim; ++i) magnitude = std::max(magnitude, std::fabs(out[i] / total));
    for (std::size_t i = 0; i < dim; ++i) ASSERT_NEAR(got[h * dim + i], out[i] / total, 1e-3 * (1 + magnitude));
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, AttentionTest, kAllSets, kSetName);

}  // namespace
}  // namespace koan
