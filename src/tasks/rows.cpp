#include "tasks/rows.h"

#include <algorithm>
#include <set>

#include "formats/csv.h"
#include "text/strip.h"

namespace koan::tasks {
namespace {

constexpr std::size_t kMaxLine = std::size_t{64} << 20;  // a line of HLE holds a picture
constexpr std::string_view kMark = "\xEF\xBB\xBF";

Error at_line(std::size_t line, const std::string& what) {
  return Error{ErrorCode::kCorrupt, "line " + std::to_string(line) + ": " + what};
}

}  // namespace

Result<std::vector<Row>> parse_jsonl(std::string_view text) {
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  std::vector<Row> out;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = strip(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    auto fields = parse_json_document(one, kMaxLine);
    if (!fields) return std::move(fields).error().in("line " + std::to_string(line));
    out.push_back({std::move(*fields), line});
  }
  return out;
}

Result<std::vector<Row>> parse_csv(std::string_view text) {
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  KOAN_ASSIGN(std::vector<CsvRecord> records, read_csv(text));
  if (records.empty()) return at_line(1, "no line of names");
  const std::vector<std::string> names = std::move(records.front().fields);
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size())
    return at_line(1, "a name of a column comes twice");
  std::vector<Row> out;
  for (std::size_t r = 1; r < records.size(); ++r) {
    auto& [values, line] = records[r];
    if (values.size() == 1 && values[0].empty()) continue;
    if (values.size() != names.size())
      return at_line(line, std::to_string(values.size()) + " fields, but " + std::to_string(names.size()) + " names");
    Row row{JsonDocument::object(), line};
    for (std::size_t i = 0; i < names.size(); ++i) row.fields[names[i]] = std::move(values[i]);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace koan::tasks
