#include "rewrite/prompts.h"

extern "C" const char koan_rewrite_prompts[], koan_rewrite_prompts_end[];  // CMakeLists.txt

namespace koan {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;

// `members`: of one prompt, to be finished by the caller.
Result<RewritePrompt> take_rewrite_prompt(JsonMembers& members) {
  RewritePrompt out;
  KOAN_ASSIGN(out.text, take_prompt(members));
  KOAN_ASSIGN(out.temperature, members.real("temperature", 0, 2));
  KOAN_ASSIGN(out.max_tokens, members.number("max_tokens", 1, 65536));
  return out;
}

Result<RewritePrompts> read_prompts(std::string_view json) {
  KOAN_ASSIGN(JsonDocument document, parse_json_document(json, kMaxFile));
  JsonMembers file(std::move(document));
  RewritePrompts out;
  KOAN_ASSIGN(const std::string name, file.text("name"));
  if (name != "rewrite") return json_error("name", "is not 'rewrite'");
  KOAN_ASSIGN(out.version, file.number("version", 1, 1 << 20));
  const std::pair<const char*, RewritePrompt*> all[] = {{"solve", &out.solve},   {"sampling", &out.sampling},
                                                        {"single", &out.single}, {"ask", &out.ask},
                                                        {"read", &out.read},     {"read_alone", &out.read_alone}};
  for (const auto& [key, prompt] : all) {
    KOAN_ASSIGN(JsonMembers members, file.object(key));
    KOAN_ASSIGN(*prompt, take_rewrite_prompt(members));
    if (prompt == &out.ask) {
      KOAN_ASSIGN(out.temperature_of_many, members.real("temperature_of_many", 0, 2));
    }
    KOAN_TRY(members.finish());
  }
  KOAN_TRY(file.finish());
  out.sha256 = sha256(as_bytes(json));
  return out;
}

}  // namespace

Result<RewritePrompts> parse_rewrite_prompts(std::string_view json) {
  auto out = read_prompts(json);
  if (!out) return std::move(out).error().in("prompts of the rewriter");
  return out;
}

std::string_view rewrite_prompts_file() noexcept { return {koan_rewrite_prompts, koan_rewrite_prompts_end}; }

}  // namespace koan
