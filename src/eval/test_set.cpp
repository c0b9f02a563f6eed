#include "eval/test_set.h"

#include <nlohmann/json.hpp>

namespace koan {
namespace {

using Json = nlohmann::json;

// The string at a key; empty without one.
std::string string_at(const Json& json, const std::string& key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

Result<TestSet> parse_test_set(ByteView jsonl, const EvalFields& fields) {
  TestSet out;
  std::string_view rest = as_text(jsonl);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) return Error{ErrorCode::kCorrupt, "line " + std::to_string(number) + ": not a JSON object"};
    std::string text = string_at(json, fields.text);
    if (text.empty())
      return Error{ErrorCode::kCorrupt, "line " + std::to_string(number) + ": no text in \"" + fields.text + "\""};
    out.text_bytes += text.size();
    out.texts.push_back(std::move(text));
    out.has_context.push_back(!string_at(json, fields.context).empty());
    out.groups.push_back(string_at(json, fields.group));
  }
  if (out.texts.empty()) return Error{ErrorCode::kUsage, "empty"};
  return out;
}

}  // namespace koan
