// What every function of the C interface (include/koan/koan.h) does about errors: no exception passes, codes keep their
// numbers.
#pragma once

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

#include "base/result.h"
#include "koan/koan.h"

namespace koan {

static_assert(static_cast<int>(ErrorCode::kCancelled) == KOAN_ERROR_CANCELLED &&
              static_cast<int>(ErrorCode::kCorrupt) == KOAN_ERROR_CORRUPT &&
              static_cast<int>(ErrorCode::kNeedsModel) == KOAN_ERROR_NEEDS_MODEL &&
              static_cast<int>(ErrorCode::kNeedsContext) == KOAN_ERROR_NEEDS_CONTEXT &&
              static_cast<int>(ErrorCode::kNeedsAdapter) == KOAN_ERROR_NEEDS_ADAPTER &&
              static_cast<int>(ErrorCode::kUsage) == KOAN_ERROR_USAGE &&
              static_cast<int>(ErrorCode::kIo) == KOAN_ERROR_IO &&
              static_cast<int>(ErrorCode::kLimit) == KOAN_ERROR_LIMIT &&
              static_cast<int>(ErrorCode::kNeedsVersion) == KOAN_ERROR_NEEDS_VERSION &&
              static_cast<int>(ErrorCode::kNotSupported) == KOAN_ERROR_NOT_SUPPORTED &&
              static_cast<int>(ErrorCode::kVerification) == KOAN_ERROR_VERIFICATION &&
              static_cast<int>(ErrorCode::kInternal) == KOAN_ERROR_INTERNAL);

inline koan_code report(const Error& e, koan_error* out) {
  if (out) {
    out->code = static_cast<koan_code>(e.code);
    const std::size_t n = std::min(e.message.size(), sizeof(out->message) - 1);
    std::memcpy(out->message, e.message.data(), n);
    out->message[n] = '\0';
  }
  return static_cast<koan_code>(e.code);
}

// Runs fn() -> Status behind the exception fence.
template <typename Fn>
koan_code fenced(koan_error* error, Fn fn) {
  try {
    const Status status = fn();
    if (!status) return report(status.error(), error);
    if (error) *error = koan_error{};
    return KOAN_OK;
  } catch (const std::bad_alloc&) {
    return report({ErrorCode::kLimit, "out of memory"}, error);
  } catch (const std::exception& e) {
    return report({ErrorCode::kInternal, e.what()}, error);
  }
}

}  // namespace koan
