// What is compressed comes back, with any segment size, level, context and number of streams, and hardly grows.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  if (size < 2 || size > 8192) return 0;
  CodecOptions options;
  options.segment_bytes = 1024 + 16u * data[0];
  options.streams = 1 + data[1] % 4;
  options.level = 1 + data[1] / 4 % 9;
  const std::size_t context = data[1] % 3 == 0 ? (size - 2) / 3 : 0;
  options.context = ByteView(data + 2, context);
  const ByteView raw(data + 2 + context, size - 2 - context);
  MemorySource source(raw);
  MemorySink coded, back;
  const auto compressed = fuzz::tiny_codec().compress(options, source, coded);
  fuzz::require(compressed.has_value(), "anything can be compressed");
  fuzz::require(compressed->raw_bytes == raw.size() && compressed->coded_bytes == coded.bytes.size(),
                "the statistics are right");
  fuzz::require(coded.bytes.size() <= raw.size() + 64 + 25 + raw.size() / 1000,
                "data grows by no more than 64 bytes, a context record and 0.1%");
  MemorySource coded_source(coded.bytes);
  options.streams = 1 + data[1] / 64;
  fuzz::require(fuzz::tiny_codec().decompress(options, coded_source, back).has_value(),
                "what was compressed can be decompressed");
  fuzz::require(back.bytes.size() == raw.size() && std::equal(raw.begin(), raw.end(), back.bytes.begin()),
                "it is the same");
  return 0;
}
