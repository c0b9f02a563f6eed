#include "ask/protocol_data.h"

#include "chat/local_chat.h"
#include "formats/json_members.h"

namespace koan::ask {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;

Result<Prompts> read_prompts(std::string_view text, std::string* title) {
  KOAN_ASSIGN(JsonDocument document, parse_json_document(text, kMaxFile));
  JsonMembers file(std::move(document));
  KOAN_ASSIGN(const std::string name, file.text("name"));
  KOAN_ASSIGN(const std::uint32_t version, file.number("version", 1, 1 << 20));
  *title = name + " " + std::to_string(version);
  Prompts out;
  const std::pair<const char*, Prompt*> all[] = {
      {"attempt", &out.attempt}, {"questions", &out.questions}, {"pool", &out.pool},       {"predict", &out.predict},
      {"suppose", &out.suppose}, {"answer", &out.answer},       {"answers", &out.answers}, {"revise", &out.revise},
      {"verdict", &out.verdict}, {"judge", &out.judge},         {"select", &out.select},   {"again", &out.again}};
  for (const auto& [key, prompt] : all) {
    KOAN_ASSIGN(JsonMembers members, file.object(key));
    KOAN_ASSIGN(*prompt, take_prompt(members));
    KOAN_TRY(members.finish());
  }
  KOAN_ASSIGN(out.nothing, file.text("nothing"));
  KOAN_ASSIGN(out.repeat, file.text("repeat"));
  KOAN_ASSIGN(out.standing, file.texts("standing"));
  KOAN_TRY(file.finish());
  return out;
}

Status read_shape(JsonMembers& file, ProtocolData& out) {
  KOAN_ASSIGN(JsonMembers attempts, file.object("attempts"));
  KOAN_ASSIGN(out.attempts, attempts.number("count", 1, kMaxAttempts));
  KOAN_ASSIGN(out.temperature_thousandths, attempts.number("temperature_thousandths", 0, 2000));
  KOAN_ASSIGN(out.attempt_tokens, attempts.number("max_tokens", 1, 1 << 20));
  KOAN_TRY(attempts.finish());
  KOAN_ASSIGN(out.answer_tokens, file.number("answer_tokens", 1, 1 << 20));
  KOAN_ASSIGN(out.verdict, file.flag("verdict"));
  KOAN_ASSIGN(out.select, file.flag("select"));
  KOAN_ASSIGN(out.gold, file.flag("gold"));
  if (file.has("questions")) {
    KOAN_ASSIGN(JsonMembers questions, file.object("questions"));
    KOAN_ASSIGN(out.rounds, questions.number("rounds", 1, kMaxRounds));
    KOAN_ASSIGN(out.per_round, questions.number("per_round", 1, kMaxQuestions));
    KOAN_ASSIGN(out.question_tokens, questions.number("max_tokens", 1, 1 << 20));
    if (questions.has("pool")) {
      KOAN_ASSIGN(out.pool, questions.number("pool", 1, kMaxQuestions));
      KOAN_ASSIGN(out.worth_thousandths, questions.number("worth", 0, 1000));
    }
    KOAN_TRY(questions.finish());
  }
  if (file.has("judge")) {
    KOAN_ASSIGN(JsonMembers judge, file.object("judge"));
    KOAN_ASSIGN(out.threshold, judge.number("threshold", 2, 10));
    KOAN_TRY(judge.finish());
  }
  if (out.select == (out.rounds > 0)) return json_error("questions", "and 'select' exclude each other; one is needed");
  if (out.pool > 0 && (out.rounds != 1 || out.threshold != 0))
    return json_error("questions.pool", "goes with one round and no judge");
  return {};
}

Status read_frequencies(JsonMembers& file, ProtocolData& out) {
  KOAN_ASSIGN(JsonMembers frequencies, file.object("frequencies"));
  const auto read = [&](const char* key, std::uint32_t& to) -> Status {
    KOAN_ASSIGN(to, frequencies.number(key, 1, kCertain - 1));
    return {};
  };
  KOAN_TRY(read("mode", out.mode));
  KOAN_TRY(read("unanswered", out.unanswered));
  KOAN_TRY(read("floor", out.floor));
  if (out.verdict) KOAN_TRY(read("verdict", out.verdict_right));
  if (out.threshold != 0) KOAN_TRY(read("stop", out.stop));
  if (out.threshold != 0) KOAN_TRY(read("keep", out.keep));
  if (out.select) KOAN_TRY(read("none", out.none));
  // So that every symbol has a frequency of at least 1.
  const std::uint32_t half = kCertain / 2;
  if (out.unanswered > half || out.floor > half || out.none > half || out.keep > kCertain - 1024)
    return json_error("frequencies", "leave too little for a symbol");
  return frequencies.finish();
}

Sha256 hash_of(std::string_view protocol, std::string_view prompts) {
  const std::string versions = "koan ask " + std::to_string(kAskVersion) + ", plain rendering " +
                               std::to_string(kPlainRenderingVersion) + ", protocol " +
                               std::to_string(protocol.size()) + "\n";
  return sha256(as_bytes(versions + std::string(protocol) + std::string(prompts)));
}

Result<ProtocolFile> find_file(std::span<const ProtocolFile> files, std::string_view name, const char* what) {
  std::string names;
  for (const ProtocolFile& file : files) {
    if (file.name == name) return file;
    names += (names.empty() ? "" : ", ") + std::string(file.name);
  }
  return Error{ErrorCode::kUsage,
               "there is no " + std::string(what) + " '" + std::string(name) + "'; there are: " + names};
}

}  // namespace

