// The lossless half: size against time of every program, and adapters by domain.
#include <algorithm>
#include <cmath>
#include <utility>

#include "report/labels.h"
#include "report/sections.h"
#include "report/vega.h"

namespace koan::report {
namespace {

constexpr PlotSize kPlot{780, 440};

struct File {
  std::string name;
  std::vector<const Measurement*> rows;
  bool cpu = true;  // all have processor time

  bool has(const std::string& group) const {
    return std::any_of(rows.begin(), rows.end(), [&](const Measurement* row) { return row->group == group; });
  }
};

// Of all files, so that a group has one colour on all charts. The others come last.
std::vector<std::string> groups_of(const Measurements& measurements) {
  std::vector<std::string> out;
  for (const Measurement& row : measurements.rows)
    if (std::find(out.begin(), out.end(), row.group) == out.end()) out.push_back(row.group);
  std::sort(out.begin(), out.end(), [](const std::string& a, const std::string& b) {
    return std::pair(a == "others", std::string_view(a)) < std::pair(b == "others", std::string_view(b));
  });
  return out;
}

std::vector<File> by_file(const Measurements& measurements) {
  std::vector<File> out;
  for (const Measurement& row : measurements.rows) {
    auto at = std::find_if(out.begin(), out.end(), [&](const File& f) { return f.name == row.file; });
    if (at == out.end()) at = out.insert(out.end(), {row.file, {}, true});
    at->rows.push_back(&row);
    at->cpu = at->cpu && row.has_cpu();
  }
  return out;
}

// Both ways, a million bytes.
double seconds_of(const Measurement& row, bool cpu) {
  const double seconds =
      cpu ? row.encode_cpu_seconds + row.decode_cpu_seconds : row.encode_seconds + row.decode_seconds;
  return std::max(1e-4, seconds * 1e6 / row.bytes_in);
}

std::string name_of(const Measurement& row) { return row.options.empty() ? row.tool : row.tool + " " + row.options; }

// A name on the chart: koan's points have their colour, so their options are enough.
std::string label_of(const Measurement& row) {
  if (row.tool != "koan" || row.options.empty()) return name_of(row);
  constexpr std::string_view kModel = "--model ";
  std::string out = row.options;
  if (const std::size_t at = out.find(kModel); at != std::string::npos) out.erase(at, kModel.size());
  return out;
}

// Points of one group in one place get one label.
void join_labels(std::vector<Label>& labels, const File& file) {
  constexpr double kSame = 4;  // pixels
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const bool near = std::fabs(labels[i].x - labels[j].x) < kSame && std::fabs(labels[i].y - labels[j].y) < kSame;
      if (!near || labels[j].text.empty() || file.rows[i]->group != file.rows[j]->group) continue;
      labels[j].text.append(", ").append(std::exchange(labels[i].text, {}));
      labels[j].below = labels[j].below || labels[i].below;
      break;
    }
}

std::string kilobytes_per_second(double bytes, double seconds) {
  return seconds > 0 ? brief(bytes / seconds / 1000) : fixed(kNothing, 0);
}

HtmlTable table_of(const File& file, const std::vector<std::size_t>& best) {
  HtmlTable table;
  table.caption = std::string("Marked: nothing else is both smaller and faster. Speeds: of ") +
                  (file.cpu ? "processor time (user and system), which other work on the machine disturbs little"
                            : "wall-clock time");
  table.head = {"program",      "bytes",        "bits per byte", "KB/s encode", "KB/s decode",
                "CPU s encode", "CPU s decode", "MB encode",     "MB decode",   "model MB"};
  std::vector<std::size_t> order(file.rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return file.rows[a]->bytes_out < file.rows[b]->bytes_out; });
  for (const std::size_t i : order) {
    const Measurement& m = *file.rows[i];
    const bool marked = std::find(best.begin(), best.end(), i) != best.end();
    const auto cpu = [](double seconds) { return fixed(seconds < 0 ? kNothing : seconds, 2); };
    const auto mb = [](double bytes) { return bytes > 0 ? fixed(bytes / 1e6, 1) : fixed(kNothing, 0); };
    table.rows.push_back({{name_of(m), marked},
                          fixed(m.bytes_out, 0),
                          fixed(m.bits_per_byte(), 3),
                          kilobytes_per_second(m.bytes_in, file.cpu ? m.encode_cpu_seconds : m.encode_seconds),
                          kilobytes_per_second(m.bytes_in, file.cpu ? m.decode_cpu_seconds : m.decode_seconds),
                          cpu(m.encode_cpu_seconds),
                          cpu(m.decode_cpu_seconds),
                          mb(m.encode_peak),
                          mb(m.decode_peak),
                          mb(m.model_bytes)});
  }
  return table;
}

