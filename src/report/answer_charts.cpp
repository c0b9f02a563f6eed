#include "report/answer_charts.h"

#include <algorithm>
#include <cmath>

#include "report/labels.h"
#include "report/sections.h"
#include "report/vega.h"

namespace koan::report {
namespace {

constexpr PlotSize kPlot{780, 360};

// Zero has a place on the axis: log(1 + bits), which is what Vega's symlog is. From 0 to 1, and back.
double on_axis(double bits, double most) { return std::log1p(bits) / std::log1p(most); }
double off_axis(double place, double most) { return std::expm1(place * std::log1p(most)); }

struct Range {
  double low = 0, high = 100;
};

// What the intervals take, widened to tens.
Range accuracy_range(const std::vector<SentPoint>& points) {
  Range out{100, 0};
  for (const SentPoint& point : points) {
    const double low = std::isfinite(point.accuracy.low) ? point.accuracy.low : point.accuracy.value;
    const double high = std::isfinite(point.accuracy.high) ? point.accuracy.high : point.accuracy.value;
    out.low = std::min(out.low, std::floor(10 * low) * 10);
    out.high = std::max(out.high, std::ceil(10 * high) * 10);
  }
  return {std::max(0.0, out.low), std::min(100.0, std::max(out.high, out.low + 10))};
}

// Powers of ten up to `most`, and zero.
JsonDocument bit_ticks(double most) {
  JsonDocument ticks = JsonDocument::array({0});
  for (double tick = 1; tick <= most; tick *= 10) ticks.push_back(tick);
  return ticks;
}

// Points of nearly the same bits, and their intervals, would hide each other: they move to the right, one after the
// other.
void stand_aside(std::vector<Label>& labels) {
  constexpr double kNear = 6, kStep = 9;  // pixels
  std::vector<double> columns;
  std::vector<std::size_t> taken;
  for (Label& label : labels) {
    std::size_t column = 0;
    while (column < columns.size() && std::fabs(columns[column] - label.x) > kNear) ++column;
    if (column == columns.size()) {
      columns.push_back(label.x);
      taken.push_back(0);
    }
    label.x += kStep * static_cast<double>(taken[column]++);
  }
}

JsonDocument axis(const char* title) { return {{"title", title}, {"grid", true}}; }

}  // namespace

std::vector<SentPoint> sent_points(const Run& run) {
  std::vector<SentPoint> out;
  bool has_lossless = false;
  for (const Arm& arm : run.arms) {
    const Role role = role_of(run, arm.name);
    has_lossless = has_lossless || arm.name.starts_with("lossless");
    if (!std::isfinite(arm.accuracy.value)) continue;
    if (arm.name == run.large) continue;  // it sends nothing; its answer's text does, below
    const double bits = std::isfinite(arm.bits) ? arm.bits : 0;
    out.push_back({arm.name, name_of(role), bits, arm.accuracy});
  }
  const Arm* large = run.find(run.large);
  if (has_lossless || large == nullptr) return out;
  // Whoever gets the strong model's text is right as often as that.
  double bits = 0;
  std::size_t n = 0;
  for (const Sample& sample : run.samples) {
    if (sample.arm != run.large || !std::isfinite(sample.answer_bits)) continue;
    bits += sample.answer_bits;
    ++n;
  }
  if (n > 0)
    out.push_back(
        {run.large + "'s answer, lossless", name_of(Role::kText), bits / static_cast<double>(n), large->accuracy});
  return out;
}

Chart bits_chart(const Run& run, const std::vector<SentPoint>& points) {
  double most = 1;
  for (const SentPoint& point : points) most = std::max(most, point.bits);
  most *= 1.15;
  const Range range = accuracy_range(points);
  std::vector<Label> labels;
  for (const SentPoint& point : points)
    labels.push_back({kPlot.width * on_axis(point.bits, most),
                      kPlot.height * (range.high - 100 * point.accuracy.value) / (range.high - range.low), point.name});
  stand_aside(labels);
  place_labels(labels, kPlot);
  JsonDocument values = JsonDocument::array();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const SentPoint& p = points[i];
    JsonDocument value = {{"arm", p.name}, {"kind", p.kind}, {"bits", p.bits}, {"accuracy", 100 * p.accuracy.value}};
    if (std::isfinite(p.accuracy.low)) {
      value["low"] = 100 * p.accuracy.low;
      value["high"] = 100 * p.accuracy.high;
    }
    value["shown"] = off_axis(labels[i].x / kPlot.width, most);
    put_place(labels[i], value);
    values.push_back(std::move(value));
  }
  const JsonDocument x = {{"field", "shown"},
                          {"type", "quantitative"},
                          {"scale", {{"type", "symlog"}, {"domain", {0, most}}, {"nice", false}}},
                          {"axis", {{"title", "bits sent, mean a problem"}, {"values", bit_ticks(most)}}}};
  const JsonDocument y_scale = {{"domain", {range.low, range.high}}, {"zero", false}, {"nice", false}};
  const JsonDocument legend = {{"title", nullptr}, {"orient", "bottom"}};
  JsonDocument layers = JsonDocument::array();
  layers.push_back(
      {{"mark", {{"type", "rule"}}},
       {"transform", {{{"filter", "isValid(datum.low)"}}}},
       {"encoding",
        {{"x", x},
         {"y",
          {{"field", "low"}, {"type", "quantitative"}, {"scale", y_scale}, {"axis", axis("right, % of problems")}}},
         {"y2", {{"field", "high"}}},
         {"color", {{"field", "kind"}, {"type", "nominal"}, {"legend", legend}}}}}});
  layers.push_back({{"mark", {{"type", "point"}, {"filled", true}, {"size", 70}, {"opacity", 1}}},
                    {"encoding",
                     {{"x", x},
                      {"y", {{"field", "accuracy"}, {"type", "quantitative"}, {"scale", y_scale}}},
                      {"color", {{"field", "kind"}, {"type", "nominal"}, {"legend", legend}}},
                      {"shape", {{"field", "kind"}, {"type", "nominal"}, {"legend", legend}}},
                      {"tooltip",
                       {{{"field", "arm"}, {"type", "nominal"}},
                        {{"field", "bits"}, {"type", "quantitative"}, {"format", ".1f"}},
                        {{"field", "accuracy"}, {"type", "quantitative"}, {"format", ".1f"}}}}}}});
  layers.push_back(label_layer(x, {{"field", "accuracy"}, {"type", "quantitative"}, {"scale", y_scale}}, "arm"));
  Chart chart;
  chart.id = "bits-" + run.task + "-" + run.name.substr(0, 8);
  chart.title = "Bits sent against accuracy: " + run.task;
  chart.alt = "Points for " + std::to_string(points.size()) +
              " arms: how many bits each sends a problem, on a logarithmic axis that begins at zero, and how many "
              "problems it solves, with 95% intervals. The table below has the figures.";
  chart.spec = layered(kPlot.width, kPlot.height, std::move(values), std::move(layers));
  return chart;
}

