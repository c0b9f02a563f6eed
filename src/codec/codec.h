// The codec behind the C interface: models, coders kept warm between calls, options checked once.
#pragma once

#include <memory>
#include <vector>

#include "codec/line_access.h"

namespace koan {

struct CodecOptions {
  int level = 6;
  unsigned threads = 1;
  std::uint32_t segment_bytes = 0;  // 0: by level
  unsigned streams = 0;  // per thread; 0: by the model
  std::uint32_t segments = 0;  // that each block is cut into; 0: by segment_bytes or level
  ByteView context;            // copied
  std::vector<Sha256> adapters;            // of the store, to compress with; none: the model alone
  Routing routing = Routing::kFixed;       // how one is picked for each text
  std::optional<RecordFields> records;     // compress lines of JSON record by record
  std::uint64_t first_line = 0, line_count = 0;  // decompress only these lines; line_count 0: everything
  std::uint64_t bytes_total = 0;
  ProgressFn progress;
};

inline constexpr unsigned kMaxThreads = 1024;
inline constexpr unsigned kMaxStreams = 64;
inline constexpr std::uint32_t kMaxBlockSegments = 8192;  // so that a full block has none under 1 KiB

class Codec {
 public:
  static Result<std::unique_ptr<Codec>> create();

  Result<CodecStats> compress(const CodecOptions& options, Source& source, Sink& sink);
  Result<CodecStats> decompress(const CodecOptions& options, Source& source, Sink& sink);
  // The records of a .koan file, in order, with what they cost.
  Result<RecordListing> records(const CodecOptions& options, Source& source);
  // What these options compress with: the chosen model, else the one that the first adapter is for, else the level's.
  Result<std::shared_ptr<const Model>> base_model(const CodecOptions& options);
  ModelStore& store() noexcept { return store_; }
  const ModelStore& store() const noexcept { return store_; }

 private:
  class Provider;
  Codec(const Kernels* kernels, ModelStore store) : kernels_(kernels), store_(std::move(store)) {}
  // The part of a coder's setup that options say; model, window, context and predictors are to be filled in.
  CoderSetup coder_setup(const CodecOptions& options) const;
  // Lives until kWarmCoders others have been asked for.
  TokenCoder& coder(CoderSetup setup);
  Result<AdapterOffers> adapter_choice(const CodecOptions& options) const;
  void keep_context(ByteView context);

  const Kernels* kernels_;
  ModelStore store_;
  Context context_;  // of the last use
  // Of the last uses, the latest first: their streams are warm.
  static constexpr std::size_t kWarmCoders = 4;
  std::vector<std::unique_ptr<TokenCoder>> coders_;
};

}  // namespace koan
