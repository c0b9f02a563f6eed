#include "runs/prompts.h"

// CMakeLists.txt
extern "C" const char koan_runs_prompts[], koan_runs_prompts_end[];

namespace koan::runs {

std::string_view run_prompts_file() noexcept { return {koan_runs_prompts, koan_runs_prompts_end}; }

Result<RunPrompts> parse_run_prompts(std::string_view json) {
  KOAN_ASSIGN(JsonDocument document, parse_json_document(json, 1 << 16));
  JsonMembers file(std::move(document));
  RunPrompts out;
  KOAN_ASSIGN(const std::string name, file.text("name"));
  KOAN_ASSIGN(out.version, file.number("version", 1, 1 << 20));
  KOAN_ASSIGN(JsonMembers read, file.object("read"));
  KOAN_ASSIGN(out.read, take_prompt(read));
  KOAN_TRY(read.finish());
  KOAN_TRY(file.finish());
  out.sha256 = sha256(as_bytes(json));
  return out;
}

}  // namespace koan::runs
