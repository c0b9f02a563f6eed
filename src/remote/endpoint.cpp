#include "remote/endpoint.h"

#include <algorithm>

#include "http/url.h"

namespace koan {
namespace {

constexpr std::string_view kOpenAiUrl = "https://api.openai.com/v1", kAnthropicUrl = "https://api.anthropic.com";

Error usage(const Endpoint& endpoint, const std::string& what) {
  return Error{ErrorCode::kUsage, "endpoint '" + endpoint.name + "': " + what};
}

const char* name_of(Endpoint::Kind kind) noexcept {
  switch (kind) {
    case Endpoint::Kind::kOpenAi:
      return "openai";
    case Endpoint::Kind::kAnthropic:
      return "anthropic";
    default:
      return "local";
  }
}

// A name of a variable, and not by accident the key itself.
bool is_variable(const std::string& name) noexcept {
  return !(name[0] >= '0' && name[0] <= '9') && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

std::string Endpoint::id() const { return std::string(name_of(kind)) + ":" + model + (url.empty() ? "" : "@" + url); }

std::optional<Endpoint::Kind> kind_named(std::string_view name) noexcept {
  for (const auto kind : {Endpoint::Kind::kLocal, Endpoint::Kind::kOpenAi, Endpoint::Kind::kAnthropic})
    if (name == name_of(kind)) return kind;
  return std::nullopt;
}

bool has_kind(std::string_view word) noexcept {
  const std::size_t colon = word.find(':');
  return colon != std::string_view::npos && kind_named(word.substr(0, colon)).has_value();
}

Result<Endpoint> parse_endpoint(std::string_view word) {
  Endpoint out;
  out.name = word;
  const std::size_t colon = word.find(':');
  const auto kind = kind_named(word.substr(0, colon));
  if (colon == std::string_view::npos || !kind)
    return usage(out, "it is none of local:NAME, openai:MODEL@https://HOST/v1, anthropic:MODEL");
  out.kind = *kind;
  std::string_view rest = word.substr(colon + 1);
  // A model may have '@' in its name; an address begins like one.
  std::size_t at = std::string_view::npos;
  if (out.kind != Endpoint::Kind::kLocal) {
    at = std::min(rest.find("@https://"), rest.find("@http://"));
    if (at == std::string_view::npos && rest.find('@') != std::string_view::npos &&
        rest.find("://") != std::string_view::npos)
      at = rest.find('@');
  }
  out.model = rest.substr(0, at);
  if (at != std::string_view::npos) out.url = rest.substr(at + 1);
  return complete_endpoint(std::move(out));
}

Result<Endpoint> complete_endpoint(Endpoint endpoint) {
  if (endpoint.model.empty()) return usage(endpoint, "no model is named");
  if (endpoint.kind == Endpoint::Kind::kLocal) return endpoint;
  const bool openai = endpoint.kind == Endpoint::Kind::kOpenAi;
  auto url = checked_url(endpoint.url.empty() ? (openai ? kOpenAiUrl : kAnthropicUrl) : endpoint.url);
  if (!url) return Error{ErrorCode::kUsage, "endpoint " + endpoint.model + ": " + url.error().message};
  endpoint.url = std::move(*url);
  if (endpoint.key_env.empty()) endpoint.key_env = openai ? "OPENAI_API_KEY" : "ANTHROPIC_API_KEY";
  if (!is_variable(endpoint.key_env)) return usage(endpoint, "key_env is not the name of a variable");
  if (endpoint.concurrency < 1 || endpoint.concurrency > kMaxConcurrency)
    return usage(endpoint, "concurrency is from 1 to " + std::to_string(kMaxConcurrency));
  if (endpoint.prices && !(endpoint.prices->input >= 0 && endpoint.prices->input <= 1e6 &&
                           endpoint.prices->output >= 0 && endpoint.prices->output <= 1e6))
    return usage(endpoint, "a price is from 0 to a million");
  return endpoint;
}

}  // namespace koan
