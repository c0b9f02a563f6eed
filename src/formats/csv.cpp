#include "formats/csv.h"

#include <algorithm>

namespace koan {
namespace {

constexpr std::size_t kMostColumns = 1024;

Error at_line(std::size_t line, const std::string& what) {
  return Error{ErrorCode::kCorrupt, "line " + std::to_string(line) + ": " + what};
}

class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }
  std::size_t line() const { return line_; }

  Result<std::vector<std::string>> record() {
    std::vector<std::string> out;
    for (;;) {
      KOAN_ASSIGN(std::string field, next_field());
      out.push_back(std::move(field));
      if (out.size() > kMostColumns) return at_line(line_, "more than " + std::to_string(kMostColumns) + " fields");
      if (done()) return out;
      const char c = text_[at_++];
      if (c == ',') continue;
      if (c == '\r' && !done() && text_[at_] == '\n') ++at_;
      ++line_;
      return out;
    }
  }

 private:
  Result<std::string> next_field() {
    if (!text_.substr(at_).starts_with('"')) {
      const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
      const std::string_view field = text_.substr(at_, end - at_);
      at_ = end;
      return std::string(field);
    }
    const std::size_t begun = line_;
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') ++line_;
      if (c != '"') {
        out += c;
      } else if (text_.substr(at_ + 1).starts_with('"')) {
        out += text_[++at_];
      } else {
        ++at_;
        const bool ends = done() || std::string_view(",\r\n").find(text_[at_]) != std::string_view::npos;
        if (!ends) return at_line(line_, "text behind a quoted field");
        return out;
      }
    }
    return at_line(begun, "a quote that never closes");
  }

  std::string_view text_;
  std::size_t at_ = 0, line_ = 1;
};

}  // namespace

Result<std::vector<CsvRecord>> read_csv(std::string_view text) {
  CsvReader in(text);
  std::vector<CsvRecord> out;
  while (!in.done()) {
    const std::size_t line = in.line();
    KOAN_ASSIGN(std::vector<std::string> fields, in.record());
    out.push_back({std::move(fields), line});
  }
  return out;
}

}  // namespace koan
