#include "cli/bench_rows.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace koan::cli {
namespace {

std::string speed_cell(const Timing& timing, std::uint64_t raw) {
  const double kb = static_cast<double>(raw) / 1000;
  return format("%.1f (%.1f-%.1f)", kb / timing.median(), kb / timing.highest(), kb / timing.lowest());
}

Json json_of(const Timing& timing, std::uint64_t raw) {
  return {{"seconds", timing.seconds}, {"median_bytes_per_second", static_cast<double>(raw) / timing.median()}};
}

void add(Timing& sum, const Timing& other) {
  sum.seconds.resize(other.seconds.size());
  for (std::size_t run = 0; run < sum.seconds.size(); ++run) sum.seconds[run] += other.seconds[run];
}

Json json_of(const MeasuredInput& input, const Arguments& arguments) {
  Json rows = Json::array();
  for (const Measured& row : input.rows) rows.push_back(cli::json_of(row, input.raw_bytes));
  return {
      {"file", input.file}, {"raw_bytes", input.raw_bytes}, {"threads", arguments.threads}, {"rows", std::move(rows)}};
}

bool has_memory(const MeasuredInput& input) {
  return std::any_of(input.rows.begin(), input.rows.end(), [](const Measured& m) { return m.encode_peak_bytes != 0; });
}

}  // namespace

Result<BenchInput> open_bench_input(const std::string& path) {
  BenchInput out;
  KOAN_ASSIGN(out.handle, open_for_reading(path));
  struct stat info {};
  if (::fstat(out.handle.fd(), &info) != 0) return io_error(path, errno);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::kUsage, path + ": bench needs a regular file"};
  if (info.st_size == 0) return Error{ErrorCode::kUsage, path + ": empty, nothing to measure"};
  out.bytes = static_cast<std::uint64_t>(info.st_size);
  return out;
}

std::vector<std::string> bench_header(bool memory) {
  std::vector<std::string> out = {"", "bytes", "ratio", "bits/byte", "encode KB/s", "decode KB/s"};
  if (memory) out.insert(out.end(), {"encode MB", "decode MB"});
  return out;
}

std::vector<std::string> bench_row(const Measured& m, std::uint64_t raw, bool memory) {
  if (!m.missing.empty()) return {m.name, m.missing};
  std::vector<std::string> out = {m.name,
                                  std::to_string(m.coded_bytes),
                                  format("%.1f%%", percent(m.coded_bytes, raw)),
                                  format("%.3f", bits_per_byte(m.coded_bytes, raw)),
                                  speed_cell(m.encode, raw),
                                  speed_cell(m.decode, raw)};
  if (memory) {
    out.push_back(format("%.1f", static_cast<double>(m.encode_peak_bytes) / 1e6));
    out.push_back(format("%.1f", static_cast<double>(m.decode_peak_bytes) / 1e6));
  }
  return out;
}

Json json_of(const Measured& m, std::uint64_t raw) {
  if (!m.missing.empty()) return {{"name", m.name}, {"missing", m.missing}};
  Json out = {{"name", m.name},
              {"coded_bytes", m.coded_bytes},
              {"bits_per_byte", bits_per_byte(m.coded_bytes, raw)},
              {"encode", json_of(m.encode, raw)},
              {"decode", json_of(m.decode, raw)}};
  if (m.encode_peak_bytes != 0) {
    out["encode_peak_bytes"] = m.encode_peak_bytes;
    out["decode_peak_bytes"] = m.decode_peak_bytes;
  }
  return out;
}

MeasuredInput pooled(const std::vector<MeasuredInput>& inputs) {
  MeasuredInput out;
  out.file = "pooled";
  for (const MeasuredInput& input : inputs) {
    out.raw_bytes += input.raw_bytes;
    out.rows.resize(input.rows.size());
    for (std::size_t i = 0; i < input.rows.size(); ++i) {
      const Measured& row = input.rows[i];
      Measured& sum = out.rows[i];
      sum.name = row.name;
      sum.coded_bytes += row.coded_bytes;
      add(sum.encode, row.encode);
      add(sum.decode, row.decode);
      sum.encode_peak_bytes = std::max(sum.encode_peak_bytes, row.encode_peak_bytes);
      sum.decode_peak_bytes = std::max(sum.decode_peak_bytes, row.decode_peak_bytes);
    }
  }
  return out;
}

void print_rows(const MeasuredInput& input, const Arguments& arguments, bool memory) {
  std::printf("%s: %llu bytes, %u thread%s, median of %u runs (lowest-highest)\n", printable(input.file).c_str(),
              static_cast<unsigned long long>(input.raw_bytes), arguments.threads, arguments.threads == 1 ? "" : "s",
              arguments.runs);
  Table table(bench_header(memory));
  for (const Measured& row : input.rows) table.add(bench_row(row, input.raw_bytes, memory));
  std::fputs(table.text().c_str(), stdout);
}

int finish_rows(const std::vector<MeasuredInput>& inputs, Json files, const Outcomes& outcomes,
                const Arguments& arguments) {
  for (const MeasuredInput& input : inputs) files.push_back(json_of(input, arguments));
  Json more = Json::object();
  if (inputs.size() > 1) {
    const MeasuredInput all = pooled(inputs);
    more["pooled"] = json_of(all, arguments);
    if (!arguments.json) print_rows(all, arguments, has_memory(all));
  }
  if (arguments.json) print_json("bench", std::move(files), outcomes.exit_code(), false, more);
  return outcomes.exit_code();
}

}  // namespace koan::cli
