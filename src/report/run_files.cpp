#include "report/run_files.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/hash.h"

namespace koan::report {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxResults = std::uint64_t{64} << 20, kMaxSamples = std::uint64_t{2} << 30;
constexpr std::size_t kMaxLine = std::size_t{64} << 20;

double real(const JsonDocument& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number() ? at->get<double>() : kNothing;
}

std::uint64_t count(const JsonDocument& object, const char* key) {
  const double value = real(object, key);
  return value >= 0 && value < 9e15 ? static_cast<std::uint64_t>(value) : 0;
}

std::string text(const JsonDocument& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return {};
  return at->is_string() ? at->get<std::string>() : to_line(*at);
}

// [value, low, high], or the value alone.
Interval interval(const JsonDocument& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end()) return {};
  if (at->is_number()) return {at->get<double>(), kNothing, kNothing};
  if (!at->is_array() || at->size() != 3) return {};
  const auto part = [&](std::size_t i) { return (*at)[i].is_number() ? (*at)[i].get<double>() : kNothing; };
  return {part(0), part(1), part(2)};
}

Arm arm_of(const std::string& name, const JsonDocument& from) {
  Arm arm;
  arm.name = name;
  arm.counts = {count(from, "n"), count(from, "correct")};
  arm.errors = count(from, "errors");
  arm.accuracy = interval(from, "accuracy");
  arm.recovery = interval(from, "recovery");
  arm.recovery_medium_hard = interval(from, "recovery_medium_hard");
  arm.harm = interval(from, "harm");
  const std::pair<double Arm::*, const char*> means[] = {{&Arm::n_medium_hard, "n_medium_hard"},
                                                         {&Arm::bits, "bits"},
                                                         {&Arm::bits_as_questions, "bits_as_questions"},
                                                         {&Arm::payload_bytes, "payload_bytes"},
                                                         {&Arm::ratio_uniform, "ratio_uniform"},
                                                         {&Arm::ratio_coded, "ratio_coded"},
                                                         {&Arm::tokens_small, "tokens_small"},
                                                         {&Arm::tokens_large, "tokens_large"},
                                                         {&Arm::flop, "flop"},
                                                         {&Arm::seconds, "seconds"},
                                                         {&Arm::money, "money"}};
  for (const auto& [member, key] : means) arm.*member = interval(from, key).value;
  if (const auto at = from.find("mcnemar"); at != from.end() && at->is_object())
    for (const auto& [other, pair] : at->items())
      if (pair.is_object()) arm.against[other] = {real(pair, "only_this"), real(pair, "only_other"), real(pair, "p")};
  if (const auto at = from.find("difficulty"); at != from.end() && at->is_object())
    for (const auto& [level, counts] : at->items())
      if (counts.is_object()) arm.difficulty[level] = {count(counts, "n"), count(counts, "correct")};
  return arm;
}

// Replies of several calls one after the other.
std::string reply_of(const JsonDocument& sample) {
  std::string out;
  const auto at = sample.find("resps");
  if (at == sample.end()) return out;
  for (const JsonDocument& outer : at->is_array() ? *at : JsonDocument::array({*at}))
    for (const JsonDocument& inner : outer.is_array() ? outer : JsonDocument::array({outer})) {
      if (!out.empty()) out += "\n\n";
      out += inner.is_string() ? inner.get<std::string>() : to_line(inner);
    }
  return out;
}

Sample sample_of(const JsonDocument& line) {
  Sample out;
  out.problem = count(line, "doc_id");
  out.trial = count(line, "trial");
  if (const auto doc = line.find("doc"); doc != line.end() && doc->is_object()) {
    out.id = text(*doc, "id");
    out.level = text(*doc, "level");
    out.subject = text(*doc, "subject");
  }
  out.arm = text(line, "arm");
  out.target = text(line, "target");
  out.reply = reply_of(line);
  if (const auto at = line.find("filtered_resps"); at != line.end() && at->is_array() && !at->empty())
    out.answer = (*at)[0].is_string() ? (*at)[0].get<std::string>() : to_line((*at)[0]);
  out.why = text(line, "why");
  out.error = text(line, "error");
  out.right = real(line, "acc") == 1;
  out.bits = real(line, "bits");
  out.answer_bits = real(line, "answer_bits");
  return out;
}

