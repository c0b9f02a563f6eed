#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace koan {

std::uint64_t xxh3_64(ByteView data, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(data.data(), data.size(), seed);
}

std::array<std::uint8_t, 16> xxh3_128(ByteView data) noexcept {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data.data(), data.size()));
  std::array<std::uint8_t, 16> out;
  std::memcpy(out.data(), canonical.digest, out.size());
  return out;
}

Sha256 sha256(ByteView data) {
  Sha256 out;
  SHA256(data.data(), data.size(), out.data());
  return out;
}

std::string to_hex(ByteView data) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(data.size() * 2);
  for (std::uint8_t b : data) {
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

struct StreamHash::State {
  XXH3_state_t xxh;
};

StreamHash::StreamHash() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh); }
StreamHash::~StreamHash() = default;
StreamHash::StreamHash(StreamHash&&) noexcept = default;
StreamHash& StreamHash::operator=(StreamHash&&) noexcept = default;
void StreamHash::update(ByteView data) noexcept { XXH3_64bits_update(&state_->xxh, data.data(), data.size()); }
std::uint64_t StreamHash::digest() const noexcept { return XXH3_64bits_digest(&state_->xxh); }

struct StreamSha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

StreamSha256::StreamSha256() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr);
}
StreamSha256::~StreamSha256() = default;
StreamSha256::StreamSha256(StreamSha256&&) noexcept = default;
StreamSha256& StreamSha256::operator=(StreamSha256&&) noexcept = default;
void StreamSha256::update(ByteView data) { EVP_DigestUpdate(state_->context.get(), data.data(), data.size()); }
Sha256 StreamSha256::digest() {
  Sha256 out;
  EVP_DigestFinal_ex(state_->context.get(), out.data(), nullptr);
  return out;
}

}  // namespace koan
