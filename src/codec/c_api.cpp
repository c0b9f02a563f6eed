// The C interface (include/koan/koan.h) over Codec. No exception passes this file.
#include <cstdlib>

#include "base/c_fence.h"
#include "codec/codec.h"
#include "codec/inspect.h"
#include "koan/koan.h"

static_assert(static_cast<int>(koan::Routing::kFixed) == KOAN_ROUTING_FIXED &&
              static_cast<int>(koan::Routing::kPrompt) == KOAN_ROUTING_PROMPT &&
              static_cast<int>(koan::Routing::kText) == KOAN_ROUTING_TEXT &&
              static_cast<int>(koan::Routing::kTrial) == KOAN_ROUTING_TRIAL);

struct koan_codec {
  std::unique_ptr<koan::Codec> codec;
};

namespace {

using koan::ByteView;
using koan::Error;
using koan::ErrorCode;
using koan::fenced;

class CallbackSource final : public koan::Source {
 public:
  CallbackSource(koan_read_fn fn, void* user) : read_(fn), user_(user) {}
  koan::Result<std::size_t> read(std::span<std::uint8_t> buffer) override {
    const std::int64_t n = read_(user_, buffer.data(), buffer.size());
    if (n < 0 || static_cast<std::uint64_t>(n) > buffer.size()) return Error{ErrorCode::kIo, "reading failed"};
    return static_cast<std::size_t>(n);
  }

 private:
  koan_read_fn read_;
  void* user_;
};

class CallbackSink final : public koan::Sink {
 public:
  CallbackSink(koan_write_fn fn, void* user) : write_(fn), user_(user) {}
  koan::Status write(ByteView data) override {
    if (!data.empty() && write_(user_, data.data(), data.size()) != 0) return Error{ErrorCode::kIo, "writing failed"};
    return {};
  }

 private:
  koan_write_fn write_;
  void* user_;
};

koan::Result<koan::CodecOptions> read_options(const koan_options* in) {
  koan::CodecOptions out;
  if (!in) return out;
  if (in->struct_size != sizeof(koan_options))
    return Error{ErrorCode::kUsage, "koan_options was not set up with koan_options_init"};
  out.level = in->level;
  out.threads = in->threads;
  out.segment_bytes = in->segment_bytes;
  out.streams = in->streams;
  out.segments = in->segments;
  if (in->context_size != 0 && !in->context) return Error{ErrorCode::kUsage, "context is NULL"};
  out.context = {static_cast<const std::uint8_t*>(in->context), in->context_size};
  if (in->adapter_count != 0 && !in->adapters) return Error{ErrorCode::kUsage, "adapters is NULL"};
  for (std::size_t i = 0; i < in->adapter_count; ++i)
    std::memcpy(out.adapters.emplace_back().data(), in->adapters + i * 32, 32);
  if (in->routing < KOAN_ROUTING_FIXED || in->routing > KOAN_ROUTING_TRIAL)
    return Error{ErrorCode::kUsage, "no such routing"};
  out.routing = static_cast<koan::Routing>(in->routing);
  if (in->record_field) out.records = koan::RecordFields{in->record_field, in->context_field ? in->context_field : ""};
  out.first_line = in->first_line;
  out.line_count = in->line_count;
  out.bytes_total = in->bytes_total;
  if (in->progress) {
    out.progress = [fn = in->progress, user = in->progress_user](const koan::ProgressReport& r) {
      const koan_progress p{r.bytes_in, r.bytes_out, r.bytes_total};
      return fn(user, &p) == 0;
    };
  }
  return out;
}

void write_stats(const koan::CodecStats& s, koan_stats* out) {
  if (!out) return;
  *out = {s.raw_bytes,       s.coded_bytes,       s.tokens,           s.segments, s.model_segments,
          s.model_raw_bytes, s.model_coded_bytes, s.model_ideal_bits, s.records,  s.adapters};
}

void describe(const koan::Model& model, const koan::ModelStore& store, std::size_t index, koan_model_info* info) {
  const koan::Window window = koan::default_window(model.config());
  *info = koan_model_info{};
  info->name = model.config().name.c_str();
  info->architecture = model.config().architecture.c_str();
  std::memcpy(info->sha256, model.sha256().data(), 32);
  info->parameters = model.parameters();
  info->file_bytes = model.file_bytes();
  info->vocabulary = model.config().vocabulary;
  info->window = window.size;
  info->sinks = window.sinks;
  info->multiply_adds = model.multiply_adds_per_token();
  info->embedded = store.is_embedded(index);
  info->is_chosen = store.chosen() == index;
  for (int level = 9; level >= 1 && info->embedded; --level) {
    const koan::Level& l = koan::level_of(level);
    if (!l.use_model || l.tier != index) continue;
    info->lowest_level = level;
    info->highest_level = std::max(info->highest_level, level);
  }
  const auto id = koan::model_ref(model, window).message_id();
  std::memcpy(info->message_id, id.data(), 2);
}

koan::Status give_memory(const koan::Bytes& bytes, std::uint8_t** out, std::size_t* out_size) {
  *out = static_cast<std::uint8_t*>(std::malloc(bytes.empty() ? 1 : bytes.size()));
  if (!*out) return Error{ErrorCode::kLimit, "out of memory"};
  if (!bytes.empty()) std::memcpy(*out, bytes.data(), bytes.size());
  *out_size = bytes.size();
  return {};
}

enum class Direction { kCompress, kDecompress };

koan::Status run(koan_codec* codec, const koan_options* options, Direction direction, koan::Source& source,
                 koan::Sink& sink, koan_stats* stats) {
  if (!codec) return Error{ErrorCode::kUsage, "codec is NULL"};
  KOAN_ASSIGN(const koan::CodecOptions opts, read_options(options));
  auto result = direction == Direction::kCompress ? codec->codec->compress(opts, source, sink)
                                                  : codec->codec->decompress(opts, source, sink);
  if (!result) return std::move(result).error();
  write_stats(*result, stats);
  return {};
}

}  // namespace

