#include "remote/first_token.h"

#include <algorithm>
#include <cmath>

namespace koan {
namespace {

std::string_view without_spaces(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \n\t"), text.size()));
}

// The choice that a token is for; choices.size() if none, or more than one.
std::size_t choice_of(const std::string& token, std::span<const std::string> choices) {
  const std::string_view word = without_spaces(token);
  std::size_t found = choices.size(), longest = 0, sharing = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::string_view choice = without_spaces(choices[i]);
    if (word.empty() || choice.empty()) continue;
    if (word.starts_with(choice)) {  // the longest choice that the token has written out
      if (choice.size() > longest) found = i;
      longest = std::max(longest, choice.size());
    } else if (choice.starts_with(word)) {
      ++sharing;
      if (longest == 0) found = i;
    }
  }
  return sharing + (longest != 0 ? 1 : 0) == 1 ? found : choices.size();
}

}  // namespace

Status checked_choices(std::span<const std::string> choices) {
  if (choices.empty()) return Error{ErrorCode::kUsage, "there is no choice"};
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (without_spaces(choices[i]).empty()) return Error{ErrorCode::kUsage, "a choice is empty"};
    for (std::size_t j = 0; j < i; ++j)
      if (without_spaces(choices[i]) == without_spaces(choices[j]))
        return Error{ErrorCode::kUsage, "the choice '" + choices[i] + "' is there twice"};
  }
  return {};
}

Result<std::vector<ChoiceScore>> weigh_choices(std::span<const TokenLogprob> first,
                                               std::span<const std::string> choices) {
  if (first.empty()) return Error{ErrorCode::kNotSupported, "the server gives no probabilities of tokens (logprobs)"};
  std::vector<double> probability(choices.size());
  double least = 1;
  bool any = false;
  for (const TokenLogprob& token : first) {
    const double p = std::exp(std::min(0.0, token.logprob));
    least = std::min(least, p);
    const std::size_t choice = choice_of(token.token, choices);
    if (choice == choices.size()) continue;
    probability[choice] += p;
    any = true;
  }
  if (!any) {
    return Error{ErrorCode::kNotSupported, "none of the choices is among the " + std::to_string(first.size()) +
                                               " most probable beginnings of the reply"};
  }
  std::vector<ChoiceScore> out;
  for (const double sum : probability) {
    const double p = std::clamp(sum > 0 ? sum : least, 0x1p-40, 1.0);
    out.push_back({static_cast<std::uint64_t>(std::llround(std::ldexp(p, 40))), -std::log2(p)});
  }
  return out;
}

}  // namespace koan
