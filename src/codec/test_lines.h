// Lines of JSON for tests: what logs hold, and what nobody would write.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "codec/record_block.h"

namespace koan {

// Lines that mostly have a text under `fields`, which is one of test_fields(): random nesting, every style of escapes,
// invalid UTF-8, CR LF, empty lines, keys that come twice, lines that are no objects or no JSON. The last may lack its
// LF.
std::string random_lines(std::mt19937& random, const RecordFields& fields, std::size_t lines);
const std::vector<RecordFields>& test_fields();

// Plain lines {"id": .., "prompt": .., "response": ..} with texts of about `bytes`.
std::string plain_lines(std::size_t lines, std::size_t bytes, unsigned seed);

// Lines first .. first + count - 1, of which the last may lack its LF.
std::string some_lines(const std::string& text, std::uint64_t first, std::uint64_t count);

}  // namespace koan