Chart difficulty_chart(const Run& run) {
  JsonDocument values = JsonDocument::array(), order = JsonDocument::array();
  for (const Arm& arm : run.arms) {
    order.push_back(arm.name);
    for (const char* level : {"easy", "medium", "hard"}) {
      const auto at = arm.difficulty.find(level);
      if (at == arm.difficulty.end() || at->second.n == 0) continue;
      const Interval share = interval_of(at->second);
      values.push_back({{"arm", arm.name},
                        {"difficulty", level},
                        {"accuracy", 100 * share.value},
                        {"low", 100 * share.low},
                        {"high", 100 * share.high},
                        {"n", at->second.n}});
    }
  }
  const JsonDocument levels = {"easy", "medium", "hard"};
  const JsonDocument x = {
      {"field", "arm"}, {"type", "nominal"}, {"sort", order}, {"axis", {{"title", nullptr}, {"labelAngle", -35}}}};
  const JsonDocument offset = {
      {"field", "difficulty"}, {"type", "nominal"}, {"sort", levels}, {"scale", {{"domain", levels}}}};
  const JsonDocument color = {{"field", "difficulty"},
                              {"type", "ordinal"},
                              {"sort", levels},
                              {"scale", {{"domain", levels}}},
                              {"legend", {{"title", nullptr}, {"orient", "top"}}}};
  JsonDocument bars = {{"mark", {{"type", "bar"}}},
                       {"encoding",
                        {{"x", x},
                         {"xOffset", offset},
                         {"y",
                          {{"field", "accuracy"},
                           {"type", "quantitative"},
                           {"scale", {{"domain", {0, 100}}}},
                           {"axis", axis("right, %")}}},
                         {"color", color}}}};
  JsonDocument rules = {{"mark", {{"type", "rule"}, {"opacity", 0.6}}},
                        {"encoding",
                         {{"x", x},
                          {"xOffset", offset},
                          {"y", {{"field", "low"}, {"type", "quantitative"}}},
                          {"y2", {{"field", "high"}}}}}};
  Chart chart;
  chart.id = "difficulty-" + run.task + "-" + run.name.substr(0, 8);
  chart.title = "Accuracy by difficulty: " + run.task;
  chart.alt =
      "Bars for each arm: the share of easy, medium and hard problems that it solves, with 95% intervals. The table "
      "below has the figures.";
  chart.spec = layered(kPlot.width, 220, std::move(values), JsonDocument::array({bars, rules}));
  return chart;
}

}  // namespace koan::report
