#include "report/measurements.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <numeric>

#include "base/file.h"
#include "base/hash.h"
#include "formats/csv.h"
#include "formats/json_document.h"

namespace koan::report {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{64} << 20;

using Row = std::map<std::string, std::string>;

// Absent or empty: what is said. kCorrupt if it is no number.
Result<double> number(const Row& row, const std::string& column, double otherwise) {
  const auto at = row.find(column);
  if (at == row.end() || at->second.empty()) return otherwise;
  double value = 0;
  const std::string& cell = at->second;
  const auto read = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (read.ec != std::errc() || read.ptr != cell.data() + cell.size())
    return Error{ErrorCode::kCorrupt, column + ": not a number: " + cell};
  return value;
}

std::string cell(const Row& row, const std::string& column) {
  const auto at = row.find(column);
  return at == row.end() ? std::string() : at->second;
}

std::string group_of(const Measurement& row) {
  if (row.tool != "koan") return "others";
  return row.model_bytes > 0 ? "koan" : "koan without a model";
}

Status add_measured(const Row& row, Measurements& out) {
  if (cell(row, "status") == "published") return {};
  Measurement m;
  m.file = cell(row, "file");
  m.tool = cell(row, "tool");
  m.options = cell(row, "options");
  const std::pair<double Measurement::*, const char*> columns[] = {
      {&Measurement::bytes_in, "bytes_in"},
      {&Measurement::bytes_out, "bytes_out"},
      {&Measurement::encode_seconds, "compress_seconds"},
      {&Measurement::decode_seconds, "decompress_seconds"},
      {&Measurement::encode_cpu_seconds, "compress_cpu_seconds"},
      {&Measurement::decode_cpu_seconds, "decompress_cpu_seconds"},
      {&Measurement::encode_peak, "compress_peak_bytes"},
      {&Measurement::decode_peak, "decompress_peak_bytes"},
      {&Measurement::model_bytes, "model_bytes"}};
  for (const auto& [member, column] : columns) {
    KOAN_ASSIGN(m.*member, number(row, column, m.*member));
  }
  m.group = cell(row, "group").empty() ? group_of(m) : cell(row, "group");
  out.rows.push_back(std::move(m));
  return {};
}

Status add_domain(const Row& row, Measurements& out) {
  Domain d;
  d.domain = cell(row, "domain");
  d.condition = cell(row, "condition");
  d.adapter = cell(row, "adapter");
  KOAN_ASSIGN(d.bits_per_byte, number(row, "bits_per_byte", 0));
  KOAN_ASSIGN(d.low, number(row, "low", 0));
  KOAN_ASSIGN(d.high, number(row, "high", 0));
  out.domains.push_back(std::move(d));
  return {};
}

Status add_csv(std::string_view text, Measurements& out) {
  KOAN_ASSIGN(const std::vector<CsvRecord> lines, read_csv(text));
  if (lines.empty()) return Error{ErrorCode::kCorrupt, "empty"};
  const auto& header = lines.front().fields;
  const auto has = [&](const char* column) { return std::find(header.begin(), header.end(), column) != header.end(); };
  const bool measured = has("compress_seconds") && has("bytes_out");
  if (!measured && !(has("condition") && has("bits_per_byte")))
    return Error{ErrorCode::kCorrupt,
                 "its columns are neither those of bench/peers and bench/frontier nor those of koan eval lossless"};
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto& [cells, number] = lines[i];
    if (cells.size() != header.size())
      return Error{ErrorCode::kCorrupt,
                   "line " + std::to_string(number) + ": another number of cells than in the header"};
    Row row;
    for (std::size_t j = 0; j < header.size(); ++j) row[header[j]] = cells[j];
    const Status added = measured ? add_measured(row, out) : add_domain(row, out);
    if (!added) return Error(added.error()).in("line " + std::to_string(number));
  }
  return {};
}

double real(const JsonDocument& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

std::string text_of(const JsonDocument& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

// A row of koan bench --json.
void add_bench(const JsonDocument& row, const JsonDocument& file, const std::string& name, Measurements& out) {
  if (!row.is_object() || row.contains("missing") || !row.contains("coded_bytes")) return;
  Measurement m;
  m.file = text_of(file, "file");
  m.tool = name.empty() ? text_of(row, "name") : name;
  m.bytes_in = real(file, "raw_bytes");
  m.bytes_out = real(row, "coded_bytes");
  const auto median = [&](const char* way) {
    const double rate = row.contains(way) && row[way].is_object() ? real(row[way], "median_bytes_per_second") : 0;
    return rate > 0 ? m.bytes_in / rate : 0.0;
  };
  m.encode_seconds = median("encode");
  m.decode_seconds = median("decode");
  m.encode_peak = real(row, "encode_peak_bytes");
  m.decode_peak = real(row, "decode_peak_bytes");
  m.group = m.tool.starts_with("koan") || m.tool.starts_with("-") || !name.empty() ? "koan" : "others";
  out.rows.push_back(std::move(m));
}

Status add_json(std::string_view text, Measurements& out) {
  KOAN_ASSIGN(const JsonDocument document, parse_json_document(text, kMaxFile));
  if (!document.contains("files") || !document["files"].is_array())
    return Error{ErrorCode::kCorrupt, "not what koan bench --json writes"};
  for (const JsonDocument& file : document["files"]) {
    if (!file.is_object()) continue;
    if (file.contains("koan")) add_bench(file["koan"], file, "koan", out);
    for (const char* list : {"peers", "rows"})
      if (file.contains(list) && file[list].is_array())
        for (const JsonDocument& row : file[list]) add_bench(row, file, "", out);
  }
  return {};
}

}  // namespace

Result<Measurements> read_measurements(const std::string& path) {
  KOAN_ASSIGN(const Bytes bytes, read_file(path, kMaxFile));
  Measurements out{path, to_hex(sha256(bytes)), {}, {}};
  const std::string_view text = as_text(bytes);
  const Status added = text.starts_with("{") ? add_json(text, out) : add_csv(text, out);
  if (!added) return Error(added.error()).in(path);
  if (out.rows.empty() && out.domains.empty()) return Error{ErrorCode::kCorrupt, path + ": no measurements in it"};
  return out;
}

std::vector<std::size_t> frontier(const std::vector<Place>& places) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(places[a].seconds, places[a].size) < std::pair(places[b].seconds, places[b].size);
  });
  std::vector<std::size_t> out;
  double least = std::numeric_limits<double>::infinity();
  for (const std::size_t i : order) {
    if (places[i].size >= least) continue;
    least = places[i].size;
    out.push_back(i);
  }
  return out;
}

}  // namespace koan::report
