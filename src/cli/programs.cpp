#include "cli/programs.h"

#include "chat/local_chat.h"
#include "cli/signals.h"
#include "sandbox/sandbox.h"
#include "text/strip.h"

namespace koan::cli {
namespace {

// "AssertionError: ..." of a traceback.
std::string last_line(const std::string& output) {
  const std::string_view text = strip(output);
  const std::size_t at = text.rfind('\n');
  return replace_broken_utf8((at == std::string_view::npos ? text : text.substr(at + 1)).substr(0, 200));
}

std::string why(const sandbox::Outcome& outcome) {
  switch (outcome.end) {
    case sandbox::End::kTimeout:
      return "timeout";
    case sandbox::End::kMemory:
      return "out of memory";
    case sandbox::End::kProcesses:
      return "too many processes";
    case sandbox::End::kSignal:
      return "killed by signal " + std::to_string(outcome.code);
    case sandbox::End::kExited:
      break;
  }
  const std::string line = last_line(outcome.output);
  return line.empty() ? "exit status " + std::to_string(outcome.code) : line;
}

}  // namespace

std::function<Result<grade::Grade>(const std::string& program)> program_runner(bool unsandboxed) {
  return [unsandboxed](const std::string& program) -> Result<grade::Grade> {
    sandbox::Options options;
    options.unsandboxed = unsandboxed;
    options.cancelled = interrupted;
    KOAN_ASSIGN(const sandbox::Outcome outcome,
                sandbox::run({"python3", "program.py"}, {{"program.py", program}}, options));
    // Without Python every program would be wrong.
    if (outcome.end == sandbox::End::kExited && outcome.code == 127)
      return Error{ErrorCode::kNotSupported, "python3 is not to be found: programs cannot be graded"};
    grade::Grade out;
    out.right = outcome.end == sandbox::End::kExited && outcome.code == 0;
    if (!out.right) out.why = why(outcome);
    return out;
  };
}

}  // namespace koan::cli
