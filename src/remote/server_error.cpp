#include "remote/server_error.h"

#include <algorithm>
#include <utility>

namespace koan {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// A server may send pages of HTML.
std::string shortened(std::string text) {
  constexpr std::size_t kMost = 400;
  if (text.size() <= kMost) return text;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string text_of(const JsonDocument& object, const char* field) {
  const auto at = object.find(field);
  if (at == object.end()) return {};
  if (const auto* text = at->get_ptr<const std::string*>()) return *text;
  return at->is_number_integer() ? std::to_string(at->get<std::int64_t>()) : std::string();
}

bool is_status(int value) noexcept { return value >= 400 && value <= 599; }

// The status that an error object stands for, from its code or its kind.
int status_of(const JsonDocument& object, const std::string& kind) {
  for (const char* field : {"code", "status", "status_code"}) {
    const auto at = object.find(field);
    if (at != object.end() && at->is_number_integer()) {
      const auto value = at->get<std::int64_t>();
      if (value >= 400 && value <= 599) return static_cast<int>(value);
    }
  }
  constexpr std::pair<const char*, int> kKinds[] = {
      {"overloaded", 529}, {"rate_limit", 429},        {"authentication", 401},  {"permission", 403},
      {"not_found", 404},  {"request_too_large", 413}, {"invalid_request", 400}, {"billing", 402},
      {"timeout", 504},    {"api_error", 500},         {"server_error", 500},    {"unavailable", 503}};
  for (const auto& [word, status] : kKinds)
    if (kind.find(word) != std::string::npos) return status;
  return 0;
}

ServerError from_object(const JsonDocument& object) {
  ServerError out;
  out.kind = lower(text_of(object, "type"));
  if (const std::string code = lower(text_of(object, "code")); !code.empty() && code != out.kind)
    out.kind += (out.kind.empty() ? "" : " ") + code;
  out.message = shortened(text_of(object, "message"));
  out.status = status_of(object, out.kind);
  if (out.status == 0 && lower(out.message).find("overloaded") != std::string::npos) out.status = 529;
  return out;
}

}  // namespace

std::optional<ServerError> find_server_error(const JsonDocument& json) {
  const auto at = json.find("error");
  if (at != json.end() && at->is_object()) return from_object(*at);
  if (at != json.end() && at->is_string()) {  // Ollama
    ServerError out = from_object(json);
    out.message = shortened(at->get<std::string>());
    return out;
  }
  const bool says_error = text_of(json, "object") == "error" || text_of(json, "type") == "error";  // vLLM
  if (says_error) return from_object(json);
  return std::nullopt;
}

ServerError read_server_error(int status, std::string_view body) {
  ServerError out;
  if (const auto json = parse_json_document(body, kMaxReplyBytes)) {
    if (auto found = find_server_error(*json))
      out = std::move(*found);
    else
      out.message = shortened(text_of(*json, "detail").empty() ? text_of(*json, "message") : text_of(*json, "detail"));
  } else {
    out.message = shortened(std::string(body));
  }
  out.status = is_status(status) || out.status == 0 ? status : out.status;
  return out;
}

bool is_out_of_money(const ServerError& error) {
  if (error.status == 402) return true;
  const std::string text = error.kind + " " + lower(error.message);
  for (const char* words :
       {"insufficient_quota", "billing", "credit balance", "insufficient credit", "insufficient funds",
        "insufficient balance", "spend limit", "spending limit", "out of credits"})
    if (text.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace koan
