// The domains that routing is measured on: training and test texts, split so that no problem is in both.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace koan {

struct RouteText {
  std::string text, prompt;
};
struct RouteDomain {
  std::string name;
  std::vector<RouteText> train;  // about 2 MB
  std::vector<RouteText> test;   // at most 300
};

inline constexpr std::size_t kPromptedDomains = 5;  // the first ones; the others have no prompts

// adapt/* as it is split there, and eight files of train/ split by a hash of the question (or else of the text).
Result<std::vector<RouteDomain>> read_route_domains(const std::string& corpus);

}  // namespace koan
