// Where bytes come from and go to: the interfaces behind files, memory and the callbacks of the C interface.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace koan {

class Source {
 public:
  virtual ~Source() = default;
  // Fills up to buffer.size() bytes; returns how many, 0 only at the end.
  virtual Result<std::size_t> read(std::span<std::uint8_t> buffer) = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual Status write(ByteView data) = 0;
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(ByteView data) noexcept : data_(data) {}
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override {
    const std::size_t n = std::min(buffer.size(), data_.size());
    if (n != 0) std::memcpy(buffer.data(), data_.data(), n);
    data_ = data_.subspan(n);
    return n;
  }

 private:
  ByteView data_;
};

// Collects bytes; kLimit beyond max_bytes.
class MemorySink final : public Sink {
 public:
  explicit MemorySink(std::uint64_t max_bytes = UINT64_MAX) noexcept : max_bytes_(max_bytes) {}
  Status write(ByteView data) override {
    if (data.size() > max_bytes_ - bytes.size()) {
      return Error{ErrorCode::kLimit, "output is larger than the limit of " + std::to_string(max_bytes_) + " bytes"};
    }
    append_bytes(bytes, data);
    return {};
  }
  Bytes bytes;

 private:
  std::uint64_t max_bytes_;
};

// Pulls from a Source and lets a parser look ahead.
class BufferedSource {
 public:
  explicit BufferedSource(Source& source) noexcept : source_(&source) {}

  // Makes at least n bytes visible if the source has them; the view may be shorter at the end and longer in general.
  Result<ByteView> peek(std::size_t n) {
    while (buffer_.size() - start_ < n && !ended_) {
      if (start_ != 0) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
        start_ = 0;
      }
      const std::size_t have = buffer_.size();
      // Grows with what really arrives, so that a damaged length cannot make us allocate what the file does not hold.
      const std::size_t step = std::max<std::size_t>(kChunk, std::min(n - have, have));
      buffer_.resize(have + step);
      auto got = source_->read(std::span(buffer_).subspan(have));
      if (!got) return std::move(got).error();
      buffer_.resize(have + *got);
      ended_ = *got == 0;
    }
    return ByteView(buffer_).subspan(start_);
  }
  void consume(std::size_t n) noexcept {
    start_ += n;
    position_ += n;
  }
  std::uint64_t position() const noexcept { return position_; }

 private:
  static constexpr std::size_t kChunk = std::size_t{1} << 16;
  Source* source_;
  Bytes buffer_;
  std::size_t start_ = 0;
  std::uint64_t position_ = 0;
  bool ended_ = false;
};

}  // namespace koan
