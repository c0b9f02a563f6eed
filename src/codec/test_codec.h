// For tests: a codec whose default model is tests/golden/models/tiny.gguf, small, fast and never replaced, and one-shot
// calls.
#pragma once

#include <gtest/gtest.h>

#include "codec/codec.h"
#include "codec/inspect.h"
#include "codec/test_inputs.h"

namespace koan {

inline std::unique_ptr<Codec> tiny_codec() {
  auto codec = std::move(Codec::create().value());
  EXPECT_TRUE(codec->store().add(tiny_model(), true));
  return codec;
}

inline Bytes compressed(Codec& codec, ByteView raw, const CodecOptions& options = {}, CodecStats* stats = nullptr) {
  MemorySource source(raw);
  MemorySink sink;
  auto result = codec.compress(options, source, sink);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  if (result && stats) *stats = *result;
  return std::move(sink.bytes);
}

inline Result<Bytes> decompressed(Codec& codec, ByteView coded, const CodecOptions& options = {}) {
  MemorySource source(coded);
  MemorySink sink;
  auto result = codec.decompress(options, source, sink);
  if (!result) return std::move(result).error();
  return std::move(sink.bytes);
}

// The header of the last part of a file.
inline PartInfo part_of(ByteView coded) {
  PartInfo out;
  MemorySource source(coded);
  EXPECT_TRUE(inspect(
      source, [&](const PartInfo& part) { out = part; }, [](const SegmentInfo&) {}));
  return out;
}

}  // namespace koan
