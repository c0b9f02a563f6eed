#include "ask/live.h"

#include <algorithm>

#include "base/utf8.h"
#include "formats/json_document.h"

namespace koan::ask {
namespace {

constexpr std::size_t kMaxBefore = 4096, kReplyBytes = 17, kMaxName = 64;
constexpr const char* kWords[] = {"yes", "no", "none"};

Error unfit(const std::string& what) { return Error{ErrorCode::kUsage, "request: " + what}; }

std::string text_of(const JsonDocument& document) {
  return document.dump(-1, ' ', false, JsonDocument::error_handler_t::replace);
}

Result<std::string> text_in(const JsonDocument& object, const char* member) {
  if (!object.contains(member) || !object.at(member).is_string()) return unfit(std::string(member) + " is no text");
  std::string out = object.at(member).get<std::string>();
  if (find_binary(as_bytes(out)) != out.size()) return unfit(std::string(member) + " is no text in UTF-8");
  return out;
}

Status only(const JsonDocument& object, std::initializer_list<std::string_view> members) {
  for (const auto& [key, value] : object.items())
    if (std::ranges::find(members, key) == members.end()) return unfit("unknown member");
  return {};
}

Result<std::vector<Asked>> parse_before(const JsonDocument& list) {
  if (!list.is_array() || list.size() > kMaxBefore) return unfit("questions is no list of at most 4096");
  std::vector<Asked> out;
  for (const JsonDocument& one : list) {
    if (!one.is_object() || !one.contains("answer")) return unfit("a question without an answer");
    KOAN_TRY(only(one, {"question", "answer"}));
    Asked asked;
    KOAN_ASSIGN(asked.question, text_in(one, "question"));
    const JsonDocument& answer = one.at("answer");
    if (!answer.is_boolean() && !answer.is_null()) return unfit("an answer that is not true, false or null");
    if (answer.is_boolean()) asked.answer = answer.get<bool>();
    out.push_back(std::move(asked));
  }
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
  return {step.decision.what == "verdict", protocol.settings().problem, step.attempt, protocol.exchange().asked,
          step.decision.about};
}

std::string write_live_request(const FarQuestion& asked) {
  JsonDocument out = {{"version", 1},
                      {"decision", asked.is_verdict ? "verdict" : "answer"},
                      {"problem", asked.problem},
                      {"attempt", asked.attempt}};
  JsonDocument list = JsonDocument::array();
  for (const Asked& one : asked.before) {
    JsonDocument answer = nullptr;
    if (one.answer) answer = *one.answer;
    list.push_back({{"question", one.question}, {"answer", answer}});
  }
  out["questions"] = std::move(list);
  if (!asked.is_verdict) out["question"] = asked.question;
  return text_of(out);
}

Result<FarQuestion> parse_live_request(std::string_view body) {
  auto parsed = parse_json_document(body, kMaxLiveRequest);
  if (!parsed) return unfit("no object of JSON");
  const JsonDocument& object = *parsed;
  KOAN_TRY(only(object, {"version", "decision", "problem", "attempt", "questions", "question"}));
  if (!object.contains("version") || object.at("version") != 1) return unfit("the version is not 1");
  FarQuestion out;
  if (object.contains("decision")) {
    KOAN_ASSIGN(const std::string decision, text_in(object, "decision"));
    if (decision != "answer" && decision != "verdict") return unfit("an unknown decision");
    out.is_verdict = decision == "verdict";
  }
  KOAN_ASSIGN(out.problem, text_in(object, "problem"));
  KOAN_ASSIGN(out.attempt, text_in(object, "attempt"));
  if (out.problem.empty()) return unfit("problem is empty");
  if (object.contains("questions")) {
    KOAN_ASSIGN(out.before, parse_before(object.at("questions")));
  }
  if (out.is_verdict == object.contains("question")) return unfit("a question belongs to an answer and to it alone");
  if (out.is_verdict) return out;
  KOAN_ASSIGN(out.question, text_in(object, "question"));
  if (out.question.empty()) return unfit("question is empty");
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

std::string write_live_error(std::string_view text) { return text_of({{"error", text}}); }

Result<LiveClients> parse_live_clients(std::string_view text) {
  LiveClients out;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view words = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.ends_with('\r')) words.remove_suffix(1);
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
