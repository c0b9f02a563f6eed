// What the command says: messages and summaries on stderr, tables and JSON on stdout.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/arguments.h"
#include "koan/koan.h"

namespace koan::cli {

using Json = nlohmann::ordered_json;

// One line on stderr: "koan: MESSAGE". Control characters, which file names may hold, are shown as \n or \x1b.
void complain(const std::string& message);
void say(const std::string& line);
std::string printable(const std::string& text);

// printf into a string.
std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

double bits_per_byte(std::uint64_t coded, std::uint64_t raw) noexcept;  // 0 if raw is 0
double percent(std::uint64_t part, std::uint64_t whole) noexcept;       // 0 if whole is 0
std::string human_size(std::uint64_t bytes);                            // "12.3 MiB"

Json json_of(const koan_stats& stats);
Json json_of(const Error& error);
// The object of a command: {"koan": version, "command": ..., "exit_code": ..., "files": [...]}, then what else there
// is.
void print_json(const char* command, Json files, int exit_code, bool on_stderr, const Json& more = Json::object());

// One line of JSON on stdout. What is not UTF-8 becomes U+FFFD.
void print_line(const Json& json);

// Rows of cells as columns; the first column and those in `left` are left-aligned.
class Table {
 public:
  explicit Table(std::vector<std::string> header, std::vector<std::size_t> left = {0}) : left_(std::move(left)) {
    rows_.push_back(std::move(header));
  }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::size_t> left_;
  std::vector<std::vector<std::string>> rows_;
};

// The exit code of a command over several files is that of the first error.
class Outcomes {
 public:
  void failed(const Error& error);  // complains and remembers
  int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_ = 0;
};

}  // namespace koan::cli
