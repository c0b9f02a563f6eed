// Zeroed memory aligned to a cache line, for everything the kernels touch. Running out of memory is an answer, not an
// exception.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace koan {

inline constexpr std::size_t kAlignment = 64;

template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // False if there is no such memory. calloc, not aligned_alloc and memset: large caches stay untouched until they are
  // used.
  [[nodiscard]] bool allocate(std::size_t count) noexcept {
    if (count > (SIZE_MAX - kAlignment) / sizeof(T)) return false;
    memory_.reset(std::calloc(count * sizeof(T) + kAlignment, 1));
    if (!memory_) return false;
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.get());
    data_ = reinterpret_cast<T*>((address + kAlignment - 1) / kAlignment * kAlignment);
    size_ = count;
    return true;
  }

  // The same memory, not owned: for a second holder that the first outlives. Neither writes from then on.
  AlignedBuffer borrow() const noexcept {
    AlignedBuffer out;
    out.data_ = data_;
    out.size_ = size_;
    return out;
  }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::uint64_t bytes() const noexcept { return static_cast<std::uint64_t>(size_) * sizeof(T); }

 private:
  struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

// n rounded up to a multiple of `unit`.
constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t unit) noexcept { return (n + unit - 1) / unit * unit; }

}  // namespace koan
