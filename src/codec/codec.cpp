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
  if (options.adapters.size() > kMaxAdapters) return Error{ErrorCode::kLimit, "a file names at most 250 adapters"};
  if (options.routing == Routing::kFixed && options.adapters.size() > 1)
    return bad("with several adapters, say how one is to be picked for each text");
  if (options.records) {
    const RecordFields& fields = *options.records;
    if (fields.field.empty()) return bad("records need the field that holds their text");
    if (fields.field.size() > kMaxFieldPath || fields.context.size() > kMaxFieldPath)
      return bad("a field path has at most 255 bytes");
    if (!level_of(options.level).use_model) return bad("records are coded by a model: level 3 or higher");
  }
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
  Result<TokenCoder*> coder_for(const ModelRef& ref, bool with_context, const Sha256* adapter) override {
    CoderSetup setup = codec_.coder_setup(options_);
    KOAN_ASSIGN(setup.model, adapter ? codec_.store_.find(ref, *adapter) : codec_.store_.find(ref));
    setup.window = {ref.window, ref.sinks};
    setup.predictors = ref.predictors;
    if (with_context) setup.context = codec_.context_.bytes;
    return &codec_.coder(std::move(setup));
  }
  // Those with the context first: where both ids are the same, leaving it away still leads to the other.
  Result<TokenCoder*> coder_for_message(const std::array<std::uint8_t, 2>& id, std::size_t attempt) override {
    if (attempt == 0) first_without_ = codec_.context_ ? SIZE_MAX : 0;
    CoderSetup setup = codec_.coder_setup(options_);
    if (attempt < first_without_) {
      auto model = codec_.store_.find_message(id, codec_.context_.ref.hash, attempt);
      if (model) {
        setup.model = std::move(*model);
        setup.context = codec_.context_.bytes;
      } else {
        first_without_ = attempt;
      }
    }
    if (!setup.model) {
      KOAN_ASSIGN(setup.model, codec_.store_.find_message(id, {}, attempt - first_without_));
    }
    setup.window = default_window(setup.model->config());
    return &codec_.coder(std::move(setup));
  }
  unsigned threads() const override { return std::max(1u, options_.threads); }

 private:
  Codec& codec_;
  const CodecOptions& options_;
  std::size_t first_without_ = 0;  // the attempt from which a message's coders have no context
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
  out.streams = options.streams;
  return out;
}

TokenCoder& Codec::coder(CoderSetup setup) {
  const auto same = std::find_if(coders_.begin(), coders_.end(), [&](const std::unique_ptr<TokenCoder>& coder) {
    const CoderSetup& have = coder->setup();
    return have.model == setup.model && have.window.size == setup.window.size &&
           have.window.sinks == setup.window.sinks && have.threads == setup.threads &&
           have.streams == setup.streams &&
           have.context == setup.context && have.predictors == setup.predictors;
  });
  if (same != coders_.end()) {
    std::rotate(coders_.begin(), same, same + 1);
  } else {
    if (coders_.size() == kWarmCoders) coders_.pop_back();
    coders_.insert(coders_.begin(), std::make_unique<TokenCoder>(std::move(setup)));
  }
  return *coders_.front();
}

Result<AdapterOffers> Codec::adapter_choice(const CodecOptions& options) const {
  AdapterOffers out;
  out.routing = options.routing;
  for (const Sha256& sha256 : options.adapters) {
    const auto& known = store_.adapters();
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& a) { return a->sha256 == sha256; });
    if (found == known.end())
      return Error{ErrorCode::kUsage, "no adapter with SHA-256 " + to_hex(sha256) + " was added"};
    AdapterOffer& offer = out.offers.emplace_back();
    offer.sha256 = sha256;
    KOAN_ASSIGN(offer.profiles, read_profiles((*found)->metadata));
  }
  return out;
}

Result<std::shared_ptr<const Model>> Codec::base_model(const CodecOptions& options) {
  if (store_.chosen()) return store_.default_model();
  for (const auto& adapter : store_.adapters()) {
    if (options.adapters.empty() || adapter->sha256 != options.adapters[0]) continue;
    const auto wanted = adapter->base_sha256();
    if (!wanted) break;
    KOAN_ASSIGN(std::shared_ptr<const Model> base, store_.find(*wanted));
    if (base) return base;
  }
  return store_.model(level_of(options.level).tier);
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
  setup.records = options.records;
  KOAN_ASSIGN(setup.adapters, adapter_choice(options));
  KOAN_ASSIGN(const std::shared_ptr<const Model> base, base_model(options));
  const Window window = default_window(base->config());
  setup.coder = [&](std::uint32_t predictors, const Sha256* adapter) -> Result<TokenCoder*> {
    CoderSetup out = coder_setup(options);
    out.model = base;
    if (adapter) {
      KOAN_ASSIGN(out.model, store_.merged(*base, *adapter));
    }
    out.window = window;
    out.context = context_.bytes;
    out.predictors = predictors;
    return &coder(std::move(out));
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
  auto stats = options.line_count == 0
                   ? koan::decompress(source, sink, provider, progress)
                   : decompress_lines(source, sink, provider, {options.first_line, options.line_count}, progress);
  progress.tick(true);
  return stats;
}

Result<RecordListing> Codec::records(const CodecOptions& options, Source& source) {
  KOAN_TRY(check_options(options));
  keep_context(options.context);
  Provider provider(*this, options);
  Progress progress(options.progress, options.bytes_total);
  return list_records(source, provider, progress);
}

}  // namespace koan
