// What tests of graders share: tables in tests/grade, and a way to run programs that the tests themselves wrote.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "grade/grade.h"
#include "text/replace.h"

namespace koan::grade {

struct TableRow {
  std::vector<std::string> cells;  // "\n" in them is a line end
  std::size_t line = 0;
};

inline std::vector<TableRow> read_table(const std::string& path, bool line_ends) {
  std::ifstream in(path);
  std::vector<TableRow> out;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    TableRow row;
    row.line = number;
    for (std::size_t at = 0; at <= line.size();) {
      const std::size_t end = std::min(line.find('\t', at), line.size());
      const std::string cell = line.substr(at, end - at);
      row.cells.push_back(line_ends ? replaced(cell, "\\n", "\n") : cell);
      at = end + 1;
    }
    out.push_back(row);
  }
  EXPECT_GT(out.size(), 5u) << path;
  return out;
}

// Without a sandbox: only for programs of benchmarks and of these tests, which are trusted.
inline Result<Grade> run_trusted(const std::string& program) {
  namespace fs = std::filesystem;
  char name[] = "/tmp/koan-grade-XXXXXX";
  if (::mkdtemp(name) == nullptr) return Error{ErrorCode::kIo, "no scratch folder"};
  const std::string folder = name;
  std::ofstream(folder + "/program.py") << program;
  const std::string command = "cd " + folder + " && timeout 30 python3 -I program.py </dev/null >said 2>&1";
  const int status = std::system(command.c_str());
  Grade out;
  out.right = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  std::ifstream said(folder + "/said");
  if (!out.right) {
    for (std::string line; std::getline(said, line);) out.why = line;
    if (out.why.empty()) out.why = "it said nothing";
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return out;
}

inline bool has_python() { return std::system("python3 -c 0 >/dev/null 2>&1") == 0; }

}  // namespace koan::grade
