#include "report/labels.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace koan::report {
namespace {

constexpr double kAstray = 8;  // as bad as so many pixels of dy, or as a little overlap
constexpr double kLetter = 6.1, kLine = 12, kPoint = 5, kGap = 9;  // pixels, of the font that charts.cpp asks for

struct Box {
  double left, right, top, bottom;
  double overlap(const Box& other) const {
    const double w = std::min(right, other.right) - std::max(left, other.left);
    const double h = std::min(bottom, other.bottom) - std::max(top, other.top);
    return w > 0 && h > 0 ? w * h : 0;
  }
};

Box box_of(const Label& label) {
  // Bytes rather than characters: labels are short and mostly ASCII.
  const double width = kLetter * static_cast<double>(label.text.size());
  const double x = label.x + label.dx, y = label.y + label.dy;
  const double left = label.ends_there ? x - width : x;
  return {left, left + width, y - kLine / 2, y + kLine / 2};
}

}  // namespace

void place_labels(std::vector<Label>& labels, PlotSize plot) {
  std::vector<Box> taken;
  for (const Label& label : labels)
    taken.push_back({label.x - kPoint, label.x + kPoint, label.y - kPoint, label.y + kPoint});
  std::vector<std::size_t> order(labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return labels[a].y < labels[b].y; });
  for (const std::size_t i : order) {
    if (labels[i].text.empty()) continue;
    Label best = labels[i];
    double least = std::numeric_limits<double>::infinity();
    for (const double dy :
         {0.0, -kLine, kLine, -1.8 * kLine, 1.8 * kLine, -2.6 * kLine, 2.6 * kLine, -3.4 * kLine, 3.4 * kLine}) {
      for (const bool ends_there : {false, true}) {
        Label tried = labels[i];
        tried.ends_there = ends_there;
        tried.dx = (ends_there ? -1 : 1) * (std::fabs(dy) > kLine ? kGap / 2 : kGap);
        tried.dy = dy;
        const Box box = box_of(tried);
        double cost = std::fabs(dy) / 10 + (ends_there ? 0.5 : 0);
        if (tried.below && !(ends_there && dy > 0)) cost += kAstray;
        for (const Box& other : taken) cost += 10 * box.overlap(other);
        cost += 100 * (std::max(0.0, -box.left) + std::max(0.0, box.right - plot.width - 90));  // the legend is far
        cost += 100 * (std::max(0.0, -box.top) + std::max(0.0, box.bottom - plot.height));
        if (cost >= least) continue;
        least = cost;
        best = tried;
      }
    }
    labels[i] = best;
    taken.push_back(box_of(best));
  }
}

}  // namespace koan::report
