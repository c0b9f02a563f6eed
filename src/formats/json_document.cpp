#include "formats/json_document.h"

#include <optional>
#include <set>
#include <vector>

namespace koan {
namespace {

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, what}; }

// What the tree would not show, or would make slow. Once there is an error, nothing more is kept.
class Guard {
 public:
  std::optional<Error> error;

  bool operator()(int, nlohmann::detail::parse_event_t event, JsonDocument& parsed) {
    using Event = nlohmann::detail::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      keys_.emplace_back();
      if (keys_.size() > kMaxDocumentDepth) fail(Error{ErrorCode::kLimit, "JSON nested too deeply"});
    } else if (event == Event::object_end || event == Event::array_end) {
      keys_.pop_back();
    } else if (event == Event::key && !error) {
      const auto* key = parsed.get_ptr<const std::string*>();
      if (keys_.back().size() == kMaxJsonKeys) fail(Error{ErrorCode::kLimit, "a JSON object with too many keys"});
      if (!keys_.back().insert(*key).second) fail(corrupt("'" + *key + "' is there twice"));
    }
    return !error;
  }

 private:
  void fail(Error what) {
    if (!error) error = std::move(what);
  }
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

Result<JsonDocument> parse_json_document(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return Error{ErrorCode::kLimit,
                 "JSON of " + std::to_string(text.size()) + " bytes, above the limit of " + std::to_string(max_bytes)};
  }
  // A first pass without a tree: what is not JSON, and how deep it is, must not cost memory.
  if (!JsonDocument::accept(text)) return corrupt("it is not JSON");
  Guard guard;
  JsonDocument out = JsonDocument::parse(
      text,
      [&](int depth, nlohmann::detail::parse_event_t event, JsonDocument& parsed) {
        return guard(depth, event, parsed);
      },
      false);
  if (guard.error) return std::move(*guard.error);
  if (!out.is_object()) return corrupt("it is not a JSON object");
  return out;
}

std::string to_line(const JsonDocument& value) {
  return value.dump(-1, ' ', false, JsonDocument::error_handler_t::replace);
}

bool is_truthy(const JsonDocument& value) noexcept {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>() != 0;
  if (value.is_string()) return !value.get_ptr<const std::string*>()->empty();
  return !value.empty();  // null is empty
}

}  // namespace koan
