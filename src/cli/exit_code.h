// Exit codes (docs/cli.md) and how errors map to them.
#pragma once

#include "base/result.h"
#include "koan/koan.h"

namespace koan::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitInternal = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitIo = 3;
inline constexpr int kExitCorrupt = 4;
inline constexpr int kExitNeeds = 5;
inline constexpr int kExitRemote = 6;
inline constexpr int kExitLimit = 7;
inline constexpr int kExitVerification = 8;
inline constexpr int kExitInterrupted = 130;

inline constexpr int exit_code(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInternal:
      return kExitInternal;
    case ErrorCode::kUsage:
    case ErrorCode::kNotSupported:
      return kExitUsage;
    case ErrorCode::kIo:
      return kExitIo;
    case ErrorCode::kCorrupt:
      return kExitCorrupt;
    case ErrorCode::kNeedsModel:
    case ErrorCode::kNeedsVersion:
    case ErrorCode::kNeedsContext:
    case ErrorCode::kNeedsAdapter:
      return kExitNeeds;
    case ErrorCode::kRemote:
      return kExitRemote;
    case ErrorCode::kLimit:
    case ErrorCode::kBudget:
      return kExitLimit;
    case ErrorCode::kVerification:
      return kExitVerification;
    case ErrorCode::kCancelled:
      return kExitInterrupted;
  }
  return kExitInternal;
}

// ErrorCode and koan_code have the same numbers (checked in src/codec/c_api.cpp).
inline constexpr ErrorCode error_code(koan_code code) noexcept {
  return static_cast<ErrorCode>(static_cast<int>(code));
}

}  // namespace koan::cli
