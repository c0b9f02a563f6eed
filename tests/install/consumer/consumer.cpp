// A round trip through the C++ owner, in memory and in a stream.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <koan/koan.hpp>

int main() {
  const std::string_view text = "It is what it is, and it is not what it is not; and that is that.";
  auto codec = koan::Codec::create();
  if (!codec) return std::fprintf(stderr, "%s\n", codec.failure.message.c_str()), 1;
  const auto packed = codec.value.compress(koan::bytes_of(text));
  if (!packed) return std::fprintf(stderr, "%s\n", packed.failure.message.c_str()), 1;
  const auto back = codec.value.decompress(packed.value);
  if (!back || !std::ranges::equal(back.value, koan::bytes_of(text))) return 1;
  std::printf("C++: koan %s, %zu => %zu bytes\n", koan_version(), text.size(), packed.value.size());

  if (codec.value.decompress(packed.value, 10).failure.code != KOAN_ERROR_LIMIT) return 1;
  if (codec.value.decompress(std::span(packed.value).first(5)).failure.code != KOAN_ERROR_CORRUPT) return 1;

  std::size_t given = 0;
  std::string out;
  const auto streamed = codec.value.decompress(
      [&](void* buffer, std::size_t size) -> std::int64_t {
        const std::size_t n = std::min(size, packed.value.size() - given);
        std::memcpy(buffer, packed.value.data() + given, n);
        given += n;
        return static_cast<std::int64_t>(n);
      },
      [&](const void* data, std::size_t size) {
        out.append(static_cast<const char*>(data), size);
        return 0;
      });
  if (!streamed || out != text || streamed.value.raw_bytes != text.size()) return 1;

  int throwing = 0;
  const auto refused = codec.value.compress([&](void*, std::size_t) -> std::int64_t { throw ++throwing; },
                                            [](const void*, std::size_t) { return 0; });
  return refused.failure.code == KOAN_ERROR_IO && throwing == 1 && codec.value.model_count() >= 1 ? 0 : 1;
}
