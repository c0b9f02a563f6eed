#include "cli/endpoints.h"

namespace koan::cli {

Result<std::unique_ptr<ChatModel>> open_local(const std::string& name) {
  return Error{ErrorCode::kNotSupported, "local:" + name + ": this command talks to remote models only"};
}

}  // namespace koan::cli
