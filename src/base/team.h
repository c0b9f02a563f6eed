// Threads that share the steps of one computation. A step takes microseconds, so they wait for the next one awake for a
// while before they sleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace koan {

class Team {
 public:
  // One member is the caller of run(). Where the system gives fewer threads, the others do more parts.
  explicit Team(unsigned members);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  unsigned members() const noexcept { return members_; }

  // Calls fn(part) once for each part in 0..members-1 and returns when all are done. Part p is for member p, whose
  // caches have what it needed last time; whoever is done takes parts of members that have not begun, since their
  // thread may not even run. fn must not throw. One call at a time.
  template <typename Fn>
  void run(Fn&& fn) noexcept {
    step_.call = [](void* f, unsigned part) { (*static_cast<std::remove_reference_t<Fn>*>(f))(part); };
    step_.fn = &fn;
    run_step();
  }

 private:
  struct Step {
    void (*call)(void* fn, unsigned part) = nullptr;
    void* fn = nullptr;
  };
  struct alignas(64) Part {
    std::atomic<std::uint32_t> taken{0};  // the last step in which somebody took it
  };

  void run_step() noexcept;
  void work(unsigned member) noexcept;
  void take_parts(unsigned member, std::uint32_t step) noexcept;

  unsigned members_;
  std::unique_ptr<Part[]> parts_;
  Step step_;                                       // written while no part is taken, read by those who took one
  alignas(64) std::atomic<std::uint32_t> now_{0};   // number of the current step
  alignas(64) std::atomic<std::uint32_t> done_{0};  // parts of it
  std::atomic<bool> ended_{false};
  std::vector<std::thread> threads_;
};

// The part-th of `parts` nearly equal pieces of 0..n-1, in whole multiples of `grain` but for the last.
struct Piece {
  std::uint32_t first, last;
};
inline Piece piece_of(std::uint32_t n, unsigned part, unsigned parts, std::uint32_t grain = 1) noexcept {
  const std::uint64_t grains = (n + grain - 1) / grain;
  const auto at = [&](unsigned p) {
    const std::uint64_t end = grains * p / parts * grain;
    return static_cast<std::uint32_t>(end < n ? end : n);
  };
  return {at(part), at(part + 1)};
}

}  // namespace koan
