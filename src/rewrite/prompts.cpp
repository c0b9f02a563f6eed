#include "rewrite/prompts.h"

#include <nlohmann/json.hpp>

extern "C" const char koan_rewrite_prompts[], koan_rewrite_prompts_end[];  // prompts.S.in

namespace koan {
namespace {

using Json = nlohmann::json;

Error wrong(const std::string& key, const char* what) {
  return Error{ErrorCode::kCorrupt, "prompts of the rewriter: " + key + ": " + what};
}

Status read_prompt(const Json& file, const char* key, RewritePrompt& out) {
  const auto found = file.find(key);
  if (found == file.end() || !found->is_object()) return wrong(key, "is no object");
  for (const auto& [name, text] : {std::pair{"system", &out.text.system}, std::pair{"user", &out.text.user}}) {
    const auto member = found->find(name);
    if (member == found->end() || !member->is_string()) return wrong(std::string(key) + "." + name, "is no text");
    *text = member->get<std::string>();
  }
  const auto temperature = found->find("temperature"), tokens = found->find("max_tokens");
  if (temperature == found->end() || !temperature->is_number() || temperature->get<double>() < 0 ||
      temperature->get<double>() > 2)
    return wrong(std::string(key) + ".temperature", "is no number from 0 to 2");
  if (tokens == found->end() || !tokens->is_number_unsigned() || tokens->get<std::uint64_t>() == 0 ||
      tokens->get<std::uint64_t>() > 65536)
    return wrong(std::string(key) + ".max_tokens", "is no number from 1 to 65536");
  out.temperature = temperature->get<double>();
  out.max_tokens = tokens->get<std::uint32_t>();
  return {};
}

}  // namespace

Result<RewritePrompts> parse_rewrite_prompts(std::string_view json) {
  const Json file = Json::parse(json, nullptr, false);
  if (!file.is_object()) return wrong("the file", "is no JSON object");
  RewritePrompts out;
  const auto version = file.find("version");
  if (version == file.end() || !version->is_number_unsigned()) return wrong("version", "is no number");
  out.version = version->get<std::uint32_t>();
  KOAN_TRY(read_prompt(file, "solve", out.solve));
  KOAN_TRY(read_prompt(file, "sampling", out.sampling));
  KOAN_TRY(read_prompt(file, "single", out.single));
  KOAN_TRY(read_prompt(file, "ask", out.ask));
  KOAN_TRY(read_prompt(file, "read", out.read));
  KOAN_TRY(read_prompt(file, "read_alone", out.read_alone));
  const Json& many = file["ask"].value("temperature_of_many", Json());
  if (!many.is_number() || many.get<double>() < 0 || many.get<double>() > 2)
    return wrong("ask.temperature_of_many", "is no number from 0 to 2");
  out.temperature_of_many = many.get<double>();
  out.sha256 = sha256(as_bytes(json));
  return out;
}

std::string_view rewrite_prompts_file() noexcept { return {koan_rewrite_prompts, koan_rewrite_prompts_end}; }

}  // namespace koan
