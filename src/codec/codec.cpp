#include "codec/codec.h"

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
  return {};
}

}  // namespace

class Codec::Provider final : public CoderProvider {
 public:
  Provider(Codec& codec, const CodecOptions& options) : codec_(codec), options_(options) {}
  Result<TokenCoder*> coder_for(const ModelRef& ref) override {
    KOAN_ASSIGN(const std::shared_ptr<const Model> model, codec_.store_.find(ref));
    return &codec_.coder(model, {ref.window, ref.sinks}, options_);
  }
  Result<TokenCoder*> coder_for_message(const std::array<std::uint8_t, 2>& id) override {
    KOAN_ASSIGN(const std::shared_ptr<const Model> model, codec_.store_.find_message(id));
    return &codec_.coder(model, default_window(model->config()), options_);
  }

 private:
  Codec& codec_;
  const CodecOptions& options_;
};

Result<std::unique_ptr<Codec>> Codec::create() {
  KOAN_ASSIGN(const Kernels* kernels, choose_kernels());
  KOAN_ASSIGN(ModelStore store, ModelStore::create(kernels));
  return std::unique_ptr<Codec>(new Codec(kernels, std::move(store)));
}

TokenCoder& Codec::coder(const std::shared_ptr<const Model>& model, Window window, const CodecOptions& options) {
  const unsigned threads = std::max(1u, options.threads);
  const unsigned streams = options.streams == 0 ? 16 : options.streams;
  if (coder_) {
    const CoderSetup& have = coder_->setup();
    if (have.model == model && have.window.size == window.size && have.window.sinks == window.sinks &&
        have.threads == threads && have.streams == streams) {
      return *coder_;
    }
  }
  coder_ = std::make_unique<TokenCoder>(CoderSetup{model, kernels_, window, threads, streams});
  return *coder_;
}

Result<CodecStats> Codec::compress(const CodecOptions& options, Source& source, Sink& sink) {
  KOAN_TRY(check_options(options));
  const std::shared_ptr<const Model>& model = store_.default_model();
  TokenCoder& token_coder = coder(model, default_window(model->config()), options);
  Progress progress(options.progress, options.bytes_total);
  const std::size_t segment = options.segment_bytes != 0 ? options.segment_bytes : level_segment_bytes(options.level);
  auto stats = koan::compress(source, sink, token_coder, segment, progress);
  progress.tick(true);
  return stats;
}

Result<CodecStats> Codec::decompress(const CodecOptions& options, Source& source, Sink& sink) {
  KOAN_TRY(check_options(options));
  Provider provider(*this, options);
  Progress progress(options.progress, options.bytes_total);
  auto stats = koan::decompress(source, sink, provider, progress);
  progress.tick(true);
  return stats;
}

}  // namespace koan
