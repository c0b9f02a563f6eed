// Text as HTML. Everything that reaches a page passes here: what models write is hostile until it is escaped.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json_document.h"

namespace koan::report {

std::string joined(std::initializer_list<std::string_view> parts);

// As the content of an element or of an attribute in double quotes. What is no UTF-8, and control characters but tab
// and line feed, become U+FFFD.
std::string escape(std::string_view text);
// As the content of a script element of type application/json.
std::string json_for_script(const JsonDocument& value);

struct Cell {
  std::string text;
  bool marked = false;  // stands out
  Cell(std::string words, bool stands_out = false) : text(std::move(words)), marked(stands_out) {}
  Cell(const char* words) : text(words) {}
};

struct HtmlTable {
  std::string caption;
  std::vector<std::string> head;
  std::vector<std::vector<Cell>> rows;
  std::size_t left = 1;  // so many columns hold words, the others numbers
};

std::string to_html(const HtmlTable& table);

// Numbers for people: a dash where there is none (not a number).
std::string fixed(double value, int digits);
std::string percent(double share, int digits = 1);  // 0.123 as 12.3%
std::string brief(double value);                    // three significant digits, 1.2k, 3.4M
struct Interval;
std::string percent(const Interval& interval);

// RFC 4180, lines ending in LF. A cell that a spreadsheet would take for a formula gets an apostrophe in front.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace koan::report
