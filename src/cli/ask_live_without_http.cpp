// For builds without KOAN_REMOTE.
#include "cli/ask_live.h"

namespace koan::cli {
namespace {

Error without() {
  return Error{ErrorCode::kNotSupported,
               "koan ask: this koan was built without HTTP, which live mode needs (KOAN_REMOTE)"};
}

}  // namespace

Result<AskFar> connect_far(const AskArguments&) { return without(); }
Status serve_answers(const AskArguments&) { return without(); }

}  // namespace koan::cli
