#include "report/labels.h"

#include <gtest/gtest.h>

#include <cmath>

namespace koan::report {
namespace {

TEST(Labels, OneStandsRightOfItsPoint) {
  std::vector<Label> labels = {{100, 100, "alone"}};
  place_labels(labels, {600, 300});
  EXPECT_GT(labels[0].dx, 0);
  EXPECT_EQ(labels[0].dy, 0);
  EXPECT_FALSE(labels[0].ends_there);
}

TEST(Labels, NeighboursKeepApart) {
  std::vector<Label> labels;
  for (int i = 0; i < 5; ++i) labels.push_back({100, 100.0 + 3 * i, std::string("label ").append(std::to_string(i))});
  place_labels(labels, {600, 300});
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (std::size_t j = i + 1; j < labels.size(); ++j)
      if (labels[i].ends_there == labels[j].ends_there) {
        EXPECT_GE(std::fabs(labels[i].y + labels[i].dy - labels[j].y - labels[j].dy), 10) << i << " " << j;
      }
}

TEST(Labels, OneOnAFrontierStandsBelowOnTheLeft) {
  std::vector<Label> labels = {{300, 100, "best", true}};
  place_labels(labels, {600, 300});
  EXPECT_TRUE(labels[0].ends_there);
  EXPECT_GT(labels[0].dy, 0);
}

TEST(Labels, StayInside) {
  std::vector<Label> labels = {{595, 2, std::string(40, 'x')}, {2, 298, "left"}};
  place_labels(labels, {600, 300});
  EXPECT_TRUE(labels[0].ends_there);
  EXPECT_FALSE(labels[1].ends_there);
  EXPECT_GE(labels[0].y + labels[0].dy, 6);
  EXPECT_LE(labels[1].y + labels[1].dy, 294);
}

}  // namespace
}  // namespace koan::report