extern "C" {

void koan_options_init(koan_options* options) {
  *options = koan_options{};
  options->struct_size = sizeof(koan_options);
  options->level = 6;
}

const char* koan_version(void) { return "0.1.0"; }

const char* koan_code_name(koan_code code) {
  switch (code) {
    case KOAN_OK:
      return "ok";
    case KOAN_ERROR_INTERNAL:
      return "internal";
    case KOAN_ERROR_USAGE:
      return "usage";
    case KOAN_ERROR_IO:
      return "io";
    case KOAN_ERROR_CORRUPT:
      return "corrupt";
    case KOAN_ERROR_NEEDS_MODEL:
      return "needs-model";
    case KOAN_ERROR_NEEDS_VERSION:
      return "needs-version";
    case KOAN_ERROR_NEEDS_CONTEXT:
      return "needs-context";
    case KOAN_ERROR_NEEDS_ADAPTER:
      return "needs-adapter";
    case KOAN_ERROR_NOT_SUPPORTED:
      return "not-supported";
    case KOAN_ERROR_LIMIT:
      return "limit";
    case KOAN_ERROR_VERIFICATION:
      return "verification";
    case KOAN_ERROR_CANCELLED:
      return "cancelled";
  }
  return "unknown";
}

koan_code koan_codec_create(koan_codec** codec, koan_error* error) {
  return fenced(error, [&]() -> koan::Status {
    *codec = nullptr;
    KOAN_ASSIGN(std::unique_ptr<koan::Codec> made, koan::Codec::create());
    *codec = new koan_codec{std::move(made)};
    return {};
  });
}

void koan_codec_free(koan_codec* codec) { delete codec; }

koan_code koan_codec_add_model(koan_codec* codec, const void* gguf, size_t size, int choose, koan_error* error) {
  return fenced(error, [&] {
    return codec->codec->store().add({static_cast<const std::uint8_t*>(gguf), size}, choose != 0);
  });
}

koan_code koan_codec_add_adapter(koan_codec* codec, const void* gguf, size_t size, uint8_t* sha256, koan_error* error) {
  return fenced(error, [&]() -> koan::Status {
    const ByteView bytes{static_cast<const std::uint8_t*>(gguf), size};
    KOAN_TRY(codec->codec->store().add_adapter(bytes));
    const koan::Sha256 hash = koan::sha256(bytes);
    if (sha256) std::memcpy(sha256, hash.data(), hash.size());
    return {};
  });
}

int koan_codec_adapter_fits(const koan_codec* codec, const uint8_t* adapter, const uint8_t* model) {
  for (const auto& known : codec->codec->store().adapters()) {
    if (std::memcmp(known->sha256.data(), adapter, 32) != 0) continue;
    const auto base = known->base_sha256();
    return base && std::memcmp(base->data(), model, 32) == 0;
  }
  return 0;
}

size_t koan_codec_model_count(const koan_codec* codec) { return codec->codec->store().size(); }

koan_code koan_codec_model(const koan_codec* codec, size_t index, koan_model_info* info, koan_error* error) {
  return fenced(error, [&]() -> koan::Status {
    koan::ModelStore& store = codec->codec->store();
    if (index >= store.size()) return Error{ErrorCode::kUsage, "no such model"};
    KOAN_ASSIGN(const std::shared_ptr<const koan::Model> model, store.model(index));
    describe(*model, store, index, info);
    return {};
  });
}

koan_code koan_codec_model_for(const koan_codec* codec, const koan_options* options, koan_model_info* info,
                               koan_error* error) {
  return fenced(error, [&]() -> koan::Status {
    KOAN_ASSIGN(const koan::CodecOptions opts, read_options(options));
    KOAN_ASSIGN(const std::shared_ptr<const koan::Model> model, codec->codec->base_model(opts));
    const koan::ModelStore& store = codec->codec->store();
    describe(*model, store, store.index_of(*model), info);
    return {};
  });
}

koan_code koan_codec_choose_model(koan_codec* codec, size_t index, koan_error* error) {
  return fenced(error, [&]() -> koan::Status {
    if (index >= codec->codec->store().size()) return Error{ErrorCode::kUsage, "no such model"};
    return codec->codec->store().choose(index);
  });
}

koan_code koan_compress(koan_codec* codec, const koan_options* options, const void* data, size_t size, uint8_t** out,
                        size_t* out_size, koan_stats* stats, koan_error* error) {
  return fenced(error, [&]() -> koan::Status {
    koan::MemorySource source({static_cast<const std::uint8_t*>(data), size});
    koan::MemorySink sink;
    KOAN_TRY(run(codec, options, Direction::kCompress, source, sink, stats));
    return give_memory(sink.bytes, out, out_size);
  });
}

koan_code koan_decompress(koan_codec* codec, const koan_options* options, const void* data, size_t size,
                          size_t max_size, uint8_t** out, size_t* out_size, koan_stats* stats, koan_error* error) {
  return fenced(error, [&]() -> koan::Status {
    koan::MemorySource source({static_cast<const std::uint8_t*>(data), size});
    koan::MemorySink sink(max_size);
    KOAN_TRY(run(codec, options, Direction::kDecompress, source, sink, stats));
    return give_memory(sink.bytes, out, out_size);
  });
}

void koan_free(void* memory) { std::free(memory); }

koan_code koan_compress_stream(koan_codec* codec, const koan_options* options, koan_read_fn read, void* read_user,
                               koan_write_fn write, void* write_user, koan_stats* stats, koan_error* error) {
  return fenced(error, [&] {
    CallbackSource source(read, read_user);
    CallbackSink sink(write, write_user);
    return run(codec, options, Direction::kCompress, source, sink, stats);
  });
}

koan_code koan_decompress_stream(koan_codec* codec, const koan_options* options, koan_read_fn read, void* read_user,
                                 koan_write_fn write, void* write_user, koan_stats* stats, koan_error* error) {
  return fenced(error, [&] {
    CallbackSource source(read, read_user);
    CallbackSink sink(write, write_user);
    return run(codec, options, Direction::kDecompress, source, sink, stats);
  });
}

koan_code koan_inspect_stream(koan_read_fn read, void* read_user, koan_part_fn on_part, koan_segment_fn on_segment,
                              void* user, koan_error* error) {
  return fenced(error, [&] {
    CallbackSource source(read, read_user);
    return koan::inspect(
        source,
        [&](const koan::PartInfo& p) {
          koan_part_info info{};
          info.is_message = p.is_message;
          info.format_version = koan::kFormatVersion;
          info.offset = p.offset;
          info.has_model = p.model || p.model_id;
          if (p.model) {
            info.numerics_version = p.model->numerics_version;
            std::memcpy(info.model_sha256, p.model->sha256.data(), 32);
            info.window = p.model->window;
            info.sinks = p.model->sinks;
            info.predictors = p.model->predictors;
            const auto id = p.model->message_id();
            std::memcpy(info.message_model_id, id.data(), 2);
          }
          if (p.model_id) std::memcpy(info.message_model_id, p.model_id->data(), 2);
          if (p.context) {
            info.has_context = 1;
            std::memcpy(info.context_hash, p.context->hash.data(), sizeof info.context_hash);
            info.context_bytes = p.context->bytes;
          }
          info.adapter_sha256 = p.adapters.empty() ? nullptr : p.adapters[0].data();
          info.adapter_count = p.adapters.size();
          if (on_part) on_part(user, &info);
        },
        [&](const koan::SegmentInfo& s) {
          const koan_segment_info info{s.part,
                                       s.offset,
                                       s.raw_offset,
                                       s.head.raw_bytes,
                                       s.head.coded_bytes,
                                       s.record_bytes,
                                       koan::method_name(s.head.method).data(),
                                       koan::transform_name(s.head.transform).data(),
                                       s.head.check};
          if (on_segment) on_segment(user, &info);
        });
  });
}

koan_code koan_list_records_stream(koan_codec* codec, const koan_options* options, koan_read_fn read, void* read_user,
                                   koan_record_fn on_record, void* user, koan_record_total* total, koan_error* error) {
  return fenced(error, [&]() -> koan::Status {
    KOAN_ASSIGN(const koan::CodecOptions checked, read_options(options));
    CallbackSource source(read, read_user);
    KOAN_ASSIGN(const koan::RecordListing listing, codec->codec->records(checked, source));
    for (const koan::RecordInfo& r : listing.records) {
      const koan_record_info info{r.line, r.text_bytes, r.coded_bytes,
                                  r.adapter == 0 ? nullptr : listing.adapters[r.adapter - 1].data(), r.stored ? 1 : 0};
      if (on_record) on_record(user, &info);
    }
    if (total) *total = {listing.block_bytes, listing.skeleton_bytes};
    return {};
  });
}

}  // extern "C"
