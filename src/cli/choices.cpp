#include "cli/choices.h"

#include <cstdio>

namespace koan::cli {
namespace {

std::vector<double> shares_of(std::span<const ChoiceScore> scores) {
  double total = 0;
  for (const ChoiceScore& score : scores) total += static_cast<double>(score.weight);
  std::vector<double> out;
  for (const ChoiceScore& score : scores) out.push_back(static_cast<double>(score.weight) / total);
  return out;
}

}  // namespace

void print_choices(std::span<const std::string> choices, std::span<const ChoiceScore> scores) {
  const std::vector<double> shares = shares_of(scores);
  for (std::size_t i = 0; i < choices.size(); ++i) std::printf("%.6f  %s\n", shares[i], printable(choices[i]).c_str());
}

Json json_of_choices(std::span<const std::string> choices, std::span<const ChoiceScore> scores, bool exact) {
  const std::vector<double> shares = shares_of(scores);
  Json out = Json::array();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    Json& one = out.emplace_back(Json{{"text", choices[i]}, {"probability", shares[i]}});
    if (exact) one["weight"] = scores[i].weight;
    one["bits"] = scores[i].bits;
  }
  return out;
}

}  // namespace koan::cli
