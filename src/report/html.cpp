#include "report/html.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "base/html.h"
#include "base/utf8.h"
#include "report/run_files.h"

namespace koan::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr const char* kNone = "\u2013";

bool is_control(char32_t code) {
  return (code < 0x20 && code != '\t' && code != '\n') || (code >= 0x7f && code < 0xa0);
}

// Marks that turn the direction of what follows could show a text that is not there.
bool turns_direction(char32_t code) {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0x200e || code == 0x200f;
}

std::string number(const char* pattern, int digits, double value) {
  std::array<char, 64> text;
  const int n = std::snprintf(text.data(), text.size(), pattern, digits, value);
  return std::string(text.data(), static_cast<std::size_t>(std::max(0, std::min(n, 63))));
}

}  // namespace

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out += part;
  return out;
}

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  const ByteView bytes = as_bytes(text);
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_at(bytes, at);
    if (c.size == 0 || is_control(c.code) || turns_direction(c.code)) {
      out += kReplacement;
      at += std::max<std::size_t>(c.size, 1);
      continue;
    }
    const std::string_view entity = html_entity(text[at]);  // no part of a longer character
    out += entity.empty() ? text.substr(at, c.size) : entity;
    at += c.size;
  }
  return out;
}

std::string json_for_script(const JsonDocument& value) {
  std::string out;
  for (const char c : to_line(value)) {
    // The only ways out of such an element begin so; inside of a JSON string the escape means the same.
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else {
      out += c;
    }
  }
  return out;
}

std::string to_html(const HtmlTable& table) {
  std::string out = "<div class=\"table\"><table>";
  if (!table.caption.empty()) out += joined({"<caption>", escape(table.caption), "</caption>"});
  out += "<thead><tr>";
  for (std::size_t i = 0; i < table.head.size(); ++i)
    out += joined({"<th scope=\"col\"", i < table.left ? "" : " class=\"n\"", ">", escape(table.head[i]), "</th>"});
  out += "</tr></thead><tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string_view tag = i == 0 ? "th" : "td";
      std::string kind = i < table.left ? "" : "n";
      if (row[i].marked) kind += kind.empty() ? "marked" : " marked";
      if (!kind.empty()) kind = joined({" class=\"", kind, "\""});
      out += joined({"<", tag, i == 0 ? " scope=\"row\"" : "", kind, ">", escape(row[i].text), "</", tag, ">"});
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string fixed(double value, int digits) { return std::isfinite(value) ? number("%.*f", digits, value) : kNone; }

std::string percent(double share, int digits) {
  return std::isfinite(share) ? fixed(100 * share, digits) + "%" : kNone;
}

std::string percent(const Interval& interval) {
  if (!std::isfinite(interval.value)) return kNone;
  std::string out = percent(interval.value);
  if (std::isfinite(interval.low))
    out += joined({" (", fixed(100 * interval.low, 1), " to ", fixed(100 * interval.high, 1), ")"});
  return out;
}

std::string brief(double value) {
  if (!std::isfinite(value)) return kNone;
  constexpr std::array<const char*, 6> kUnits = {"", "k", "M", "G", "T", "P"};
  std::size_t unit = 0;
  double shown = value;
  for (; std::fabs(shown) >= 999.5 && unit + 1 < kUnits.size(); ++unit) shown /= 1000;
  return number("%.*g", 3, shown) + kUnits[unit];
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string cell = cells[i];
    const bool is_number = !cell.empty() && cell.find_first_not_of("0123456789+-.eE") == std::string::npos;
    if (!cell.empty() && !is_number && std::string_view("=+-@\t\r").find(cell[0]) != std::string_view::npos)
      cell.insert(cell.begin(), '\'');
    if (cell.find_first_of(",\"\r\n") != std::string::npos) {
      std::string quoted = "\"";
      for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
      cell = quoted + "\"";
    }
    if (i > 0) out += ',';
    out += cell;
  }
  return out + "\n";
}

}  // namespace koan::report
