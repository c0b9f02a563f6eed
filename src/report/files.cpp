#include "report/files.h"

#include <cmath>

namespace koan::report {
namespace {

JsonDocument number(double value) { return std::isfinite(value) ? JsonDocument(value) : JsonDocument(nullptr); }

// As short as it can be read back; empty if there is none.
std::string cell(double value) { return std::isfinite(value) ? JsonDocument(value).dump() : std::string(); }

JsonDocument json_of(const Run& run) {
  JsonDocument files = JsonDocument::object();
  for (const auto& [name, hash] : run.hashes) files[name] = hash;
  return {{"folder", run.folder}, {"files", std::move(files)}, {"koan", run.koan}, {"config", run.config}};
}

JsonDocument json_of(const Comparison& c) {
  return {{"task", c.task},
          {"run", c.run},
          {"method", c.method},
          {"control", c.control},
          {"method_accuracy", number(c.method_accuracy)},
          {"control_accuracy", number(c.control_accuracy)},
          {"only_method", number(c.pair.only_this)},
          {"only_control", number(c.pair.only_other)},
          {"p", number(c.pair.p)},
          {"control_ahead", c.control_ahead()}};
}

JsonDocument json_of(const Measurement& m) {
  const auto measured = [](double value) { return number(value < 0 ? kNothing : value); };
  return {{"file", m.file},
          {"tool", m.tool},
          {"options", m.options},
          {"group", m.group},
          {"bytes_in", m.bytes_in},
          {"bytes_out", m.bytes_out},
          {"bits_per_byte", m.bits_per_byte()},
          {"compress_seconds", m.encode_seconds},
          {"decompress_seconds", m.decode_seconds},
          {"compress_cpu_seconds", measured(m.encode_cpu_seconds)},
          {"decompress_cpu_seconds", measured(m.decode_cpu_seconds)},
          {"compress_peak_bytes", m.encode_peak},
          {"decompress_peak_bytes", m.decode_peak},
          {"model_bytes", m.model_bytes}};
}

}  // namespace

std::string to_json(const Input& input, const std::vector<Comparison>& comparisons, const Settings& settings) {
  JsonDocument runs = JsonDocument::array(), pairs = JsonDocument::array(), lossless = JsonDocument::array();
  for (const Run& run : input.runs) runs.push_back(json_of(run));
  for (const Comparison& comparison : comparisons) pairs.push_back(json_of(comparison));
  for (const Measurements& m : input.measurements) {
    JsonDocument rows = JsonDocument::array(), domains = JsonDocument::array();
    for (const Measurement& row : m.rows) rows.push_back(json_of(row));
    for (const Domain& d : m.domains)
      domains.push_back({{"domain", d.domain},
                         {"condition", d.condition},
                         {"adapter", d.adapter},
                         {"bits_per_byte", d.bits_per_byte},
                         {"low", d.low},
                         {"high", d.high}});
    lossless.push_back(
        {{"path", m.path}, {"sha256", m.sha256}, {"rows", std::move(rows)}, {"domains", std::move(domains)}});
  }
  return to_line({{"version", 1},
                  {"koan", settings.koan_version},
                  {"title", settings.title},
                  {"runs", std::move(runs)},
                  {"comparisons", std::move(pairs)},
                  {"lossless", std::move(lossless)}}) +
         "\n";
}

std::string arms_csv(const std::vector<Run>& runs) {
  std::string out = csv_line({"task",
                              "run",
                              "arm",
                              "role",
                              "n",
                              "correct",
                              "accuracy",
                              "accuracy_low",
                              "accuracy_high",
                              "recovery",
                              "recovery_low",
                              "recovery_high",
                              "recovery_medium_hard",
                              "recovery_medium_hard_low",
                              "recovery_medium_hard_high",
                              "n_medium_hard",
                              "harm",
                              "harm_low",
                              "harm_high",
                              "bits",
                              "bits_as_questions",
                              "payload_bytes",
                              "ratio_uniform",
                              "ratio_coded",
                              "tokens_small",
                              "tokens_large",
                              "flop",
                              "seconds",
                              "money"});
  for (const Run& run : runs)
    for (const Arm& a : run.arms) {
      std::vector<std::string> line = {run.task,
                                       run.name,
                                       a.name,
                                       name_of(role_of(run, a.name)),
                                       std::to_string(a.counts.n),
                                       std::to_string(a.counts.correct)};
      const auto add = [&](std::initializer_list<double> values) {
        for (const double value : values) line.push_back(cell(value));
      };
      for (const Interval* i : {&a.accuracy, &a.recovery, &a.recovery_medium_hard}) add({i->value, i->low, i->high});
      add({a.n_medium_hard, a.harm.value, a.harm.low, a.harm.high, a.bits, a.bits_as_questions, a.payload_bytes,
           a.ratio_uniform, a.ratio_coded, a.tokens_small, a.tokens_large, a.flop, a.seconds, a.money});
      out += csv_line(line);
    }
  return out;
}

std::string lossless_csv(const std::vector<Measurements>& measurements) {
  std::string out = csv_line({"file", "tool", "options", "group", "bytes_in", "bytes_out", "bits_per_byte",
                              "compress_seconds", "decompress_seconds", "compress_cpu_seconds",
                              "decompress_cpu_seconds", "compress_peak_bytes", "decompress_peak_bytes", "model_bytes"});
  for (const Measurements& m : measurements)
    for (const Measurement& row : m.rows) {
      std::vector<std::string> line = {row.file, row.tool, row.options, row.group};
      for (const double value : {row.bytes_in, row.bytes_out, row.bits_per_byte(), row.encode_seconds,
                                 row.decode_seconds, row.encode_cpu_seconds < 0 ? kNothing : row.encode_cpu_seconds,
                                 row.decode_cpu_seconds < 0 ? kNothing : row.decode_cpu_seconds, row.encode_peak,
                                 row.decode_peak, row.model_bytes})
        line.push_back(cell(value));
      out += csv_line(line);
    }
  return out;
}

}  // namespace koan::report