Status read_samples(const fs::path& path, Run& run) {
  KOAN_ASSIGN(const Bytes bytes, read_file(path.string(), kMaxSamples));
  run.hashes[path.filename().string()] = to_hex(sha256(bytes));
  std::string_view rest = as_text(bytes);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    auto parsed = parse_json_document(line, kMaxLine);
    if (!parsed) return std::move(parsed).error().in(path.string() + ":" + std::to_string(number));
    run.samples.push_back(sample_of(*parsed));
  }
  return {};
}

Status read_results(const JsonDocument& results, Run& run) {
  const auto at = results.find("koan");
  if (at == results.end() || !at->is_object())
    return Error{ErrorCode::kCorrupt, "no member 'koan': not written by koan eval run"};
  run.koan = *at;
  if (real(run.koan, "version") != 1)
    return Error{ErrorCode::kNeedsVersion, "a version of its layout that this koan does not know"};
  run.name = text(run.koan, "run");
  run.task = text(run.koan, "task");
  run.problems = count(run.koan, "problems");
  run.small = text(run.koan, "small");
  run.large = text(run.koan, "large");
  run.gap = real(run.koan, "gap");
  if (const auto config = results.find("config"); config != results.end()) run.config = *config;
  const auto arms = run.koan.find("arms");
  if (arms == run.koan.end() || !arms->is_object()) return Error{ErrorCode::kCorrupt, "no member 'koan.arms'"};
  for (const auto& [name, arm] : arms->items()) {
    if (!arm.is_object()) return Error{ErrorCode::kCorrupt, "'koan.arms." + name + "' is no object"};
    run.arms.push_back(arm_of(name, arm));
  }
  return {};
}

}  // namespace

const Arm* Run::find(const std::string& arm) const {
  const auto at = std::find_if(arms.begin(), arms.end(), [&](const Arm& a) { return a.name == arm; });
  return at == arms.end() ? nullptr : &*at;
}

Result<Run> read_run(const std::string& folder) {
  Run run;
  run.folder = fs::path(folder).lexically_normal().string();
  const fs::path results = fs::path(folder) / "results.json";
  KOAN_ASSIGN(const Bytes bytes, read_file(results.string(), kMaxResults));
  run.hashes["results.json"] = to_hex(sha256(bytes));
  auto parsed = parse_json_document(as_text(bytes), kMaxResults);
  if (!parsed) return std::move(parsed).error().in(results.string());
  const Status read = read_results(*parsed, run);
  if (!read) return Error(read.error()).in(results.string());
  std::vector<fs::path> files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("samples_") && name.ends_with(".jsonl")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) KOAN_TRY(read_samples(file, run));
  return run;
}

Role role_of(const Run& run, const std::string& arm) {
  if (arm == run.large) return Role::kCeiling;
  if (arm == run.small) return Role::kControl;
  std::string name;
  for (const char c : arm) name += c == '_' || c == ' ' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const auto begins = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return name.starts_with(word); });
  };
  if (begins({"oracle"})) return Role::kCeiling;
  if (begins({"lossless", "rewrite", "text"})) return Role::kText;
  if (begins({"retry", "self-consistency", "consistency", "majority", "vote", "blc", "random", "constant", "small"}))
    return Role::kControl;
  return Role::kMethod;
}

const char* name_of(Role role) {
  switch (role) {
    case Role::kMethod:
      return "method";
    case Role::kControl:
      return "control";
    case Role::kCeiling:
      return "ceiling";
    case Role::kText:
      return "answer text sent";
  }
  return "";
}

}  // namespace koan::report
