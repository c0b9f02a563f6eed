// The parts of a .koan file one after another.
#pragma once

#include <string>

#include "base/io.h"
#include "formats/part.h"

namespace koan {

// Calls frame() or message() (-> Result<bool>: go on?) where one begins; they take it from `in`.
template <typename Frame, typename Message>
Status walk_parts(BufferedSource& in, Frame frame, Message message) {
  for (bool first = true;; first = false) {
    KOAN_ASSIGN(const ByteView view, in.peek(1));
    if (view.empty() && first) return Error{ErrorCode::kCorrupt, "empty: not a .koan file"};
    if (view.empty()) return {};
    if (!is_frame_start(view[0]) && !is_message_start(view[0])) {
      return Error{ErrorCode::kCorrupt,
                   first ? std::string("not a .koan file")
                         : "what follows byte " + std::to_string(in.position()) + " is not .koan data"};
    }
    KOAN_ASSIGN(const bool go_on, is_frame_start(view[0]) ? frame() : message());
    if (!go_on) return {};
  }
}

}  // namespace koan
