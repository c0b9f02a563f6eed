#include "base/workers.h"

#include <chrono>
#include <exception>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace koan {
namespace {

Status guarded(const std::function<Status(unsigned)>& fn, unsigned worker) {
  try {
    return fn(worker);
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kLimit, "out of memory"};
  } catch (const std::exception& e) {
    return Error{ErrorCode::kInternal, e.what()};
  }
}

}  // namespace

void Progress::tick(bool force) {
  if (!fn_) return;
  using namespace std::chrono;
  const std::int64_t now = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  if (!force && now - last_ms_ < 100) return;
  last_ms_ = now;
  if (!fn_({bytes_in_.load(), bytes_out_.load(), bytes_total_})) cancelled_.store(true);
}

Status run_workers(unsigned n, const std::function<Status(unsigned)>& fn) {
  std::vector<Status> results(n);
  std::vector<std::thread> threads;
  unsigned started = 1;
  for (; started < n; ++started) {
    try {
      threads.emplace_back([&results, &fn, started] { results[started] = guarded(fn, started); });
    } catch (const std::system_error&) {
      break;  // no more threads to be had: the workers that run share the jobs
    }
  }
  results[0] = guarded(fn, 0);
  for (auto& thread : threads) thread.join();
  for (auto& result : results) {
    if (!result) return std::move(result).error();
  }
  return {};
}

}  // namespace koan
