#include "cli/report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "cli/exit_code.h"
#include "formats/json_document.h"

namespace koan::cli {

std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += format("\\x%02x", byte);
    } else {
      out += c;
    }
  }
  return out;
}

void complain(const std::string& message) { std::fprintf(stderr, "koan: %s\n", printable(message).c_str()); }
void say(const std::string& line) { std::fprintf(stderr, "%s\n", printable(line).c_str()); }

std::string format(const char* pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, pattern, arguments);
  va_end(arguments);
  std::string out(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  std::vsnprintf(out.data(), out.size() + 1, pattern, again);
  va_end(again);
  return out;
}

double bits_per_byte(std::uint64_t coded, std::uint64_t raw) noexcept {
  return raw == 0 ? 0.0 : 8.0 * static_cast<double>(coded) / static_cast<double>(raw);
}
double percent(std::uint64_t part, std::uint64_t whole) noexcept {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string human_size(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return unit == 0 ? format("%llu B", static_cast<unsigned long long>(bytes)) : format("%.1f %s", value, kUnits[unit]);
}

Json json_of(const koan_stats& stats) {
  Json out = {{"raw_bytes", stats.raw_bytes},
              {"coded_bytes", stats.coded_bytes},
              {"bits_per_byte", bits_per_byte(stats.coded_bytes, stats.raw_bytes)},
              {"segments", stats.segments},
              {"tokens", stats.tokens},
              {"model_segments", stats.model_segments},
              {"model_raw_bytes", stats.model_raw_bytes},
              {"model_coded_bytes", stats.model_coded_bytes}};
  if (stats.records != 0) out["records"] = stats.records;
  if (stats.adapters != 0) out["adapters"] = stats.adapters;
  if (stats.model_ideal_bits > 0) out["model_ideal_bits"] = stats.model_ideal_bits;
  return out;
}

Json json_of(const Error& error) {
  return {{"code", koan_code_name(static_cast<koan_code>(error.code))},
          {"exit_code", exit_code(error.code)},
          {"message", error.message}};
}

void print_line(const Json& json) { std::printf("%s\n", to_line(json).c_str()); }

void print_json(const char* command, Json files, int exit_code, bool on_stderr, const Json& more) {
  Json object = {{"koan", koan_version()}, {"command", command}, {"exit_code", exit_code}, {"files", std::move(files)}};
  object.update(more);
  // File names need not be UTF-8; JSON must be.
  const std::string text = object.dump(2, ' ', false, Json::error_handler_t::replace);
  std::fprintf(on_stderr ? stderr : stdout, "%s\n", text.c_str());
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - row[i].size(), ' ');
      const bool left = std::find(left_.begin(), left_.end(), i) != left_.end();
      if (i != 0) out += "  ";
      out += left ? (i + 1 == row.size() ? row[i] : row[i] + pad) : pad + row[i];
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

void Outcomes::failed(const Error& error) {
  complain(error.message);
  if (exit_code_ == kExitOk) exit_code_ = cli::exit_code(error.code);
}

}  // namespace koan::cli