struct Axes {
  double left, right, bottom, top;  // seconds, bits per byte
};

Axes axes_of(const std::vector<Place>& places) {
  Axes out{1e9, 0, 1e9, 0};
  for (const Place& p : places) {
    out.left = std::min(out.left, p.seconds / 3);
    out.right = std::max(out.right, p.seconds * 3);
    out.bottom = std::min(out.bottom, p.size);
    out.top = std::max(out.top, p.size);
  }
  const double margin = 0.08 * std::max(out.top - out.bottom, 0.05);
  return {out.left, out.right, out.bottom - margin, out.top + margin};
}

Chart chart_of(const File& file, const std::vector<std::string>& groups, const std::vector<Place>& places,
               const std::vector<std::size_t>& best) {
  const Axes axes = axes_of(places);
  std::vector<Label> labels;
  for (std::size_t i = 0; i < places.size(); ++i)
    labels.push_back({kPlot.width * std::log(places[i].seconds / axes.left) / std::log(axes.right / axes.left),
                      kPlot.height * (axes.top - places[i].size) / (axes.top - axes.bottom), label_of(*file.rows[i]),
                      std::find(best.begin(), best.end(), i) != best.end()});
  join_labels(labels, file);
  place_labels(labels, kPlot);
  JsonDocument values = JsonDocument::array(), line = JsonDocument::array();
  for (std::size_t i = 0; i < places.size(); ++i) {
    values.push_back({{"program", name_of(*file.rows[i])},
                      {"label", labels[i].text},
                      {"group", file.rows[i]->group},
                      {"seconds", places[i].seconds},
                      {"bits", places[i].size}});
    put_place(labels[i], values.back());
  }
  for (const std::size_t i : best) line.push_back({{"seconds", places[i].seconds}, {"bits", places[i].size}});
  const std::string unit = file.cpu ? "processor seconds" : "seconds";
  const JsonDocument x = {{"field", "seconds"},
                          {"type", "quantitative"},
                          {"scale", {{"type", "log"}, {"domain", {axes.left, axes.right}}, {"nice", false}}},
                          {"axis",
                           {{"title", unit + " to encode and decode a million bytes"},
                            {"format", "~g"},
                            {"labelOverlap", true},
                            {"grid", false}}}};
  const JsonDocument y = {{"field", "bits"},
                          {"type", "quantitative"},
                          {"scale", {{"domain", {axes.bottom, axes.top}}, {"zero", false}, {"nice", false}}},
                          {"axis", {{"title", "bits per byte"}}}};
  JsonDocument shown = JsonDocument::array();
  for (const std::string& group : groups)
    if (file.has(group)) shown.push_back(group);
  const JsonDocument scale = {{"domain", groups}};
  const JsonDocument legend = {{"title", nullptr}, {"orient", "bottom"}, {"columns", 6}, {"values", std::move(shown)}};
  JsonDocument layers = JsonDocument::array();
  layers.push_back(
      {{"data", {{"values", std::move(line)}}},
       {"mark", {{"type", "line"}, {"interpolate", "step-after"}, {"strokeDash", {4, 3}}, {"opacity", 0.7}}},
       {"encoding", {{"x", x}, {"y", y}}}});
  layers.push_back(
      {{"mark", {{"type", "point"}, {"filled", true}, {"size", 60}, {"opacity", 1}}},
       {"encoding",
        {{"x", x},
         {"y", y},
         {"color", {{"field", "group"}, {"type", "nominal"}, {"scale", scale}, {"legend", legend}}},
         {"shape", {{"field", "group"}, {"type", "nominal"}, {"scale", scale}, {"legend", legend}}},
         {"tooltip",
          {{{"field", "program"}, {"type", "nominal"}},
           {{"field", "bits"}, {"type", "quantitative"}, {"format", ".3f"}, {"title", "bits per byte"}},
           {{"field", "seconds"}, {"type", "quantitative"}, {"format", ".3~g"}, {"title", "s a million bytes"}}}}}}});
  layers.push_back(label_layer(x, y, "label"));
  layers.back()["mark"]["fontSize"] = 10;
  Chart chart;
  chart.id = "lossless-" + file.name;
  chart.title = "Size against time: " + file.name;
  chart.alt = "Points for " + std::to_string(places.size()) +
              " programs and settings: time to encode and decode, on a logarithmic axis, against bits per byte. A "
              "dashed line joins those that nothing beats in both. The table below has the figures.";
  chart.spec = layered(kPlot.width, kPlot.height, std::move(values), std::move(layers));
  return chart;
}

