#include "eval/summary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "eval/rivals.h"

namespace koan {
namespace {

constexpr std::size_t kTextColumn = 0, kTokenColumn = 1, kFirstColumn = 2;

// A condition as columns of the sample: what a record costs with its share of the file, and its stream alone.
struct Condition {
  Figure figure;  // names and sizes; the rest is filled in later
  std::vector<double> charged, streams;
};

double shared_of_record(const Measured& measured) {
  return static_cast<double>(measured.shared_bytes) / static_cast<double>(measured.record_bytes.size());
}

Condition condition_of(const Measured& measured, std::string name, std::string title, std::uint64_t model_bytes) {
  Condition out;
  out.figure.condition = std::move(name);
  out.figure.title = std::move(title);
  const double shared = shared_of_record(measured);
  for (const std::uint64_t bytes : measured.record_bytes) {
    out.streams.push_back(static_cast<double>(bytes));
    out.charged.push_back(static_cast<double>(bytes) + shared);
  }
  if (measured.joined_bytes) out.figure.joined_bits_per_byte = static_cast<double>(*measured.joined_bytes);
  if (measured.file_bytes) out.figure.file_bytes = static_cast<double>(*measured.file_bytes);
  out.figure.model_bytes = static_cast<double>(model_bytes);
  out.figure.side_bytes = static_cast<double>(measured.side_bytes);
  return out;
}

// The mean over several conditions, record by record.
Condition mean_of(const std::vector<Condition>& conditions, std::string name, std::string title) {
  Condition out = conditions.front();
  const double n = static_cast<double>(conditions.size());
  std::optional<double> file = 0;
  double side = 0;
  for (std::size_t i = 0; i < out.charged.size(); ++i) out.charged[i] = out.streams[i] = 0;
  for (const Condition& one : conditions) {
    for (std::size_t i = 0; i < out.charged.size(); ++i) {
      out.charged[i] += one.charged[i] / n;
      out.streams[i] += one.streams[i] / n;
    }
    file = file && one.figure.file_bytes ? std::optional<double>(*file + *one.figure.file_bytes / n) : std::nullopt;
    side += one.figure.side_bytes / n;
  }
  out.figure.condition = std::move(name);
  out.figure.title = std::move(title);
  out.figure.adapter.clear();
  out.figure.file_bytes = file;
  out.figure.side_bytes = side;
  return out;
}

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

Condition renamed(Condition condition, std::string name, std::string title) {
  condition.figure.condition = std::move(name);
  condition.figure.title = std::move(title);
  return condition;
}

// The wrong adapters by what they cost here.
void add_wrong(std::vector<Condition>& out, const std::vector<Condition>& wrong) {
  if (wrong.empty()) return;
  const auto costs_less = [](const Condition& a, const Condition& b) { return sum(a.charged) < sum(b.charged); };
  out.push_back(mean_of(wrong, "wrong_mean", "wrong adapters, average"));
  out.push_back(
      renamed(*std::max_element(wrong.begin(), wrong.end(), costs_less), "wrong_worst", "worst wrong adapter"));
  out.push_back(renamed(*std::min_element(wrong.begin(), wrong.end(), costs_less), "wrong_best", "best wrong adapter"));
}

struct DomainConditions {
  std::vector<Condition> main, matrix;
};

DomainConditions conditions_of(const DomainResult& result, const std::vector<AdapterFile>& adapters,
                               const ModelIdentity& model) {
  DomainConditions out;
  const auto add = [&](const std::string& name, const std::string& title, std::uint64_t model_bytes) {
    if (const Measured* measured = result.find(name))
      out.main.push_back(condition_of(*measured, name, title, model_bytes));
  };
  for (const Rival& rival : rivals()) add(rival.condition, rival.title, 0);
  add(std::string(kZstdDictionary), "zstd, trained dictionary", 0);
  add(std::string(kZstdCorpus), "zstd, training text as dictionary", 0);
  add(std::string(kBase), "koan, base model", model.bytes);
  std::vector<Condition> wrong;
  for (const AdapterFile& adapter : adapters) {
    const Measured* measured = result.find(adapter_condition(adapter.name));
    if (measured == nullptr) continue;
    Condition one = condition_of(*measured, adapter_condition(adapter.name), "adapter " + adapter.name, model.bytes);
    one.figure.adapter = adapter.name;
    out.matrix.push_back(one);
    if (adapter.name == result.domain.adapter) {
      out.main.push_back(renamed(one, "correct", "koan, correct adapter"));
    } else if (adapter.name == kAllData) {
      out.main.push_back(renamed(one, std::string(kAllData), "koan, adapter on all data"));
    } else {
      wrong.push_back(std::move(one));
    }
  }
  add_wrong(out.main, wrong);
  add(std::string(kByPrompt), "koan, routed by prompt", model.bytes);
  add(std::string(kByText), "koan, routed by text", model.bytes);
  add(std::string(kByTrial), "koan, routed by trial", model.bytes);
  return out;
}

SampleTable table_of(const DomainResult& result, const std::vector<Condition>& conditions) {
  SampleTable out;
  out.columns = kFirstColumn + conditions.size();
  out.group = number_groups(result.test.groups);
  for (std::size_t i = 0; i < result.test.texts.size(); ++i) {
    out.values.push_back(static_cast<double>(result.test.texts[i].size()));
    out.values.push_back(static_cast<double>(result.tokens[i]));
    for (const Condition& condition : conditions) out.values.push_back(condition.charged[i]);
  }
  return out;
}

void fill_figures(std::vector<Figure>& figures, const Bootstrap& bootstrap, double log2_vocabulary) {
  const double text = bootstrap.sums()[kTextColumn], tokens = bootstrap.sums()[kTokenColumn];
  for (std::size_t i = 0; i < figures.size(); ++i) {
    Figure& figure = figures[i];
    figure.coded_bytes = bootstrap.sums()[kFirstColumn + i];
    figure.coded_over_raw = figure.coded_bytes / text;
    figure.bits_per_byte = 8 * figure.coded_over_raw;
    figure.bits_per_token_log2v = 8 * figure.coded_bytes / (tokens * log2_vocabulary);
    figure.interval = bootstrap.interval([i](auto sums) { return 8 * sums[kFirstColumn + i] / sums[kTextColumn]; });
    figure.streams_bits_per_byte *= 8 / text;  // held bytes until now
    if (figure.joined_bits_per_byte) *figure.joined_bits_per_byte *= 8 / text;
  }
}

std::optional<std::size_t> place_of(const std::vector<Figure>& figures, std::string_view condition) {
  const auto it =
      std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.condition == condition; });
  return it == figures.end() ? std::nullopt : std::optional<std::size_t>(it - figures.begin());
}

