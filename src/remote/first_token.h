// Choices weighed by the probabilities that a server gives for the first token of its reply (docs/remote.md, Choices).
#pragma once

#include <span>

#include "remote/dialect.h"

namespace koan {

// Errors: kUsage for no choice, an empty one, or one that occurs twice.
Status checked_choices(std::span<const std::string> choices);

// A token counts for a choice if one is the beginning of the other, spaces in front of the token aside, and if that is
// so for one choice alone. A choice without a token gets the least probability that was given, which is the most that
// it can have. Errors: kNotSupported if no token was given, or none counts for any choice.
Result<std::vector<ChoiceScore>> weigh_choices(std::span<const TokenLogprob> first,
                                               std::span<const std::string> choices);

}  // namespace koan
