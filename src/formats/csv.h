// CSV (RFC 4180): lines of fields between commas; those in quotes may hold commas, line ends and doubled quotes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace koan {

struct CsvRecord {
  std::vector<std::string> fields;
  std::size_t line = 0;  // where it begins, from 1
};

// An empty line is a record of one empty field. Errors: kCorrupt with the line: a quote that never closes or that text
// follows, more than 1024 fields.
Result<std::vector<CsvRecord>> read_csv(std::string_view text);

}  // namespace koan
