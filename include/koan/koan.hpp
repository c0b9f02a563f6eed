// koan for C++20: owners over koan.h, nothing more. No exceptions: every call returns an Outcome.
//
//   auto codec = koan::Codec::create();
//   if (!codec) return complain(codec.failure.message);
//   auto packed = codec.value.compress(koan::bytes_of(text));
//   auto back = codec.value.decompress(packed.value);
//
// A Codec may be used by one thread at a time.
#ifndef KOAN_KOAN_HPP
#define KOAN_KOAN_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "koan/koan.h"

namespace koan {
inline namespace api {

struct Failure {
  koan_code code = KOAN_OK;
  std::string message;
};

// The value counts only if the outcome is true.
template <typename T>
struct [[nodiscard]] Outcome {
  T value{};
  Failure failure;
  explicit operator bool() const noexcept { return failure.code == KOAN_OK; }
};

struct Options : koan_options {
  Options() noexcept { koan_options_init(this); }
  // Points to `bytes` until the call that takes these options is over.
  void set_context(std::span<const std::uint8_t> bytes) noexcept {
    context = bytes.data();
    context_size = bytes.size();
  }
};

inline std::span<const std::uint8_t> bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Fills up to `size` bytes; returns how many, 0 at the end, negative on failure.
using Reader = std::function<std::int64_t(void* buffer, std::size_t size)>;
// Takes all bytes; returns 0, or nonzero on failure.
using Writer = std::function<int(const void* data, std::size_t size)>;

class Codec {
 public:
  using Bytes = std::vector<std::uint8_t>;

  Codec() noexcept = default;  // empty; create() makes one that works
  ~Codec() { koan_codec_free(codec_); }
  Codec(Codec&& other) noexcept : codec_(std::exchange(other.codec_, nullptr)) {}
  Codec& operator=(Codec&& other) noexcept {
    std::swap(codec_, other.codec_);
    return *this;
  }
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  static Outcome<Codec> create() {
    Outcome<Codec> out;
    koan_error error{};
    out.failure = failure_of(koan_codec_create(&out.value.codec_, &error), error);
    return out;
  }

  koan_codec* get() const noexcept { return codec_; }

  // A GGUF file in memory; copied.
  Failure add_model(std::span<const std::uint8_t> gguf, bool choose) {
    koan_error error{};
    return failure_of(koan_codec_add_model(codec_, gguf.data(), gguf.size(), choose ? 1 : 0, &error), error);
  }
  // A GGUF LoRA in memory; copied. The value is its SHA-256.
  Outcome<std::array<std::uint8_t, 32>> add_adapter(std::span<const std::uint8_t> gguf) {
    Outcome<std::array<std::uint8_t, 32>> out;
    koan_error error{};
    out.failure =
        failure_of(koan_codec_add_adapter(codec_, gguf.data(), gguf.size(), out.value.data(), &error), error);
    return out;
  }
  bool fits(std::span<const std::uint8_t, 32> adapter, std::span<const std::uint8_t, 32> model) const noexcept {
    return koan_codec_adapter_fits(codec_, adapter.data(), model.data()) != 0;
  }
  std::size_t model_count() const noexcept { return koan_codec_model_count(codec_); }
  Outcome<koan_model_info> model(std::size_t index) const {
    Outcome<koan_model_info> out;
    koan_error error{};
    out.failure = failure_of(koan_codec_model(codec_, index, &out.value, &error), error);
    return out;
  }
  Outcome<koan_model_info> model_for(const koan_options& options) const {
    Outcome<koan_model_info> out;
    koan_error error{};
    out.failure = failure_of(koan_codec_model_for(codec_, &options, &out.value, &error), error);
    return out;
  }
  Failure choose_model(std::size_t index) {
    koan_error error{};
    return failure_of(koan_codec_choose_model(codec_, index, &error), error);
  }

  Outcome<Bytes> compress(std::span<const std::uint8_t> data, const koan_options& options = Options(),
                          koan_stats* stats = nullptr) {
    Allocation made;
    koan_error error{};
    const koan_code code =
        koan_compress(codec_, &options, data.data(), data.size(), &made.data, &made.size, stats, &error);
    return {made.copy(), failure_of(code, error)};
  }
  // More than max_size bytes of output are KOAN_ERROR_LIMIT.
  Outcome<Bytes> decompress(std::span<const std::uint8_t> data, std::size_t max_size = SIZE_MAX,
                            const koan_options& options = Options(), koan_stats* stats = nullptr) {
    Allocation made;
    koan_error error{};
    const koan_code code =
        koan_decompress(codec_, &options, data.data(), data.size(), max_size, &made.data, &made.size, stats, &error);
    return {made.copy(), failure_of(code, error)};
  }

  // Bounded memory. What was written must be dropped if the outcome is false.
  Outcome<koan_stats> compress(const Reader& reader, const Writer& writer, const koan_options& options = Options()) {
    return stream(koan_compress_stream, reader, writer, options);
  }
  Outcome<koan_stats> decompress(const Reader& reader, const Writer& writer, const koan_options& options = Options()) {
    return stream(koan_decompress_stream, reader, writer, options);
  }

  // What each record costs, in order. The value: what the record blocks take in all.
  Outcome<koan_record_total> list_records(const Reader& reader,
                                          const std::function<void(const koan_record_info&)>& on_record,
                                          const koan_options& options = Options()) {
    Outcome<koan_record_total> out;
    koan_error error{};
    const koan_code code = koan_list_records_stream(
        codec_, &options, read_thunk, const_cast<Reader*>(&reader),
        [](void* user, const koan_record_info* record) {
          (*static_cast<const std::function<void(const koan_record_info&)>*>(user))(*record);
        },
        const_cast<std::function<void(const koan_record_info&)>*>(&on_record), &out.value, &error);
    out.failure = failure_of(code, error);
    return out;
  }

  static Failure failure_of(koan_code code, const koan_error& error) {
    return code == KOAN_OK ? Failure{} : Failure{code, error.message};
  }
  // Reader and Writer as C callbacks: `user` points to one. What they throw becomes a failure.
  static std::int64_t read_thunk(void* user, void* buffer, std::size_t size) {
    try {
      return (*static_cast<const Reader*>(user))(buffer, size);
    } catch (...) {
      return -1;
    }
  }
  static int write_thunk(void* user, const void* data, std::size_t size) {
    try {
      return (*static_cast<const Writer*>(user))(data, size);
    } catch (...) {
      return 1;
    }
  }

 private:
  struct Allocation {
    std::uint8_t* data = nullptr;
    std::size_t size = 0;
    Allocation() = default;
    Allocation(const Allocation&) = delete;
    Allocation& operator=(const Allocation&) = delete;
    ~Allocation() { koan_free(data); }
    Bytes copy() const { return data == nullptr ? Bytes() : Bytes(data, data + size); }
  };

  template <typename Function>
  Outcome<koan_stats> stream(Function* function, const Reader& reader, const Writer& writer,
                             const koan_options& options) {
    Outcome<koan_stats> out;
    koan_error error{};
    const koan_code code = function(codec_, &options, read_thunk, const_cast<Reader*>(&reader), write_thunk,
                                    const_cast<Writer*>(&writer), &out.value, &error);
    out.failure = failure_of(code, error);
    return out;
  }

  koan_codec* codec_ = nullptr;
};

// What a .koan file holds; needs no codec.
inline Failure inspect(const Reader& reader, const std::function<void(const koan_part_info&)>& on_part,
                       const std::function<void(const koan_segment_info&)>& on_segment) {
  struct Callbacks {
    const std::function<void(const koan_part_info&)>& part;
    const std::function<void(const koan_segment_info&)>& segment;
  } callbacks{on_part, on_segment};
  koan_error error{};
  const koan_code code = koan_inspect_stream(
      Codec::read_thunk, const_cast<Reader*>(&reader),
      [](void* user, const koan_part_info* part) { static_cast<Callbacks*>(user)->part(*part); },
      [](void* user, const koan_segment_info* segment) { static_cast<Callbacks*>(user)->segment(*segment); },
      &callbacks, &error);
  return Codec::failure_of(code, error);
}

}  // namespace api
}  // namespace koan

#endif
