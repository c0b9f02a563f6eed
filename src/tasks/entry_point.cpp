#include "tasks/entry_point.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "text/strip.h"

namespace koan::tasks {
namespace {

constexpr std::string_view kDef = "def ";

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view name_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_name(text[end])) ++end;
  return text.substr(at, end - at);
}

// Where the name of `name`'s definition at the margin begins, or npos; any function if it is empty. The last one.
std::size_t definition(std::string_view text, std::string_view name) {
  std::size_t out = std::string_view::npos;
  for (std::size_t at = text.find(kDef); at != std::string_view::npos; at = text.find(kDef, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;
    const std::size_t begin = std::min(text.find_first_not_of(' ', at + kDef.size()), text.size());
    const std::string_view found = name_at(text, begin);
    if (!found.empty() && (name.empty() || found == name)) out = begin;
  }
  return out;
}

std::vector<std::string_view> calls(std::string_view test) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < test.size();) {
    const std::string_view name = name_at(test, i);
    if (name.empty()) {
      ++i;
      continue;
    }
    i += name.size();
    const std::size_t next = test.find_first_not_of(' ', i);
    if (next != std::string_view::npos && test[next] == '(' && name != "assert" && name != "not") out.push_back(name);
  }
  return out;
}

}  // namespace

std::string called_function(std::string_view test, std::string_view solution) {
  const std::vector<std::string_view> names = calls(test);
  for (const std::string_view name : names)
    if (definition(solution, name) != std::string_view::npos) return std::string(name);
  return names.empty() ? std::string() : std::string(names.front());
}

std::string last_function(std::string_view text) {
  const std::size_t at = definition(text, "");
  return at == std::string_view::npos ? std::string() : std::string(name_at(text, at));
}

std::string signature(std::string_view name, std::string_view solution) {
  const std::size_t at = name.empty() ? std::string_view::npos : definition(solution, name);
  if (at == std::string_view::npos) return std::string(name);
  int depth = 0;
  for (std::size_t i = at + name.size(); i < solution.size(); ++i) {
    if (solution[i] == '(') ++depth;
    if (solution[i] == ')' && --depth == 0) return std::string(solution.substr(at, i + 1 - at));
    if (solution[i] == '\n' && depth == 0) break;
  }
  return std::string(name);
}

}  // namespace koan::tasks