HtmlTable domain_table(const std::vector<Domain>& domains) {
  HtmlTable table;
  table.caption =
      "Bits per byte of each record alone, with 95% intervals where measured (docs/evaluation.md sections 3 to 5)";
  table.head = {"domain", "condition", "adapter", "bits per byte", "95%"};
  table.left = 3;
  for (const Domain& d : domains)
    table.rows.push_back(
        {d.domain, d.condition, d.adapter, fixed(d.bits_per_byte, 3), fixed(d.low, 3) + " to " + fixed(d.high, 3)});
  return table;
}

Chart domain_chart(const std::vector<Domain>& domains) {
  JsonDocument values = JsonDocument::array();
  for (const Domain& d : domains) {
    std::string what = d.condition;
    if (d.condition.starts_with("adapter:"))
      what = d.adapter == d.domain ? "koan, own adapter" : d.adapter == "all" ? "koan, adapter on all domains" : "";
    if (what == "base") what = "koan";
    if (what != "koan" && !what.starts_with("koan,") && what != "xz" && what != "brotli" && what != "zstd_dictionary")
      continue;
    values.push_back(
        {{"domain", d.domain}, {"what", what}, {"bits", d.bits_per_byte}, {"low", d.low}, {"high", d.high}});
  }
  const JsonDocument y = {{"field", "domain"}, {"type", "nominal"}, {"axis", {{"title", nullptr}}}};
  JsonDocument rules = {
      {"mark", {{"type", "rule"}, {"opacity", 0.5}}},
      {"encoding", {{"y", y}, {"x", {{"field", "low"}, {"type", "quantitative"}}}, {"x2", {{"field", "high"}}}}}};
  JsonDocument points = {
      {"mark", {{"type", "point"}, {"filled", true}, {"size", 60}, {"opacity", 1}}},
      {"encoding",
       {{"y", y},
        {"x", {{"field", "bits"}, {"type", "quantitative"}, {"axis", {{"title", "bits per byte"}}}}},
        {"color", {{"field", "what"}, {"type", "nominal"}, {"legend", {{"title", nullptr}, {"orient", "bottom"}}}}},
        {"shape", {{"field", "what"}, {"type", "nominal"}}}}}};
  Chart chart;
  chart.id = "domains";
  chart.title = "What adapters bring, by domain";
  chart.alt =
      "For each domain, bits per byte of koan without an adapter, with the domain's own, with one trained on all "
      "domains, and of other compressors. The table below has the figures.";
  chart.spec = layered(kPlot.width, {{"step", 26}}, std::move(values), JsonDocument::array({rules, points}));
  return chart;
}

}  // namespace

void add_lossless(Page& page, const std::vector<Measurements>& measurements) {
  page.section("lossless", "Bytes against compute");
  page.paragraph(
      "Every size is of a whole file that was decoded again and compared. Models are in the program or stand beside it "
      "and are not added to sizes.");
  std::size_t number = 0;
  for (const Measurements& m : measurements) {
    const std::vector<std::string> groups = groups_of(m);
    for (const File& file : by_file(m)) {
      std::vector<Place> places;
      for (const Measurement* row : file.rows) places.push_back({seconds_of(*row, file.cpu), row->bits_per_byte()});
      const std::vector<std::size_t> best = frontier(places);
      Chart chart = chart_of(file, groups, places, best);
      chart.id.append("-").append(std::to_string(number++));
      page.chart(chart, table_of(file, best));
    }
    if (m.domains.empty()) continue;
    Chart chart = domain_chart(m.domains);
    chart.id.append("-").append(std::to_string(number++));
    page.chart(chart, domain_table(m.domains));
  }
}

}  // namespace koan::report
