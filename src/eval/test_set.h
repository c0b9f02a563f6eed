// Texts of JSONL files: what is coded and what it is trained on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "eval/spec.h"

namespace koan {

struct TestSet {
  std::vector<std::string> texts;
  std::vector<bool> has_context;
  std::vector<std::string> groups;  // names; empty: a group of its own
  std::uint64_t text_bytes = 0;
};

// Every line must be an object with a text (kCorrupt with the line number); an empty file is kUsage.
Result<TestSet> parse_test_set(ByteView jsonl, const EvalFields& fields);

}  // namespace koan
