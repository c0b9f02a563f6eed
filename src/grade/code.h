// Answers that are Python programs (docs/evaluation.md, "Graders").
#pragma once

#include <string>
#include <string_view>

#include "grade/grade.h"

namespace koan::grade {

// The code in a reply: of its fenced blocks the last one that defines `entry_point`, or else the last with a def or
// class, or else the last; without a fence the lines from the first def, class, import or decorator on, up to prose. A
// reply that completes a prompt may be a bare body: all of it. With \n line ends.
std::string code_of_reply(std::string_view reply, const CodeTests& tests);

// A program that ends with exit code 0 only if every test passed. What went wrong is the last line it prints.
std::string test_program(const CodeTests& tests, std::string_view code);

}  // namespace koan::grade
