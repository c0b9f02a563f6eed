// The numbers that the paper published, from evals/paper.json.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/run_files.h"

namespace koan::report {

struct Published {
  double value = kNothing, deviation = kNothing;  // percent
};

struct PaperGroup {  // of problems
  double n = kNothing;
  Published blc, qa, qa_plus;
};

struct PaperSet {
  std::string name;
  std::vector<std::string> tasks;             // what koan may call it
  double small = kNothing, large = kNothing;  // percent right
  PaperGroup medium_hard, all;
  double response_tokens = kNothing, ratio = kNothing;
};

struct Paper {
  std::string source, models, notes;
  std::vector<PaperSet> sets;

  const PaperSet* find(const std::string& task) const;
};

// kCorrupt only if the file in the program is damaged.
Result<Paper> read_paper(std::string_view json);

}  // namespace koan::report
