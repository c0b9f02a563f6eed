// Words of a Jinja template (the language of chat templates), with the whitespace rules that Hugging Face uses:
// trim_blocks and lstrip_blocks are on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace koan::jinja {

struct Word {
  enum class Kind {
    kText,         // between tags
    kOpenOutput,   // {{
    kCloseOutput,  // }}
    kOpenBlock,    // {%
    kCloseBlock,   // %}
    kName,
    kString,  // text: unescaped
    kNumber,
    kSymbol,  // operators and brackets
    kEnd
  };
  Kind kind = Kind::kEnd;
  std::string text;
  std::size_t line = 1;
};

// Errors: kCorrupt with the line.
Result<std::vector<Word>> read_words(std::string_view source);

}  // namespace koan::jinja
