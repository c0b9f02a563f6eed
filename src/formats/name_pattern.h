// The part of Python's regular expressions that PEFT's patterns for module names need (peft_config.h): characters,
// escapes of punctuation, \d \w \s, classes, groups, alternatives, repetition, ^ and $. Matching takes time
// proportional to pattern times text (Thompson, "Regular expression search algorithm", 1968), whatever the pattern.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace koan {

inline constexpr std::size_t kMaxPatternBytes = 1024;
inline constexpr std::size_t kMaxPatternSteps = 8192;

class NamePattern {
 public:
  // kNotSupported: what is beyond that part of the language, naming the pattern and the place; kLimit: its size.
  static Result<NamePattern> parse(std::string_view pattern);

  // The whole of `text`, as re.fullmatch.
  bool matches(std::string_view text) const;

 private:
  friend class PatternCompiler;
  enum class Step : std::uint8_t { kCharacter, kFork, kBegin, kEnd, kAccept };
  struct State {
    Step step;
    std::bitset<128> characters;  // of kCharacter
    std::uint32_t next = 0, other = 0;
  };
  struct Threads;
  void add(std::uint32_t state, bool at_begin, bool at_end, Threads& to) const;

  std::vector<State> states_;
  std::uint32_t start_ = 0;
};

}  // namespace koan
