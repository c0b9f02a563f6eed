// LaTeX, and what people write instead of it, as tokens (docs/evaluation.md, "Graders").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace koan::grade {

struct MathToken {
  enum class Kind {
    kNumber,   // digits with at most one point, separators of thousands taken out
    kLetter,   // one
    kWord,     // two letters or more that are no function: a word, a unit or a product
    kText,     // what stands in \text{} and has words, without space around it
    kCommand,  // a LaTeX command without its backslash, in one spelling (frac, le, cup ...), or a function's name; "{"
               // and "}" are \{ and \}
    kSign,     // one character
    kRow,      // the end of a matrix's row
    kBegin,    // \begin{pmatrix}: "pmatrix"
    kEnd,
  };
  Kind kind = Kind::kSign;
  std::string text;
  bool spaced = false;  // space before it

  bool is(char sign) const { return kind == Kind::kSign && text[0] == sign; }
  bool is_command(std::string_view name) const { return kind == Kind::kCommand && text == name; }
};

// `join`: the comma of 1,234 outside of brackets separates thousands; that of 1{,}234 and 1,\!234 always does. Nothing:
// longer than 4096 bytes, nested more than 32 deep, or not readable.
std::optional<std::vector<MathToken>> math_tokens(std::string_view text, bool join);

}  // namespace koan::grade
