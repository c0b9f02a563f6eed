#include "eval/table.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace koan {
namespace {

constexpr const char* kNone = "-";

std::string print(const char* pattern, ...) __attribute__((format(printf, 1, 2)));
std::string print(const char* pattern, ...) {
  char out[128];
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(out, sizeof out, pattern, arguments);
  va_end(arguments);
  return out;
}

std::string with_interval(double value, const Interval& interval, int digits) {
  return print("%.*f [%.*f %.*f]", digits, value, digits, interval.low, digits, interval.high);
}

std::string whole(double bytes) { return print("%.0f", bytes); }

std::string percent(std::size_t part, std::size_t all) {
  return all == 0 ? kNone : print("%.0f%%", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

std::vector<const DomainSummary*> with_pooled(const Summary& summary) {
  std::vector<const DomainSummary*> out;
  for (const DomainSummary& domain : summary.domains) out.push_back(&domain);
  if (!summary.pooled.figures.empty()) out.push_back(&summary.pooled);
  return out;
}

std::string cell(const DomainSummary& domain, std::string_view condition) {
  const Figure* figure = domain.find(condition);
  return figure == nullptr ? kNone : print("%.3f", figure->bits_per_byte);
}

// "1.23x [1.20 1.26]", and which adapter it is.
std::string factor_cell(const Comparison* comparison) {
  if (comparison == nullptr) return kNone;
  std::string out = print("%.3fx [%.3f %.3f]", comparison->factor, comparison->interval.low, comparison->interval.high);
  if (!comparison->adapter.empty() && comparison->second.starts_with("wrong_")) out += " " + comparison->adapter;
  return out;
}

// What routing costs beyond the correct adapter: "+0.4% [0.1 0.8]".
std::string excess_cell(const Comparison* comparison) {
  if (comparison == nullptr) return kNone;
  const auto excess = [](double factor) { return 100 * (1 / factor - 1); };
  return print("%+.2f%% [%+.2f %+.2f]", excess(comparison->factor), excess(comparison->interval.high),
               excess(comparison->interval.low));
}

// What is not in the table's figures.
std::string sizes_note(const Summary& summary) {
  const auto side = [&](std::string_view condition) {
    const Figure* figure = summary.pooled.find(condition);
    return figure == nullptr ? std::string(kNone) : whole(figure->side_bytes);
  };
  const Figure* base = summary.pooled.find(kBase);
  return "Beside the file the receiver has, in bytes: the model " +
         (base == nullptr ? std::string(kNone) : whole(base->model_bytes)) + "; all adapters " + side(kByTrial) +
         ", that on all data " + side(kAllData) + "; for zstd the dictionaries " + side(kZstdDictionary) +
         ", or the training text " + side(kZstdCorpus) + ".";
}

}  // namespace

TextTable main_table(const Summary& summary) {
  TextTable out;
  out.title = "Bits per byte of text, each record coded so that it can be decoded alone";
  out.rows.push_back({"domain", "seen", "gzip", "xz", "zstd", "zstd+dict", "zstd+corpus", "base", "correct",
                      "avg wrong", "worst wrong", "all data", "by prompt", "by text", "by trial", "gain"});
  for (const DomainSummary* domain : with_pooled(summary)) {
    std::vector<std::string> row = {domain->domain.name,
                                    domain == &summary.pooled ? "" : (domain->domain.seen_by_base ? "yes" : "no")};
    for (const std::string_view condition :
         {std::string_view("gzip"), std::string_view("xz"), std::string_view("zstd"), kZstdDictionary, kZstdCorpus,
          kBase, std::string_view("correct"), std::string_view("wrong_mean"), std::string_view("wrong_worst"), kAllData,
          kByPrompt, kByText, kByTrial})
      row.push_back(cell(*domain, condition));
    const Comparison* gain = domain->compare("correct", kBase);
    row.push_back(gain == nullptr ? kNone : print("%.2fx", gain->factor));
    out.rows.push_back(std::move(row));
  }
  out.notes = {"seen: the base model was trained on other text of this source; never on the test text.",
               "gain: base / correct. all data: one adapter, the same training budget, equal shares of every domain.",
               sizes_note(summary)};
  return out;
}

TextTable comparison_table(const Summary& summary) {
  TextTable out;
  out.title = "How many times smaller the correct adapter is than each control [interval], paired by record";
  out.rows.push_back({"domain", "groups", "than base", "than all data", "than best wrong", "clear wrong",
                      "than zstd+dict", "all data than base"});
  for (const DomainSummary* domain : with_pooled(summary)) {
    std::size_t clear = 0;
    for (const Comparison& one : domain->against_wrong) clear += one.is_clear();
    out.rows.push_back(
        {domain->domain.name, std::to_string(domain->groups), factor_cell(domain->compare("correct", kBase)),
         factor_cell(domain->compare("correct", kAllData)), factor_cell(domain->compare("correct", "wrong_best")),
         domain->against_wrong.empty() ? kNone
                                       : std::to_string(clear) + "/" + std::to_string(domain->against_wrong.size()),
         factor_cell(domain->compare("correct", kZstdDictionary)), factor_cell(domain->compare(kAllData, kBase))});
  }
  out.notes = {"groups: questions or documents, which are what is resampled.",
               "clear wrong: wrong adapters whose interval lies above 1."};
  return out;
}

TextTable routing_table(const Summary& summary) {
  TextTable out;
  out.title = "Routing: records that got the domain's adapter, and bits beyond the correct adapter's [interval]";
  out.rows.push_back(
      {"domain", "prompts", "by prompt", "of those with one", "cost", "by text", "cost", "by trial", "cost"});
  for (const DomainSummary* domain : with_pooled(summary)) {
    if (domain->routing.empty()) continue;
    std::vector<std::string> row = {domain->domain.name,
                                    percent(domain->routing[0].with_context, domain->routing[0].records)};
    for (const std::string_view name : {kByPrompt, kByText, kByTrial}) {
      const RoutingSummary* found = nullptr;
      for (const RoutingSummary& one : domain->routing) found = one.condition == name ? &one : found;
      row.push_back(found == nullptr ? kNone : percent(found->right, found->records));
      if (name == kByPrompt)
        row.push_back(found == nullptr ? kNone : percent(found->right_with_context, found->with_context));
      row.push_back(excess_cell(domain->compare(name, "correct")));
    }
    out.rows.push_back(std::move(row));
  }
  out.notes = {"The choice is stored in the file and charged."};
  return out;
}

TextTable unit_table(const DomainSummary& domain) {
  TextTable out;
  out.title = domain.domain.title + ": " + std::to_string(domain.records) + " records in " +
              std::to_string(domain.groups) + " groups, " + std::to_string(domain.text_bytes) + " bytes of text, " +
              std::to_string(domain.tokens) + " tokens";
  out.rows.push_back({"condition", "coded", "coded/raw", "bits/byte", "bits/(tokens log2 V)", "streams only",
                      "one stream", "whole file", "model bytes", "side bytes"});
  for (const Figure& figure : domain.figures) {
    std::string title = figure.title;
    if (!figure.adapter.empty() && figure.condition.starts_with("wrong_")) title += " (" + figure.adapter + ")";
    out.rows.push_back({title, whole(figure.coded_bytes), print("%.4f", figure.coded_over_raw),
                        with_interval(figure.bits_per_byte, figure.interval, 3),
                        print("%.4f", figure.bits_per_token_log2v), print("%.3f", figure.streams_bits_per_byte),
                        figure.joined_bits_per_byte ? print("%.3f", *figure.joined_bits_per_byte) : kNone,
                        figure.file_bytes ? whole(*figure.file_bytes) : kNone, whole(figure.model_bytes),
                        whole(figure.side_bytes)});
  }
  out.notes = {"The whole file has " + std::to_string(domain.file_bytes) +
               " bytes: texts, prompts and the rest of each line."};
  return out;
}

TextTable matrix_table(const Summary& summary) {
  TextTable out;
  out.title = "Every adapter on every domain, bits per byte (columns: adapters; the correct one in *)";
  if (summary.domains.empty()) return out;
  const std::vector<Figure>& columns = summary.domains[0].matrix;
  std::vector<std::string> header = {"domain", std::string(kBase)};
  for (const Figure& figure : columns) header.push_back(figure.adapter);
  out.rows.push_back(std::move(header));
  for (const DomainSummary& domain : summary.domains) {
    std::vector<std::string> row = {domain.domain.name, cell(domain, kBase)};
    for (const Figure& column : columns) {
      const auto it = std::find_if(domain.matrix.begin(), domain.matrix.end(),
                                   [&](const Figure& figure) { return figure.adapter == column.adapter; });
      const bool correct = column.adapter == domain.domain.adapter;
      row.push_back(it == domain.matrix.end() ? kNone : print(correct ? "*%.3f*" : "%.3f", it->bits_per_byte));
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace koan