Result<ProtocolData> parse_protocol(std::string_view protocol, std::string_view prompts, bool any_prompts) {
  ProtocolData out;
  KOAN_ASSIGN(JsonDocument document, parse_json_document(protocol, kMaxFile));
  JsonMembers file(std::move(document));
  KOAN_ASSIGN(out.name, file.text("name"));
  KOAN_ASSIGN(out.version, file.number("version", 1, 1 << 20));
  KOAN_ASSIGN(out.summary, file.text("summary"));
  KOAN_ASSIGN(const std::string wanted, file.text("prompts"));
  std::string title;
  auto read = read_prompts(prompts, &title);
  if (!read) return std::move(read).error().in("prompts");
  out.prompts = std::move(*read);
  if (!any_prompts && title != wanted)
    return json_error("prompts", "is '" + wanted + "', but there is '" + title + "'");
  KOAN_TRY(read_shape(file, out));
  KOAN_TRY(read_frequencies(file, out));
  KOAN_TRY(file.finish());
  if (out.gold != out.name.starts_with("oracle"))
    return json_error("name", "begins with oracle if and only if 'gold' is true");
  out.hash = hash_of(protocol, prompts);
  return out;
}

Result<ProtocolData> find_protocol(std::string_view name) {
  const std::size_t at = name.find('@');
  KOAN_ASSIGN(const ProtocolFile protocol, find_file(protocol_files(), name.substr(0, at), "protocol"));
  ProtocolFile prompts = prompts_files()[0];
  if (at != std::string_view::npos) {
    KOAN_ASSIGN(prompts, find_file(prompts_files(), name.substr(at + 1), "set of prompts"));
  }
  auto found = parse_protocol(protocol.json, prompts.json, at != std::string_view::npos);
  if (!found) return std::move(found).error().in("protocol " + std::string(name));
  found->name = name;
  return found;
}

std::vector<ProtocolData> all_protocols() {
  std::vector<ProtocolData> out;
  for (const ProtocolFile& protocol : protocol_files()) {
    for (const ProtocolFile& prompts : prompts_files()) {
      const bool plain = prompts.name == prompts_files()[0].name;
      out.push_back(find_protocol(std::string(protocol.name) + (plain ? "" : "@" + std::string(prompts.name))).value());
    }
  }
  return out;
}

}  // namespace koan::ask
