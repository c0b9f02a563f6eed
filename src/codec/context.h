// The text that is coded as if it had gone before (docs/format.md "Context record"), and how files name it.
#pragma once

#include <memory>

#include "formats/part.h"

namespace koan {

struct Context {
  std::shared_ptr<const Bytes> bytes;  // null: none
  ContextRef ref;

  explicit operator bool() const noexcept { return bytes != nullptr; }
  ByteView view() const noexcept { return bytes ? ByteView(*bytes) : ByteView(); }
};

}  // namespace koan
