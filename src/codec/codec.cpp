#include "codec/codec.h"

#include <algorithm>

#include "kernels/dispatch.h"

namespace koan {
namespace {

Status check_options(const CodecOptions& options) {
  const auto bad = [](const char* what) { return Error{ErrorCode::kUsage, what}; };
  if (options.level < 1 || options.level > 9) return bad("level must be 1 to 9");
  if (options.threads > kMaxThreads) return bad("at most 1024 threads");
  if (options.streams > kMaxStreams) return bad("streams must be 1 to 64");
  if (options.segment_bytes != 0 && (options.segment_bytes < 1024 || options.segment_bytes > kMaxBlock)) {
    return bad("segment size must be 1024 to 8388608 bytes");
  }
  if (options.segments > kMaxBlockSegments) return bad("a block has at most 8192 segments");
  if (options.segments != 0 && options.segment_bytes != 0) return bad("choose one of segments and segment size");
  if (options.context.size() > kMaxContext) return Error{ErrorCode::kLimit, "a context has at most 16 MiB"};
  return {};
}

}  // namespace

class Codec::Provider final : public CoderProvider {
 public:
  Provider(Codec& codec, const CodecOptions& options) : codec_(codec), options_(options) {}

  Result<ByteView> context_for(const ContextRef& ref) override {
    if (codec_.context_ && codec_.context_.ref == ref) return codec_.context_.view();
    return Error{ErrorCode::kNeedsContext,
                 "needs the context with XXH3-128 " + to_hex(ref.hash) + " (" + std::to_string(ref.bytes) + " bytes)" +
                     (codec_.context_ ? ", not the one given" : "") + "; pass it with --context FILE"};
  }
  Result<TokenCoder*> coder_for(const ModelRef& ref, bool with_context) override {
    CoderSetup setup = codec_.coder_setup(options_);
    KOAN_ASSIGN(setup.model, codec_.store_.find(ref));
    setup.window = {ref.window, ref.sinks};
    setup.predictors = ref.predictors;
    if (with_context) setup.context = codec_.context_.bytes;
    return &codec_.coder(std::move(setup));
  }
  // With the context first: where both ids are the same, leaving it away still leads to the other.
  Result<TokenCoder*> coder_for_message(const std::array<std::uint8_t, 2>& id) override {
    CoderSetup setup = codec_.coder_setup(options_);
    auto model = codec_.store_.find_message(id, codec_.context_.ref.hash);
    if (model) setup.context = codec_.context_.bytes;
    if (!model && codec_.context_) model = codec_.store_.find_message(id, {});
    if (!model) return std::move(model).error();
    setup.model = std::move(*model);
    setup.window = default_window(setup.model->config());
    return &codec_.coder(std::move(setup));
  }
  unsigned threads() const override { return std::max(1u, options_.threads); }

 private:
  Codec& codec_;
  const CodecOptions& options_;
};

Result<std::unique_ptr<Codec>> Codec::create() {
  KOAN_ASSIGN(const Kernels* kernels, choose_kernels());
  KOAN_ASSIGN(ModelStore store, ModelStore::create(kernels));
  return std::unique_ptr<Codec>(new Codec(kernels, std::move(store)));
}

CoderSetup Codec::coder_setup(const CodecOptions& options) const {
  CoderSetup out;
  out.kernels = kernels_;
  out.threads = std::max(1u, options.threads);
  out.streams = options.streams == 0 ? 16 : options.streams;
  return out;
}

TokenCoder& Codec::coder(CoderSetup setup) {
  if (coder_) {
    const CoderSetup& have = coder_->setup();
    if (have.model == setup.model && have.window.size == setup.window.size && have.window.sinks == setup.window.sinks &&
        have.threads == setup.threads && have.streams == setup.streams && have.context == setup.context &&
        have.predictors == setup.predictors) {
      return *coder_;
    }
  }
  coder_ = std::make_unique<TokenCoder>(std::move(setup));
  return *coder_;
}

// The same bytes again keep their copy, which the coder of the last use has been made for.
void Codec::keep_context(ByteView context) {
  if (context.empty()) {
    context_ = {};
  } else if (!context_ || !std::ranges::equal(*context_.bytes, context)) {
    context_.bytes = std::make_shared<const Bytes>(context.begin(), context.end());
    context_.ref = {context.size(), xxh3_128(context)};
  }
}

Result<CodecStats> Codec::compress(const CodecOptions& options, Source& source, Sink& sink) {
  KOAN_TRY(check_options(options));
  keep_context(options.context);
  CompressSetup setup;
  setup.level = level_of(options.level);
  if (options.segment_bytes != 0) setup.level.segment_bytes = options.segment_bytes;
  setup.segments = options.segments;
  setup.threads = std::max(1u, options.threads);
  setup.context = context_;
  setup.coder = [&](std::uint32_t predictors) -> TokenCoder& {
    CoderSetup out = coder_setup(options);
    out.model = store_.default_model();
    out.window = default_window(out.model->config());
    out.context = context_.bytes;
    out.predictors = predictors;
    return coder(std::move(out));
  };
  Progress progress(options.progress, options.bytes_total);
  auto stats = koan::compress(source, sink, setup, progress);
  progress.tick(true);
  return stats;
}

Result<CodecStats> Codec::decompress(const CodecOptions& options, Source& source, Sink& sink) {
  KOAN_TRY(check_options(options));
  keep_context(options.context);
  Provider provider(*this, options);
  Progress progress(options.progress, options.bytes_total);
  auto stats = koan::decompress(source, sink, provider, progress);
  progress.tick(true);
  return stats;
}

}  // namespace koan
