#include "grade/judge.h"

#include "grade/thoughts.h"
#include "text/strip.h"

extern "C" const char koan_grade_judge[], koan_grade_judge_end[];  // CMakeLists.txt

namespace koan::grade {
namespace {

constexpr std::size_t kMaxFile = 1 << 16;
constexpr std::size_t kMostReply = 16384;  // bytes, from its end: the answer comes last
constexpr std::size_t kMostShown = 80;     // of what a judge says that is no verdict

Result<JudgePrompt> read(std::string_view json) {
  KOAN_ASSIGN(JsonDocument document, parse_json_document(json, kMaxFile));
  JsonMembers file(std::move(document));
  JudgePrompt out;
  KOAN_ASSIGN(const std::string name, file.text("name"));
  if (name != "judge") return json_error("name", "is not 'judge'");
  KOAN_ASSIGN(out.version, file.number("version", 1, 1 << 20));
  KOAN_ASSIGN(out.text, take_prompt(file));
  KOAN_ASSIGN(out.temperature, file.real("temperature", 0, 2));
  KOAN_ASSIGN(out.max_tokens, file.number("max_tokens", 1, 65536));
  KOAN_TRY(file.finish());
  out.sha256 = sha256(as_bytes(json));
  return out;
}

std::string_view last_part(std::string_view text) {
  if (text.size() <= kMostReply) return text;
  std::size_t at = text.size() - kMostReply;
  while (at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xC0) == 0x80) ++at;
  return text.substr(at);
}

}  // namespace

Result<JudgePrompt> parse_judge_prompt(std::string_view json) {
  auto out = read(json);
  if (!out) return std::move(out).error().in("prompt of the judge");
  return out;
}

std::string_view judge_prompt_file() noexcept { return {koan_grade_judge, koan_grade_judge_end}; }

std::optional<bool> parse_judgement(std::string_view reply) {
  const std::string_view word = strip(without_thoughts(reply), " \t\r\n*_.`\"");
  if (word == "CORRECT") return true;
  if (word == "INCORRECT") return false;
  return std::nullopt;
}

Result<Grade> judge(const Target& target, std::string_view reply, ChatModel& model) {
  Grade out;
  out.answer = answer_of(target, reply);
  const std::string_view shown = last_part(strip(without_thoughts(reply)));
  if (shown.empty()) {
    out.why = "no answer";
    return out;
  }
  KOAN_ASSIGN(const JudgePrompt prompt, parse_judge_prompt(judge_prompt_file()));
  ChatRequest request;
  request.messages = fill(
      prompt.text, {{"question", target.question}, {"reference", target.reference}, {"reply", std::string(shown)}});
  request.temperature = prompt.temperature;
  request.max_tokens = prompt.max_tokens;
  KOAN_ASSIGN(const ChatReply said, model.reply(request));
  const auto verdict = parse_judgement(said.text);
  out.right = verdict.value_or(false);
  if (!verdict) {
    out.why = "the judge gave no verdict: " + std::string(strip(without_thoughts(said.text)).substr(0, kMostShown));
  } else if (!out.right) {
    out.why = "judged wrong";
  }
  return out;
}

}  // namespace koan::grade
