#include "cli/record_fields.h"

#include <algorithm>

#include "formats/json_line.h"

namespace koan::cli {
namespace {

// As logs and data sets of language models call them, the more telling first.
constexpr const char* kTextNames[] = {"response",
                                      "completion",
                                      "output",
                                      "answer",
                                      "text",
                                      "choices.0.message.content",
                                      "response.choices.0.message.content",
                                      "message.content",
                                      "messages.-1.content",
                                      "content"};
constexpr const char* kContextNames[] = {"prompt", "question", "instruction", "request.messages", "messages", "input",
                                         "query"};

std::string listed(std::span<const char* const> names) {
  std::string out;
  for (const char* name : names) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

}  // namespace

Result<Fields> choose_fields(ByteView beginning, const Arguments& arguments) {
  const auto lf = std::find(beginning.begin(), beginning.end(), '\n');
  const ByteView line = beginning.first(static_cast<std::size_t>(lf - beginning.begin()));
  Fields out{arguments.field, arguments.context_field};
  if (out.field.empty()) {
    for (const char* name : kTextNames) {
      const auto value = find_json_value(line, name);
      if (!value || !value->is_string) continue;
      out.field = name;
      break;
    }
  }
  if (out.field.empty()) {
    return Error{ErrorCode::kUsage, "the first line has no text under any of the usual names (" + listed(kTextNames) +
                                        "); say where it is with --field PATH"};
  }
  if (out.context.empty()) {
    for (const char* name : kContextNames) {
      if (out.field == name || !find_json_value(line, name)) continue;
      out.context = name;
      break;
    }
  }
  if (out.context == "none") out.context.clear();
  return out;
}

Result<ByteView> PeekedSource::peek(std::size_t most) {
  while (beginning_.size() < most && std::find(beginning_.begin(), beginning_.end(), '\n') == beginning_.end()) {
    const std::size_t have = beginning_.size();
    beginning_.resize(have + std::min<std::size_t>(most - have, std::size_t{1} << 16));
    KOAN_ASSIGN(const std::size_t got, rest_.read(std::span(beginning_).subspan(have)));
    beginning_.resize(have + got);
    if (got == 0) break;
  }
  return ByteView(beginning_);
}

Result<std::size_t> PeekedSource::read(std::span<std::uint8_t> buffer) {
  if (taken_ == beginning_.size()) return rest_.read(buffer);
  const std::size_t n = std::min(buffer.size(), beginning_.size() - taken_);
  std::copy_n(beginning_.begin() + static_cast<std::ptrdiff_t>(taken_), n, buffer.begin());
  taken_ += n;
  return n;
}

}  // namespace koan::cli
