#include "runs/config.h"

#include <filesystem>

#include "base/file.h"
#include "base/hash.h"
#include "grade/judge.h"
#include "model/model.h"
#include "runs/sample.h"

namespace koan::runs {
namespace {

constexpr std::size_t kMaxConfig = 1 << 20;

JsonDocument json_of(const ModelName& model) {
  if (model.name.empty()) return nullptr;
  return {{"name", model.name},
          {"sha256", model.identity.empty() ? JsonDocument() : JsonDocument(model.identity)},
          {"parameters", model.parameters == 0 ? JsonDocument() : JsonDocument(model.parameters)}};
}

JsonDocument json_of_problems(std::span<const tasks::Problem> problems) {
  std::string all;
  for (const tasks::Problem& problem : problems) all += hash_of(problem) + "\n";
  return {{"count", problems.size()}, {"sha256", to_hex(sha256(as_bytes(all)))}};
}

Result<JsonDocument> json_of(const Arm& arm, const std::string& prompts) {
  JsonDocument out = {{"name", arm.name}, {"version", arm.version}};
  if (arm.kind != ArmKind::kProtocol) return out;
  KOAN_ASSIGN(const ask::ProtocolData data, protocol_for(arm.protocol, prompts));
  out["protocol"] = data.name;
  out["protocol_sha256"] = to_hex(data.hash);
  return out;
}

// The first member that differs.
std::string difference(const JsonDocument& there, const JsonDocument& wanted) {
  for (const auto& [key, value] : wanted.items())
    if (!there.contains(key) || there.at(key) != value) return key;
  return "koan";
}

}  // namespace

Result<JsonDocument> config_json(const RunConfig& config) {
  JsonDocument arms = JsonDocument::array();
  for (const Arm& arm : config.arms) {
    KOAN_ASSIGN(JsonDocument one, json_of(arm, config.rules.prompts));
    arms.push_back(std::move(one));
  }
  return JsonDocument{
      {"kind", "koan eval run"},
      {"version", 1},
      {"koan", config.koan},
      {"numerics", kNumericsVersion},
      {"task", {{"name", config.task.name}, {"version", config.task.version}, {"sha256", to_hex(config.task.hash)}}},
      {"problems", json_of_problems(config.problems)},
      {"limit", config.limit},
      {"seed", config.seed},
      {"trials", config.trials},
      {"max_tokens", config.rules.cap},
      {"models",
       {{"small", json_of(config.small)}, {"large", json_of(config.large)}, {"judge", json_of(config.judge)}}},
      {"arms", std::move(arms)},
      {"prompts", config.rules.prompts},
      {"run_prompts_sha256", to_hex(config.rules.own.sha256)},
      {"rewrite_prompts_sha256", config.rewrite_prompts_sha256},
      {"judge_prompt_sha256", to_hex(sha256(as_bytes(grade::judge_prompt_file())))},
      {"samples", config.rules.samples},
      {"sample_temperature", kSampleTemperature},
      {"coder", {{"sha256", config.coder_sha256}, {"level", kCodingLevel}}},
      {"unsandboxed", config.unsandboxed}};
}

std::string config_text(const JsonDocument& json) {
  return json.dump(2, ' ', false, JsonDocument::error_handler_t::replace) + "\n";
}

std::string run_name(const std::string& text) { return to_hex(sha256(as_bytes(text))); }

Status begin_folder(const std::string& folder, const std::string& text) {
  std::error_code failed;
  std::filesystem::create_directories(folder + "/asks", failed);
  if (failed) return Error{ErrorCode::kIo, folder + ": " + failed.message()};
  const std::string path = folder + "/config.json";
  if (!std::filesystem::exists(path, failed)) {
    KOAN_ASSIGN(AtomicFile file, AtomicFile::create(path, false));
    KOAN_TRY(FileSink(file.fd(), path).write(as_bytes(text)));
    // Another shard may have been faster: what it wrote is compared below.
    Status done = file.commit();
    if (!done && done.error().code != ErrorCode::kUsage) return done;
  }
  KOAN_ASSIGN(const Bytes there, read_file(path, kMaxConfig));
  if (as_text(there) == text) return {};
  auto other = parse_json_document(as_text(there), kMaxConfig);
  if (!other) return std::move(other).error().in(path);
  KOAN_ASSIGN(const JsonDocument wanted, parse_json_document(text, kMaxConfig));
  return Error{ErrorCode::kUsage, folder + ": another run lies there: its '" + difference(*other, wanted) +
                                      "' differs (config.json); give another --out"};
}

}  // namespace koan::runs