Comparison compare_columns(const std::vector<Figure>& figures, std::size_t first, std::size_t second,
                           const Bootstrap& bootstrap) {
  const auto factor = [=](auto sums) { return sums[kFirstColumn + second] / sums[kFirstColumn + first]; };
  Comparison out;
  out.first = figures[first].condition;
  out.second = figures[second].condition;
  out.adapter = figures[second].adapter;
  out.factor = bootstrap.value(factor);
  out.interval = bootstrap.interval(factor);
  return out;
}

std::vector<Comparison> main_comparisons(const std::vector<Figure>& figures, const Bootstrap& bootstrap) {
  static const std::vector<std::pair<std::string_view, std::string_view>> kPairs = {
      {"correct", kBase},        {"correct", kAllData}, {"correct", "wrong_mean"},    {"correct", "wrong_worst"},
      {"correct", "wrong_best"}, {kAllData, kBase},     {"correct", kZstdDictionary}, {"correct", kZstdCorpus},
      {kByPrompt, "correct"},    {kByText, "correct"},  {kByTrial, "correct"},        {kByPrompt, kBase}};
  std::vector<Comparison> out;
  for (const auto& [first, second] : kPairs) {
    const auto a = place_of(figures, first), b = place_of(figures, second);
    if (a && b) out.push_back(compare_columns(figures, *a, *b, bootstrap));
  }
  return out;
}

std::vector<Figure> figures_of(const std::vector<Condition>& conditions) {
  std::vector<Figure> out;
  for (const Condition& condition : conditions) {
    out.push_back(condition.figure);
    out.back().streams_bits_per_byte = sum(condition.streams);
  }
  return out;
}

std::vector<RoutingSummary> routing_of(const DomainResult& result) {
  std::vector<RoutingSummary> out;
  for (const std::string_view name : {kByPrompt, kByText, kByTrial}) {
    const Measured* measured = result.find(std::string(name));
    if (measured == nullptr) continue;
    RoutingSummary one;
    one.condition = name;
    one.records = measured->choices.size();
    for (std::size_t i = 0; i < measured->choices.size(); ++i) {
      const bool right = measured->choices[i] == result.domain.adapter, context = result.test.has_context[i];
      one.right += right;
      one.with_context += context;
      one.right_with_context += right && context;
      ++one.chosen[measured->choices[i]];
    }
    out.push_back(std::move(one));
  }
  return out;
}

// The receiver has one set of adapters for all domains, rather than something for each.
bool shares_side_data(std::string_view condition) noexcept {
  return condition == kAllData || condition == kByPrompt || condition == kByText || condition == kByTrial;
}

// Adds sizes; what one of them lacks is dropped. Both have the same conditions in the same order.
void add_sizes(std::vector<Figure>& pooled, const std::vector<Figure>& domain) {
  const auto add = [](std::optional<double>& to, const std::optional<double>& more) {
    to = to && more ? std::optional<double>(*to + *more) : std::nullopt;
  };
  for (std::size_t i = 0; i < pooled.size(); ++i) {
    pooled[i].adapter.clear();
    pooled[i].streams_bits_per_byte += domain[i].streams_bits_per_byte;
    add(pooled[i].joined_bits_per_byte, domain[i].joined_bits_per_byte);
    add(pooled[i].file_bytes, domain[i].file_bytes);
    pooled[i].side_bytes = shares_side_data(pooled[i].condition) ? std::max(pooled[i].side_bytes, domain[i].side_bytes)
                                                                 : pooled[i].side_bytes + domain[i].side_bytes;
  }
}

