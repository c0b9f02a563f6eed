// Independent jobs over the threads of a call, with cancellation between them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "base/workers.h"

namespace koan {

// Runs fn(i) -> Status for i = 0 .. n-1, started in this order, each on any of up to `threads` threads.
template <typename Fn>
Status for_each_index(std::size_t n, unsigned threads, Progress& progress, Fn fn) {
  if (n == 0) return {};
  std::atomic<std::size_t> next{0};
  return run_workers(static_cast<unsigned>(std::min<std::size_t>(threads, n)), [&](unsigned w) -> Status {
    for (std::size_t i; (i = next.fetch_add(1)) < n;) {
      if (progress.cancelled()) return Error{ErrorCode::kCancelled, "stopped"};
      KOAN_TRY(fn(i));
      if (w == 0) progress.tick();
    }
    return {};
  });
}

}  // namespace koan
