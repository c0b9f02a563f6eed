// Places for the labels of points, so that they cover neither each other nor the points.
#pragma once

#include <string>
#include <vector>

namespace koan::report {

struct Label {
  double x = 0, y = 0;  // of the point, pixels from the left and the top of the plot
  std::string text;
  bool below = false;       // wants to be below, on the left, where a falling frontier through its point leaves room
  double dx = 0, dy = 0;    // found: from the point to the beginning (or end) and middle of the text
  bool ends_there = false;  // the text stands left of the point
};

struct PlotSize {
  double width = 0, height = 0;
};

// Greedy: the first free one of some places around each point; the least crowded one if none is free.
void place_labels(std::vector<Label>& labels, PlotSize plot);

}  // namespace koan::report
