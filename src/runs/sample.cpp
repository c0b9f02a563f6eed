#include "runs/sample.h"

#include "base/hash.h"

namespace koan::runs {
namespace {

constexpr std::size_t kMaxLine = 16 << 20;

// Members of an object, with what is missing or of another kind remembered.
class Reader {
 public:
  Reader(const JsonDocument& object, std::string place = "") : object_(object), place_(std::move(place)) {}

  void text(const char* key, std::string* out) {
    if (const JsonDocument* value = find(key, &JsonDocument::is_string)) *out = value->get<std::string>();
  }
  template <typename T>
  void whole(const char* key, T* out) {
    if (const JsonDocument* value = find(key, &JsonDocument::is_number_unsigned)) *out = value->get<T>();
  }
  void real(const char* key, double* out) {
    if (const JsonDocument* value = find(key, &JsonDocument::is_number)) *out = value->get<double>();
  }
  const JsonDocument* object(const char* key) { return find(key, &JsonDocument::is_object); }
  const std::string& missing() const noexcept { return missing_; }
  void miss(const std::string& what) {
    if (missing_.empty()) missing_ = place_ + what;
  }

 private:
  const JsonDocument* find(const char* key, bool (JsonDocument::*is)() const noexcept) {
    const auto found = object_.find(key);
    if (found != object_.end() && ((*found).*is)()) return &*found;
    miss(key);
    return nullptr;
  }

  const JsonDocument& object_;
  std::string place_, missing_;
};

JsonDocument json_of(const Use& use) {
  return {{"input", use.tokens.input_tokens}, {"output", use.tokens.output_tokens}, {"seconds", use.seconds}};
}

void read_use(Reader& usage, const char* key, Use* out) {
  const JsonDocument* object = usage.object(key);
  if (object == nullptr) return;
  Reader reader(*object, "usage." + std::string(key) + ".");
  reader.whole("input", &out->tokens.input_tokens);
  reader.whole("output", &out->tokens.output_tokens);
  reader.real("seconds", &out->seconds);
  if (!reader.missing().empty()) usage.miss(reader.missing());
}

// [[text]], [answer]
std::optional<std::string> first_text(const JsonDocument& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  const JsonDocument* value = &*found;
  while (value->is_array() && value->size() == 1) value = &value->front();
  return value->is_string() ? std::optional(value->get<std::string>()) : std::nullopt;
}

void read_result(const JsonDocument& object, Reader& reader, Sample& out) {
  const auto text = first_text(object, "resps"), answer = first_text(object, "filtered_resps");
  if (!text || !answer) return reader.miss(text ? "filtered_resps" : "resps");
  out.text = *text;
  out.answer = *answer;
  double right = 0;
  reader.real("acc", &right);
  out.right = right != 0;
  reader.text("why", &out.why);
  reader.real("bits", &out.bits);
  reader.whole("questions", &out.questions);
  reader.whole("payload_bytes", &out.payload_bytes);
  reader.whole("file_bytes", &out.file_bytes);
  reader.real("answer_bits", &out.answer_bits);
  reader.whole("answer_tokens", &out.answer_tokens);
  reader.real("flop", &out.flop);
  reader.real("money", &out.money);
  if (const JsonDocument* usage = reader.object("usage")) {
    Reader both(*usage);
    read_use(both, "small", &out.small);
    read_use(both, "large", &out.large);
    if (!both.missing().empty()) reader.miss(both.missing());
  }
}

}  // namespace

JsonDocument to_json(const Sample& sample, const std::string& task) {
  JsonDocument out = {
      {"task", task},
      {"doc_id", sample.key.problem},
      {"doc", {{"id", sample.id}, {"text", sample.problem}, {"level", sample.level}, {"subject", sample.subject}}},
      {"doc_hash", sample.doc_hash},
      {"arm", sample.key.arm},
      {"trial", sample.key.trial},
      {"seed", sample.seed},
      {"target", sample.target}};
  if (!sample.error.empty()) {
    out["error"] = sample.error;
    return out;
  }
  out["resps"] = JsonDocument::array({JsonDocument::array({sample.text})});
  out["filtered_resps"] = JsonDocument::array({sample.answer});
  out["acc"] = sample.right ? 1 : 0;
  out["why"] = sample.why;
  out["bits"] = sample.bits;
  out["questions"] = sample.questions;
  out["payload_bytes"] = sample.payload_bytes;
  out["file_bytes"] = sample.file_bytes;
  out["answer_bits"] = sample.answer_bits;
  out["answer_tokens"] = sample.answer_tokens;
  out["usage"] = {{"small", json_of(sample.small)}, {"large", json_of(sample.large)}};
  out["flop"] = sample.flop;
  out["money"] = sample.money;
  out["seconds"] = sample.seconds();
  return out;
}

Result<Sample> parse_sample(std::string_view line) {
  KOAN_ASSIGN(const JsonDocument object, parse_json_document(line, kMaxLine));
  Sample out;
  Reader reader(object);
  reader.whole("doc_id", &out.key.problem);
  reader.text("doc_hash", &out.doc_hash);
  reader.text("arm", &out.key.arm);
  reader.whole("trial", &out.key.trial);
  reader.whole("seed", &out.seed);
  reader.text("target", &out.target);
  if (const JsonDocument* doc = reader.object("doc")) {
    Reader members(*doc, "doc.");
    members.text("id", &out.id);
    members.text("text", &out.problem);
    members.text("level", &out.level);
    members.text("subject", &out.subject);
    if (!members.missing().empty()) reader.miss(members.missing());
  }
  if (object.contains("error")) {
    reader.text("error", &out.error);
  } else {
    read_result(object, reader, out);
  }
  if (!reader.missing().empty())
    return Error{ErrorCode::kCorrupt, "'" + reader.missing() + "' is missing, or not what it should be"};
  return out;
}

std::string hash_of(const tasks::Problem& problem) {
  const grade::Target& target = problem.target;
  Bytes all;
  const auto put = [&](std::string_view text) {
    append_varint(all, text.size());
    append_bytes(all, as_bytes(text));
  };
  put(problem.id);
  put(problem.text);
  put(problem.solution);
  append_varint(all, static_cast<std::uint64_t>(target.kind));
  append_varint(all, target.choices);
  put(target.reference);
  put(target.question);
  put(target.code.setup);
  put(target.code.entry_point);
  put(target.code.prompt);
  for (const std::string& test : target.code.tests) put(test);
  return to_hex(sha256(all));
}

}  // namespace koan::runs
