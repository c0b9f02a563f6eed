// Finds tokens that stand in a text as they are: special tokens in what a template wrote, added words in any text.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/tokenizer.h"

namespace koan {

class LiteralMatcher {
 public:
  void add(std::string_view text, Token token);  // an empty text is ignored; of equal ones the first counts
  bool empty() const noexcept { return tokens_.empty(); }

  // Length and id of the longest that `text` begins with; length 0 if there is none.
  std::pair<std::size_t, Token> match(std::string_view text) const noexcept;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, Token, Hash, std::equal_to<>> tokens_;
  std::vector<std::size_t> lengths_;  // that occur, longest first
  bool first_[256] = {};              // bytes that one begins with
};

}  // namespace koan
