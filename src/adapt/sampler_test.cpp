#include "adapt/sampler.h"

#include "adapt/test_pack.h"

namespace koan {
namespace {

constexpr std::size_t kLength = 32;

struct Row {
  std::vector<std::int64_t> inputs = std::vector<std::int64_t>(kLength), targets = std::vector<std::int64_t>(kLength);
  bool operator==(const Row&) const = default;
};

Row next(Sampler& sampler) {
  Row row;
  sampler.next_row(row.inputs.data(), row.targets.data());
  return row;
}

// Source "a" has long and short documents of 'a', source "b" of 'b'.
Pack two_sources(double a, double b) {
  return byte_pack({packed("a", a, {std::string(500, 'a'), "aaa", std::string(70, 'a')}),
                    packed("b", b, {std::string(40, 'b'), "b", "bb"})});
}

TEST(SamplerTest, FollowsItsSeed) {
  const Pack pack = two_sources(1, 1);
  Sampler first(pack, 5), again(pack, 5), other(pack, 6);
  for (Sampler* s : {&first, &again, &other}) s->set_length(kLength);
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const Row row = next(first);
    EXPECT_EQ(row, next(again));
    differs |= !(row == next(other));
  }
  EXPECT_TRUE(differs);
}

TEST(SamplerTest, RowsBeginWithTheStartTokenAndNeverTeachIt) {
  const Pack pack = two_sources(1, 1);
  Sampler sampler(pack, 1);
  sampler.set_length(kLength);
  bool joined = false;
  for (int i = 0; i < 300; ++i) {
    const Row row = next(sampler);
    EXPECT_EQ(row.inputs[0], 0);
    for (std::size_t t = 0; t + 1 < kLength; ++t) {
      EXPECT_EQ(row.targets[t], row.inputs[t + 1] == 0 ? -1 : row.inputs[t + 1]);
      joined |= row.inputs[t + 1] == 0;
      EXPECT_TRUE(row.inputs[t + 1] == 0 || row.inputs[t + 1] == row.inputs[1]) << "two sources in one row";
    }
  }
  EXPECT_TRUE(joined) << "short documents are followed by others";
}

TEST(SamplerTest, PromptsAreReadAndNotTaught) {
  Pack pack = byte_pack({packed("a", 1, {"pppaa", "ppa", "aaa"})});
  pack.sources[0].documents[0].prompt = 3;
  pack.sources[0].documents[1].prompt = 2;
  Sampler sampler(pack, 1);
  sampler.set_length(kLength);
  std::size_t taught = 0, passed_over = 0;
  for (int i = 0; i < 50; ++i) {
    const Row row = next(sampler);
    for (std::size_t t = 0; t + 1 < kLength; ++t) {
      const bool is_text = row.inputs[t + 1] == 'a' + 1;
      EXPECT_EQ(row.targets[t], is_text ? 'a' + 1 : -1);
      ++(is_text ? taught : passed_over);
    }
  }
  EXPECT_GT(taught, 100u);
  EXPECT_GT(passed_over, 100u);
}

TEST(SamplerTest, SourcesComeByWeight) {
  const Pack pack = two_sources(3, 1);
  Sampler sampler(pack, 2);
  sampler.set_length(kLength);
  int a = 0;
  const int rows = 4000;
  for (int i = 0; i < rows; ++i) a += next(sampler).inputs[1] == 'a' + 1;
  EXPECT_NEAR(static_cast<double>(a) / rows, 0.75, 0.03);  // four standard deviations
}

TEST(SamplerTest, ContinuesFromItsState) {
  const Pack pack = two_sources(1, 2);
  Sampler sampler(pack, 3);
  sampler.set_length(kLength);
  for (int i = 0; i < 57; ++i) next(sampler);
  Sampler resumed(pack, 3);
  ASSERT_TRUE(resumed.restore(sampler.state()));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(next(resumed), next(sampler));
  EXPECT_EQ(resumed.restore({1, 2, 3}).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace koan
