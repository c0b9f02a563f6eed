#include "grade/field.h"

#include <gtest/gtest.h>

namespace koan::grade {
namespace {

TEST(Field, InversesAndPowers) {
  const Element x(123456789, 987654321);
  EXPECT_EQ(x * *x.inverse(), Element(1, 0));
  EXPECT_EQ(Element().inverse(), std::nullopt);
  EXPECT_EQ(x.power(5), x * x * x * x * x);
  EXPECT_EQ(Element(0, 1) * Element(0, 1), Element::of(-1));
  EXPECT_EQ(Element::of(INT64_MIN) + Element::of(INT64_MAX), Element::of(-1));
}

// Every square root squared is the number, and the root of a product is the product of the roots.
TEST(Field, RootsAreMultiplicative) {
  for (std::int64_t a = -60; a <= 60; ++a) {
    EXPECT_EQ(square_root(a) * square_root(a), Element::of(a)) << a;
    for (std::int64_t b = 1; b <= 60; ++b)
      EXPECT_EQ(square_root(a) * square_root(b), square_root(a * b)) << a << " " << b;
  }
}

}  // namespace
}  // namespace koan::grade
