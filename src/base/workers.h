// Work spread over threads, with progress and cancellation on the calling thread only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "base/result.h"

namespace koan {

struct ProgressReport {
  std::uint64_t bytes_in = 0, bytes_out = 0, bytes_total = 0;
};
using ProgressFn = std::function<bool(const ProgressReport&)>;  // false: stop

// Shared by all workers of one operation. done() may be called from any thread, tick() from the calling thread only.
class Progress {
 public:
  Progress(ProgressFn fn, std::uint64_t bytes_total) : fn_(std::move(fn)), bytes_total_(bytes_total) {}
  void done(std::uint64_t bytes) noexcept { bytes_in_.fetch_add(bytes, std::memory_order_relaxed); }
  void written(std::uint64_t bytes) noexcept { bytes_out_.fetch_add(bytes, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }
  // Reports at most some ten times a second.
  void tick(bool force = false);

 private:
  ProgressFn fn_;
  std::uint64_t bytes_total_;
  std::atomic<std::uint64_t> bytes_in_{0}, bytes_out_{0};
  std::atomic<bool> cancelled_{false};
  std::int64_t last_ms_ = 0;
};

// Runs fn(worker) for worker 0..n-1, worker 0 on the calling thread; returns the error of the lowest worker that
// failed. Exceptions of the standard library (out of memory) become kLimit or kInternal.
Status run_workers(unsigned n, const std::function<Status(unsigned)>& fn);

}  // namespace koan
