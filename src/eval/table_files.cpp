// The figures as CSV and JSON.
#include <nlohmann/json.hpp>

#include "eval/table.h"

namespace koan {
namespace {

using Json = nlohmann::ordered_json;

std::string quoted(const std::string& cell) {
  if (cell.find_first_of(",\"\n\r") == std::string::npos) return cell;
  std::string out(1, '"');
  for (const char c : cell) out.append(c == '"' ? 2 : 1, c);
  out += '"';
  return out;
}

std::string number(double value) {
  char out[40];
  std::snprintf(out, sizeof out, "%.6g", value);
  return out;
}
std::string number(const std::optional<double>& value) { return value ? number(*value) : std::string(); }
std::string bytes(double value) {
  char out[40];
  std::snprintf(out, sizeof out, "%.0f", value);
  return out;
}

void add_line(std::string& out, const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) out.append(quoted(cell)).append(1, ',');
  out.back() = '\n';
}

void add_figure(std::string& out, const DomainSummary& domain, const Figure& figure) {
  add_line(out, {domain.domain.name,
                 domain.domain.kind,
                 domain.domain.seen_by_base ? "yes" : "no",
                 std::to_string(domain.records),
                 std::to_string(domain.groups),
                 std::to_string(domain.text_bytes),
                 std::to_string(domain.tokens),
                 figure.condition,
                 figure.adapter,
                 bytes(figure.coded_bytes),
                 number(figure.coded_over_raw),
                 number(figure.bits_per_byte),
                 number(figure.interval.low),
                 number(figure.interval.high),
                 number(figure.bits_per_token_log2v),
                 number(figure.streams_bits_per_byte),
                 number(figure.joined_bits_per_byte),
                 figure.file_bytes ? bytes(*figure.file_bytes) : "",
                 std::to_string(domain.file_bytes),
                 bytes(figure.model_bytes),
                 bytes(figure.side_bytes)});
}

Json json_of(const Interval& interval) { return Json::array({interval.low, interval.high}); }

Json json_of(const Figure& figure) {
  Json out = {{"condition", figure.condition},
              {"title", figure.title},
              {"coded_bytes", figure.coded_bytes},
              {"coded_over_raw", figure.coded_over_raw},
              {"bits_per_byte", figure.bits_per_byte},
              {"bits_per_byte_interval", json_of(figure.interval)},
              {"bits_over_tokens_log2v", figure.bits_per_token_log2v},
              {"streams_only_bits_per_byte", figure.streams_bits_per_byte},
              {"model_bytes", figure.model_bytes},
              {"side_bytes", figure.side_bytes}};
  if (!figure.adapter.empty()) out["adapter"] = figure.adapter;
  if (figure.joined_bits_per_byte) out["one_stream_bits_per_byte"] = *figure.joined_bits_per_byte;
  if (figure.file_bytes) out["whole_file_bytes"] = *figure.file_bytes;
  return out;
}

Json json_of(const Comparison& one) {
  Json out = {{"first", one.first},
              {"second", one.second},
              {"factor", one.factor},
              {"interval", json_of(one.interval)},
              {"clear", one.is_clear()}};
  if (!one.adapter.empty()) out["adapter"] = one.adapter;
  return out;
}

Json json_of(const RoutingSummary& one) {
  Json chosen = Json::object();
  for (const auto& [name, count] : one.chosen) chosen[name.empty() ? "(base)" : name] = count;
  return {{"condition", one.condition},
          {"records", one.records},
          {"with_prompt", one.with_context},
          {"right", one.right},
          {"right_with_prompt", one.right_with_context},
          {"chosen", std::move(chosen)}};
}

Json json_of(const DomainSummary& domain);

template <typename T>
Json list_of(const std::vector<T>& values) {
  Json out = Json::array();
  for (const T& value : values) out.push_back(json_of(value));
  return out;
}

Json json_of(const DomainSummary& domain) {
  return {{"domain", domain.domain.name},
          {"title", domain.domain.title},
          {"kind", domain.domain.kind},
          {"source", domain.domain.source},
          {"licence", domain.domain.licence},
          {"seen_by_base", domain.domain.seen_by_base},
          {"adapter", domain.domain.adapter},
          {"records", domain.records},
          {"groups", domain.groups},
          {"text_bytes", domain.text_bytes},
          {"tokens", domain.tokens},
          {"file_bytes", domain.file_bytes},
          {"figures", list_of(domain.figures)},
          {"adapters", list_of(domain.matrix)},
          {"comparisons", list_of(domain.comparisons)},
          {"against_wrong", list_of(domain.against_wrong)},
          {"routing", list_of(domain.routing)}};
}

// What each record cost, so that anybody can pool it in another way.
Json records_of(const DomainResult& domain) {
  Json conditions = Json::object();
  for (const Measured& measured : domain.measured) {
    Json one = {{"record_bytes", measured.record_bytes}, {"shared_bytes", measured.shared_bytes}};
    if (!measured.choices.empty()) one["choices"] = measured.choices;
    one["key"] = measured.key;
    one["encode_seconds"] = measured.encode_seconds;
    one["decode_seconds"] = measured.decode_seconds;
    conditions[measured.condition] = std::move(one);
  }
  std::vector<std::size_t> text_bytes;
  for (const std::string& text : domain.test.texts) text_bytes.push_back(text.size());
  return {{"domain", domain.domain.name},
          {"text_bytes", text_bytes},
          {"tokens", domain.tokens},
          {"groups", domain.test.groups},
          {"conditions", std::move(conditions)}};
}

}  // namespace

std::string to_csv(const Summary& summary) {
  std::string out;
  add_line(out, {"domain",
                 "kind",
                 "seen_by_base",
                 "records",
                 "groups",
                 "text_bytes",
                 "tokens",
                 "condition",
                 "adapter",
                 "coded_bytes",
                 "coded_over_raw",
                 "bits_per_byte",
                 "low",
                 "high",
                 "bits_over_tokens_log2v",
                 "streams_only_bits_per_byte",
                 "one_stream_bits_per_byte",
                 "whole_file_coded_bytes",
                 "whole_file_bytes",
                 "model_bytes",
                 "side_bytes"});
  for (const DomainSummary& domain : summary.domains) {
    for (const Figure& figure : domain.figures) add_figure(out, domain, figure);
    for (const Figure& figure : domain.matrix) add_figure(out, domain, figure);
  }
  for (const Figure& figure : summary.pooled.figures) add_figure(out, summary.pooled, figure);
  return out;
}

std::string to_json(const Summary& summary, const LosslessResult& result, const ModelIdentity& model,
                    const ReportIdentity& identity) {
  Json adapters = Json::array(), records = Json::array();
  for (const AdapterFile& file : result.adapters)
    adapters.push_back({{"name", file.name}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  for (const DomainResult& domain : result.domains) records.push_back(records_of(domain));
  Json out = {
      {"koan", identity.koan_version},
      {"evaluation", identity.spec_name},
      {"version", identity.spec_version},
      {"specification_sha256", identity.spec_sha256},
      {"model",
       {{"name", model.name}, {"sha256", model.sha256}, {"bytes", model.bytes}, {"vocabulary", model.vocabulary}}},
      {"training", identity.training},
      {"adapters", std::move(adapters)},
      {"bootstrap",
       {{"resamples", identity.bootstrap.resamples},
        {"seed", identity.bootstrap.seed},
        {"confidence", identity.bootstrap.confidence}}},
      {"domains", list_of(summary.domains)},
      {"pooled", json_of(summary.pooled)},
      {"records", std::move(records)}};
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace koan
