// Hashes: XXH3 for checksums, SHA-256 for the identity of models. Hides xxHash and OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace koan {

using Sha256 = std::array<std::uint8_t, 32>;

std::uint64_t xxh3_64(ByteView data, std::uint64_t seed = 0) noexcept;
std::array<std::uint8_t, 16> xxh3_128(ByteView data) noexcept;  // canonical (big-endian) byte order
Sha256 sha256(ByteView data);
std::string to_hex(ByteView data);

// XXH3-64 over data that arrives in pieces.
class StreamHash {
 public:
  StreamHash();
  ~StreamHash();
  StreamHash(StreamHash&&) noexcept;
  StreamHash& operator=(StreamHash&&) noexcept;
  void update(ByteView data) noexcept;
  std::uint64_t digest() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// SHA-256 likewise.
class StreamSha256 {
 public:
  StreamSha256();
  ~StreamSha256();
  StreamSha256(StreamSha256&&) noexcept;
  StreamSha256& operator=(StreamSha256&&) noexcept;
  void update(ByteView data);
  Sha256 digest();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace koan
