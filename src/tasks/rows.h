// The rows of a benchmark's file: lines of JSON, or CSV (RFC 4180) with a line of names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "formats/json_document.h"

namespace koan::tasks {

struct Row {
  JsonDocument fields;   // an object; of CSV: of strings
  std::size_t line = 0;  // where it begins, from 1
};

// Empty lines are passed over. Errors: kCorrupt with the line.
Result<std::vector<Row>> parse_jsonl(std::string_view text);
// Fields in quotes may hold commas, line ends and doubled quotes. Errors: kCorrupt with the line: a row with another
// number of fields than the first, a quote that never closes or that text follows, a name that comes twice.
Result<std::vector<Row>> parse_csv(std::string_view text);

}  // namespace koan::tasks
