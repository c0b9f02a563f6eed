#include "remote/reply_cache.h"

#include <filesystem>

#include "base/file.h"
#include "base/hash.h"
#include "remote/key.h"

namespace koan {
namespace {

constexpr const char* kForm = "koan reply 1";
constexpr FinishReason kReasons[] = {FinishReason::kEnd, FinishReason::kStop, FinishReason::kLength};

std::string hash_of(const std::string& text) { return to_hex(sha256(as_bytes(text))); }

}  // namespace

JsonDocument to_json(const RemoteReply& reply) {
  JsonDocument out = {{"text", reply.reply.text}, {"finish_reason", name_of(reply.reply.reason)}};
  if (reply.has_usage)
    out["usage"] = {{"input_tokens", reply.reply.usage.input_tokens},
                    {"output_tokens", reply.reply.usage.output_tokens}};
  if (reply.first.empty()) return out;
  out["first"] = JsonDocument::array();
  for (const TokenLogprob& token : reply.first)
    out["first"].push_back({{"token", token.token}, {"logprob", token.logprob}});
  return out;
}

std::optional<RemoteReply> reply_from_json(const JsonDocument& json) {
  RemoteReply out;
  const std::string* text = text_member(json, "text");
  const std::string* word = text_member(json, "finish_reason");
  if (text == nullptr || word == nullptr) return std::nullopt;
  out.reply.text = *text;
  bool known = false;
  for (const FinishReason reason : kReasons) {
    if (*word != name_of(reason)) continue;
    out.reply.reason = reason;
    known = true;
  }
  if (!known) return std::nullopt;
  if (const JsonDocument* usage = member(json, "usage")) {
    out.has_usage = true;
    out.reply.usage = {count_member(*usage, "input_tokens"), count_member(*usage, "output_tokens")};
  }
  const JsonDocument* first = member(json, "first");
  if (first == nullptr || !first->is_array()) return out;
  for (const JsonDocument& entry : *first) {
    const std::string* token = text_member(entry, "token");
    const JsonDocument* logprob = member(entry, "logprob");
    if (token == nullptr || logprob == nullptr || !logprob->is_number()) return std::nullopt;
    out.first.push_back({*token, logprob->get<double>()});
  }
  return out;
}

std::string ReplyCache::key_of(const std::string& endpoint_id, const std::string& body, const std::string& seed) {
  return hash_of(endpoint_id + "\n" + seed + "\n" + body);
}

std::optional<RemoteReply> ReplyCache::find(const std::string& key) const {
  if (!is_on()) return std::nullopt;
  const auto bytes = read_file(path_of(key), 2 * kMaxReplyBytes);
  if (!bytes) return std::nullopt;
  const auto json = parse_json_document(as_text(*bytes), 2 * kMaxReplyBytes);
  if (!json) return std::nullopt;
  const std::string *form = text_member(*json, "form"), *named = text_member(*json, "key"),
                    *check = text_member(*json, "check");
  const JsonDocument* reply = member(*json, "reply");
  if (form == nullptr || named == nullptr || check == nullptr || reply == nullptr || *form != kForm || *named != key ||
      *check != hash_of(to_line(*reply)))
    return std::nullopt;
  return reply_from_json(*reply);
}

Status ReplyCache::keep(const std::string& key, const std::string& endpoint_id, const RemoteReply& reply,
                        std::string_view secret) const {
  if (!is_on()) return {};
  std::error_code failed;
  std::filesystem::create_directories(folder_, failed);
  if (failed) return Error{ErrorCode::kIo, folder_ + ": " + failed.message()};
  const auto inner = JsonDocument::parse(without_key(to_line(to_json(reply)), secret), nullptr, false);
  const JsonDocument out = {
      {"form", kForm}, {"key", key}, {"endpoint", endpoint_id}, {"check", hash_of(to_line(inner))}, {"reply", inner}};
  return write_file(path_of(key), as_bytes(to_line(out) + "\n"));
}

}  // namespace koan
