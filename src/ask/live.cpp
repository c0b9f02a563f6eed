#include "ask/live.h"

#include <algorithm>

#include "ask/parse.h"
#include "base/utf8.h"
#include "formats/json_members.h"

namespace koan::ask {
namespace {

constexpr std::size_t kReplyBytes = 17, kMaxName = 64;
constexpr std::string_view kOfSha256sum = "  -";  // what it writes behind a hash of its standard input
constexpr const char* kWords[] = {"yes", "no", "none"};

Result<std::string> filled(JsonMembers& members, const char* key) {
  KOAN_ASSIGN(std::string out, members.text(key));
  if (out.empty()) return json_error(key, "is empty");
  return out;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

bool is_hash(std::string_view hash) {
  return hash.size() == 64 &&
         std::ranges::all_of(hash, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

Status check_live(const ProtocolData& data) {
  const char* why = data.threshold != 0 ? "a judge" : data.select ? "selection" : data.gold ? "a reference answer" : "";
  if (*why == '\0') return {};
  return Error{ErrorCode::kNotSupported, "protocol " + data.name + " has " + why +
                                             ": a server (serve:) makes decisions on answers and verdicts alone"};
}

FarQuestion far_question(const Protocol& protocol) {
  const Step& step = protocol.step();
  return {step.decision.what == "verdict", protocol.settings().problem, step.attempt, step.decision.about};
}

std::string write_live_request(const FarQuestion& asked) {
  JsonDocument out = {{"version", 1},
                      {"decision", asked.is_verdict ? "verdict" : "answer"},
                      {"problem", asked.problem},
                      {"attempt", asked.attempt}};
  if (!asked.is_verdict) out["question"] = asked.question;
  return to_line(out);
}

Result<FarQuestion> parse_live_request(std::string_view body) {
  KOAN_ASSIGN(JsonDocument document, parse_json_document(body, kMaxLiveRequest));
  JsonMembers members(std::move(document));
  KOAN_TRY(members.number("version", 1, 1));
  FarQuestion out;
  if (members.has("decision")) {
    KOAN_ASSIGN(const std::string decision, members.text("decision"));
    if (decision != "answer" && decision != "verdict") return json_error("decision", "is not answer or verdict");
    out.is_verdict = decision == "verdict";
  }
  KOAN_ASSIGN(out.problem, filled(members, "problem"));
  if (find_binary(as_bytes(out.problem)) != out.problem.size()) return json_error("problem", "is not text");
  KOAN_ASSIGN(out.attempt, members.text("attempt"));
  if (!out.is_verdict) {
    KOAN_ASSIGN(out.question, filled(members, "question"));
    if (!is_yes_no_question(out.question)) return json_error("question", "is not a yes/no question");
  }
  KOAN_TRY(members.finish());
  return out;
}

const char* word_of_symbol(std::size_t symbol) noexcept { return kWords[std::min(symbol, kUnanswered)]; }

std::string write_live_reply(std::string_view word) {
  std::string out = "{\"answer\":\"" + std::string(word) + "\"}";
  out.resize(kReplyBytes, ' ');
  return out;
}

Result<std::size_t> parse_live_reply(std::string_view body, bool is_verdict) {
  for (std::size_t symbol = 0; symbol < std::size(kWords); ++symbol) {
    if (body == write_live_reply(kWords[symbol]) && !(is_verdict && symbol == kUnanswered)) return symbol;
  }
  return Error{ErrorCode::kRemote, "the server's reply is none of koan ask serve"};
}

std::string write_live_error(std::string_view text) { return to_line({{"error", text}}); }

Result<LiveClients> parse_live_clients(std::string_view text) {
  LiveClients out;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view words = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.ends_with('\r')) words.remove_suffix(1);
    if (words.ends_with(kOfSha256sum)) words.remove_suffix(kOfSha256sum.size());
    if (words.empty() || words.starts_with('#')) continue;
    const std::size_t space = std::min(words.find(' '), words.size());
    const std::string_view name = words.substr(0, space), hash = words.substr(std::min(space + 1, words.size()));
    if (!is_name(name) || !is_hash(hash))
      return Error{ErrorCode::kUsage, "line " + std::to_string(line) + ": NAME and the SHA-256 of a token are wanted"};
    if (!out.emplace(hash, name).second)
      return Error{ErrorCode::kUsage, "line " + std::to_string(line) + ": this token is there twice"};
  }
  if (out.empty()) return Error{ErrorCode::kUsage, "it names no client"};
  return out;
}

std::optional<std::string> find_client(const LiveClients& clients, std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!authorization.starts_with(kScheme)) return std::nullopt;
  // By hash: how long the comparison takes tells nothing about a token.
  const auto at = clients.find(to_hex(sha256(as_bytes(authorization.substr(kScheme.size())))));
  return at == clients.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace koan::ask
