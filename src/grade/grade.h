// Whether a reply is right. One rule for every arm, baseline and final alike (docs/evaluation.md, "Graders").
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/chat_model.h"

namespace koan::grade {

enum class Kind {
  kNumber,  // a value: integers, decimals, fractions, units, percent, separators of thousands
  kMath,    // a LaTeX expression, equal up to notation and simple algebra
  kLetter,  // the last explicit choice of a letter
  kCode,    // a program that passes all tests
  kJudge,   // free form, by a model with a strict reply format
};

struct CodeTests {
  std::string setup;               // runs before the candidate
  std::vector<std::string> tests;  // run after it, each must pass
  std::string entry_point;         // the function that they call; may be empty
  std::string prompt;              // HumanEval: the beginning that a bare body completes
};

struct Target {
  Kind kind = Kind::kNumber;
  std::string reference;    // the right answer; not used by kCode
  std::size_t choices = 0;  // of kLetter: A, B, ... up to this many
  std::string question;     // of kJudge: what was asked
  CodeTests code;
};

struct Grade {
  bool right = false;
  std::string answer;  // as it was read from the reply; empty: none was found
  std::string why;     // of a wrong one: no answer, differs, failed test, timeout ...
};

// What some kinds need. A kind that lacks its means is kUsage.
struct Means {
  ChatModel* judge = nullptr;
  // Runs a Python program; says whether it ended well, and why not. src/sandbox.
  std::function<Result<Grade>(const std::string& program)> run;
};

// Errors: kUsage (no means), those of the means. A reply that cannot be read is not an error but wrong.
Result<Grade> grade(const Target& target, std::string_view reply, const Means& means);
// What arms that compare answers (majority, candidates) take as the answer of a reply; empty if there is none.
std::string answer_of(const Target& target, std::string_view reply);
// Whether two answers, as answer_of() gives them, count as one.
bool same(const Target& target, std::string_view a, std::string_view b);

}  // namespace koan::grade
