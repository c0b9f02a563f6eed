#include "base/workers.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <thread>

namespace koan {
namespace {

TEST(RunWorkers, RunsEveryWorkerAndTheFirstOnThisThread) {
  std::atomic<unsigned> sum{0};
  const auto self = std::this_thread::get_id();
  ASSERT_TRUE(run_workers(8, [&](unsigned w) -> Status {
    if (w == 0 && std::this_thread::get_id() != self) return Error{ErrorCode::kInternal, "worker 0 is elsewhere"};
    sum += w + 1;
    return {};
  }));
  EXPECT_EQ(sum.load(), 36u);
}

TEST(RunWorkers, ReportsErrorsAndExceptionsOfAnyWorker) {
  EXPECT_EQ(run_workers(3,
                        [](unsigned w) -> Status {
                          return w == 2 ? Status(Error{ErrorCode::kCorrupt, "x"}) : Status();
                        })
                .error()
                .code,
            ErrorCode::kCorrupt);
  EXPECT_EQ(
      run_workers(2, [](unsigned w) -> Status { return w == 1 ? throw std::bad_alloc() : Status(); }).error().code,
      ErrorCode::kLimit);
  EXPECT_EQ(run_workers(1, [](unsigned) -> Status { throw std::runtime_error("oops"); }).error().message, "oops");
}

TEST(Progress, ReportsAndCancels) {
  std::uint64_t seen = 0;
  Progress progress([&](const ProgressReport& r) { return seen = r.bytes_in, r.bytes_in < 10; }, 100);
  progress.done(5);
  progress.tick(true);
  EXPECT_EQ(seen, 5u);
  EXPECT_FALSE(progress.cancelled());
  progress.done(6);
  progress.tick(true);
  EXPECT_TRUE(progress.cancelled());
}

}  // namespace
}  // namespace koan
