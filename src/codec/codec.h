// The codec behind the C interface: models, coders kept warm between calls, options checked once.
#pragma once

#include <memory>
#include <vector>

#include "codec/decompressor.h"

namespace koan {

struct CodecOptions {
  int level = 6;
  unsigned threads = 1;
  std::uint32_t segment_bytes = 0;  // 0: by level
  unsigned streams = 16;
  std::uint64_t bytes_total = 0;
  ProgressFn progress;
};

inline constexpr unsigned kMaxThreads = 1024;
inline constexpr unsigned kMaxStreams = 64;

class Codec {
 public:
  static Result<std::unique_ptr<Codec>> create();

  Result<CodecStats> compress(const CodecOptions& options, Source& source, Sink& sink);
  Result<CodecStats> decompress(const CodecOptions& options, Source& source, Sink& sink);
  ModelStore& store() noexcept { return store_; }
  const ModelStore& store() const noexcept { return store_; }

 private:
  class Provider;
  Codec(const Kernels* kernels, ModelStore store) : kernels_(kernels), store_(std::move(store)) {}
  TokenCoder& coder(const std::shared_ptr<const Model>& model, Window window, const CodecOptions& options);

  const Kernels* kernels_;
  ModelStore store_;
  std::unique_ptr<TokenCoder> coder_;  // of the last use: its streams are warm
};

}  // namespace koan
