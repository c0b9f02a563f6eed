// How probable given texts are, as koan generate --choice shows it.
#pragma once

#include <span>
#include <string>

#include "chat/generator.h"
#include "cli/report.h"

namespace koan::cli {

// One line a choice on stdout: its share of the weights of all, and the text.
void print_choices(std::span<const std::string> choices, std::span<const ChoiceScore> scores);
// The same as a list of objects, with the bits; `exact`: with the weights too.
Json json_of_choices(std::span<const std::string> choices, std::span<const ChoiceScore> scores, bool exact);

}  // namespace koan::cli
