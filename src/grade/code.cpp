#include "grade/code.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "formats/json_document.h"
#include "grade/thoughts.h"
#include "text/replace.h"
#include "text/strip.h"

namespace koan::grade {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// The fence that a line is, without what stands behind it: ``` or more, ~~~ or more.
std::string_view fence_of(std::string_view line) {
  line = strip(line);
  if (!line.starts_with("```") && !line.starts_with("~~~")) return {};
  return line.substr(0, std::min(line.find_first_not_of(line.front()), line.size()));
}

std::vector<std::string> fenced_blocks(std::string_view text) {
  std::vector<std::string> out;
  std::string_view open;
  for (const std::string_view line : lines_of(text)) {
    const std::string_view fence = fence_of(line);
    if (open.empty() && !fence.empty()) {
      open = fence;
      out.emplace_back();
    } else if (!open.empty() && fence.starts_with(open) && strip(line) == fence) {
      open = {};
    } else if (!open.empty()) {
      out.back().append(line).append("\n");
    }
  }
  return out;
}

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// "def name(" or "class name", at the beginning of a line.
bool defines(std::string_view code, std::string_view name) {
  const auto lines = lines_of(code);
  return std::any_of(lines.begin(), lines.end(), [&](std::string_view line) {
    for (const std::string_view word : {"def ", "async def ", "class "}) {
      if (!line.starts_with(word)) continue;
      const std::string_view rest = strip(line.substr(word.size()));
      if (name.empty() || (rest.starts_with(name) && (rest.size() == name.size() || !is_name(rest[name.size()]))))
        return true;
    }
    // f = lambda x: ...
    return !name.empty() && line.starts_with(name) && strip(line.substr(name.size())).starts_with("=");
  });
}

bool starts_code(std::string_view line) {
  for (const std::string_view word : {"def ", "async def ", "class ", "import ", "@"})
    if (line.starts_with(word)) return true;
  return line.starts_with("from ") && line.find(" import ") != std::string_view::npos;
}

// A line at the margin that no Python program has: two words in a row, the first of which is no keyword.
bool is_prose(std::string_view line) {
  if (line.empty() || is_space(line.front())) return false;
  if (line.starts_with("**") || line.starts_with("- ") || line.starts_with("* ")) return true;
  constexpr std::array<std::string_view, 22> kKeywords = {
      "def",    "class",   "import", "from",   "if",    "elif", "else",   "for",   "while", "with",  "try",
      "except", "finally", "return", "assert", "raise", "del",  "global", "async", "not",   "print", "lambda"};
  std::size_t end = 0;
  while (end < line.size() && (is_name(line[end]) || line[end] == '\'')) ++end;
  if (end == 0 || end + 1 >= line.size()) return false;
  if (std::find(kKeywords.begin(), kKeywords.end(), line.substr(0, end)) != kKeywords.end()) return false;
  if (line[end] == ',' || line[end] == ':')
    return line.find('=') == std::string_view::npos && line.find('(') == std::string_view::npos;
  const std::string_view next = strip(line.substr(end));
  if (line[end] != ' ' || next.empty() || !is_name(next.front())) return false;
  constexpr std::array<std::string_view, 6> kOperators = {"in ", "is ", "and ", "or ", "if ", "not "};
  return std::none_of(kOperators.begin(), kOperators.end(),
                      [&](std::string_view word) { return next.starts_with(word); }) ||
         next.starts_with("is ");
}

std::optional<std::string> loose_code(std::string_view text) {
  std::optional<std::string> out;
  for (const std::string_view line : lines_of(text)) {
    if (!out && !starts_code(line)) continue;
    if (!out) out.emplace();
    if (is_prose(line)) break;
    out->append(line).append("\n");
  }
  return out;
}

// What completes a prompt that ends inside a function.
std::string as_body(std::string_view code) {
  while (code.starts_with("\n")) code.remove_prefix(1);
  const auto lines = lines_of(code);
  const bool indented = !lines.empty() && !lines.front().empty() && is_space(lines.front().front());
  if (indented) return std::string(code);
  std::string out;
  for (const std::string_view line : lines) out.append(line.empty() ? "" : "    ").append(line).append("\n");
  return out;
}

// As a Python literal: JSON's escapes are Python's.
std::string literal(const std::string& text) { return to_line(JsonDocument(text)); }

}  // namespace

std::string code_of_reply(std::string_view reply, const CodeTests& tests) {
  const std::string text = replaced(replaced(without_thoughts(reply), "\r\n", "\n"), "\r", "\n");
  const std::vector<std::string> blocks = fenced_blocks(text);
  const auto last = [&](std::string_view name) {
    return std::find_if(blocks.rbegin(), blocks.rend(), [&](const std::string& block) { return defines(block, name); });
  };
  if (!tests.entry_point.empty())
    if (const auto named = last(tests.entry_point); named != blocks.rend()) return *named;
  if (const auto any = last(""); any != blocks.rend()) return *any;
  if (!blocks.empty()) return blocks.back();
  if (const auto loose = loose_code(text)) return *loose;
  const bool body = !tests.prompt.empty() && !strip(text).empty();
  return body ? text : std::string();
}

std::string test_program(const CodeTests& tests, std::string_view code) {
  const bool whole = tests.prompt.empty() || defines(code, tests.entry_point);
  // A prompt ends with a docstring: a function of its own, which the whole one replaces. It keeps its imports and
  // helpers.
  const std::string candidate = tests.prompt + (whole ? "\n" + std::string(code) : as_body(code));
  std::string out = R"py(import os, sys, types

def refuse(*_):
    raise RuntimeError("the program ends the process")

os._exit = refuse
module = types.ModuleType("candidate")
sys.modules["candidate"] = module

def run(text, what):
    try:
        exec(compile(text, what, "exec"), module.__dict__)
    except BaseException as error:
        said = str(error).split("\n")[0][:200]
        sys.stdout.flush()
        print(what + ": " + type(error).__name__ + (": " + said if said else ""), file=sys.stderr, flush=True)
        sys.exit(1)

)py";
  if (!tests.setup.empty()) out += "run(" + literal(tests.setup) + ", \"setup\")\n";
  out += "run(" + literal(candidate) + ", \"program\")\n";
  for (std::size_t i = 0; i < tests.tests.size(); ++i)
    out += "run(" + literal(tests.tests[i]) + ", \"test " + std::to_string(i + 1) + " of " +
           std::to_string(tests.tests.size()) + "\")\n";
  return out;
}

}  // namespace koan::grade