void pool_routing(std::vector<RoutingSummary>& pooled, const std::vector<RoutingSummary>& domain) {
  for (const RoutingSummary& one : domain) {
    auto it = std::find_if(pooled.begin(), pooled.end(),
                           [&](const RoutingSummary& r) { return r.condition == one.condition; });
    if (it == pooled.end()) {
      pooled.push_back(one);
      continue;
    }
    it->records += one.records;
    it->with_context += one.with_context;
    it->right += one.right;
    it->right_with_context += one.right_with_context;
    for (const auto& [name, count] : one.chosen) it->chosen[name] += count;
  }
}

}  // namespace

const Figure* DomainSummary::find(std::string_view condition) const noexcept {
  const auto place = place_of(figures, condition);
  return place ? &figures[*place] : nullptr;
}

const Comparison* DomainSummary::compare(std::string_view first, std::string_view second) const noexcept {
  const auto it = std::find_if(comparisons.begin(), comparisons.end(),
                               [&](const Comparison& c) { return c.first == first && c.second == second; });
  return it == comparisons.end() ? nullptr : &*it;
}

namespace {

// Names, counts and raw sizes.
void count_domain(DomainSummary& out, const DomainResult& result, std::size_t groups) {
  out.records += result.test.texts.size();
  out.groups += groups;
  out.text_bytes += result.test.text_bytes;
  out.tokens += std::accumulate(result.tokens.begin(), result.tokens.end(), std::uint64_t{0});
  out.file_bytes += result.test_file_bytes;
}

DomainSummary summarise_domain(const DomainResult& result, const DomainConditions& conditions,
                               const ModelIdentity& model, const BootstrapSettings& settings) {
  const double log2_vocabulary = std::log2(static_cast<double>(model.vocabulary));
  DomainSummary out;
  out.domain = result.domain;
  const Bootstrap main(table_of(result, conditions.main), settings);
  count_domain(out, result, main.groups());
  out.figures = figures_of(conditions.main);
  fill_figures(out.figures, main, log2_vocabulary);
  out.comparisons = main_comparisons(out.figures, main);
  out.routing = routing_of(result);

  const Bootstrap matrix(table_of(result, conditions.matrix), settings);
  out.matrix = figures_of(conditions.matrix);
  fill_figures(out.matrix, matrix, log2_vocabulary);
  const auto correct = place_of(out.matrix, adapter_condition(result.domain.adapter));
  for (std::size_t i = 0; correct && i < out.matrix.size(); ++i) {
    if (i != *correct && out.matrix[i].adapter != kAllData)
      out.against_wrong.push_back(compare_columns(out.matrix, *correct, i, matrix));
  }
  return out;
}

bool has_condition(const std::vector<Condition>& conditions, const std::string& name) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const Condition& c) { return c.figure.condition == name; });
}

}  // namespace

Summary summarise(const LosslessResult& result, const ModelIdentity& model, const BootstrapSettings& settings) {
  Summary out;
  std::vector<DomainConditions> conditions;
  std::vector<std::size_t> own;  // domains with an adapter of their own
  std::vector<BootstrapSettings> drawn;
  for (std::size_t i = 0; i < result.domains.size(); ++i) {
    conditions.push_back(conditions_of(result.domains[i], result.adapters, model));
    drawn.push_back(settings);
    drawn.back().seed += i;  // strata are drawn apart
    out.domains.push_back(summarise_domain(result.domains[i], conditions[i], model, drawn[i]));
    if (result.domains[i].domain.adapter == result.domains[i].domain.name) own.push_back(i);
  }
  if (own.empty()) return out;
  // Only what all of them have can be added up (what one list has lost, the others lose in turn).
  for (const std::size_t i : own) {
    for (const std::size_t j : own) {
      std::erase_if(conditions[i].main,
                    [&](const Condition& c) { return !has_condition(conditions[j].main, c.figure.condition); });
    }
  }
  std::optional<Bootstrap> all;
  for (const std::size_t i : own) {
    const Bootstrap stratum(table_of(result.domains[i], conditions[i].main), drawn[i]);
    count_domain(out.pooled, result.domains[i], stratum.groups());
    const std::vector<Figure> figures = figures_of(conditions[i].main);
    if (all) {
      all->add(stratum);
      add_sizes(out.pooled.figures, figures);
    } else {
      all = stratum;
      out.pooled.figures = figures;
      for (Figure& figure : out.pooled.figures) figure.adapter.clear();
    }
    pool_routing(out.pooled.routing, out.domains[i].routing);
  }
  std::erase_if(out.pooled.routing,
                [&](const RoutingSummary& one) { return out.pooled.find(one.condition) == nullptr; });
  fill_figures(out.pooled.figures, *all, std::log2(static_cast<double>(model.vocabulary)));
  out.pooled.comparisons = main_comparisons(out.pooled.figures, *all);
  out.pooled.domain.name = out.pooled.domain.title = "all domains";
  return out;
}

}  // namespace koan
