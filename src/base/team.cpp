#include "base/team.h"

#include <system_error>

namespace koan {
namespace {

// How long a member that has nothing to do stays awake: longer than what a model computes between two steps that are
// shared, some tens of microseconds on a processor whose pause is short.
constexpr int kSpins = 4000;
// The caller waits for parts that others are at; after so long it lets somebody else have the core, perhaps them.
constexpr int kSpinsBeforeYield = 1000;

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace

Team::Team(unsigned members) : members_(members < 1 ? 1 : members), parts_(std::make_unique<Part[]>(members_)) {
  for (unsigned m = 1; m < members_; ++m) {
    try {
      threads_.emplace_back([this, m] { work(m); });
    } catch (const std::system_error&) {
      break;
    }
  }
}

Team::~Team() {
  ended_.store(true);
  now_.fetch_add(1);
  now_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run_step() noexcept {
  done_.store(0, std::memory_order_relaxed);
  // Sequentially consistent, as the waiting is: either a member sees the new number or we see that it sleeps.
  const std::uint32_t step = now_.fetch_add(1) + 1;
  now_.notify_all();
  take_parts(0, step);
  for (int spins = 0; done_.load(std::memory_order_acquire) != members_; ++spins) {
    if (spins < kSpinsBeforeYield) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

void Team::work(unsigned member) noexcept {
  for (std::uint32_t seen = 0;;) {
    for (int spins = 0; now_.load(std::memory_order_acquire) == seen; ++spins) {
      if (spins < kSpins) {
        pause();
      } else {
        now_.wait(seen);
      }
    }
    seen = now_.load(std::memory_order_acquire);
    if (ended_.load()) return;
    take_parts(member, seen);
  }
}

// A part goes from the number of one step to that of the next, so a member that comes late takes nothing: what it would
// have taken is taken.
void Team::take_parts(unsigned member, std::uint32_t step) noexcept {
  for (unsigned i = 0; i < members_; ++i) {
    const unsigned part = member + i < members_ ? member + i : member + i - members_;
    std::uint32_t before = step - 1;
    if (!parts_[part].taken.compare_exchange_strong(before, step, std::memory_order_acq_rel)) continue;
    step_.call(step_.fn, part);
    done_.fetch_add(1, std::memory_order_release);
  }
}

}  // namespace koan
