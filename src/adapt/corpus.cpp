#include "adapt/corpus.h"

#include <zstd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "base/file.h"

namespace koan {
namespace {

constexpr int kWindowLog = 27;  // the corpus is written with zstd --long=27
constexpr std::size_t kMaxLine = std::size_t{256} << 20;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

constexpr std::uint32_t kZstdMagic = 0xFD2FB528;  // of a frame, little-endian

// Cuts bytes into lines and hands the record of each line on.
class LineReader {
 public:
  LineReader(const std::string& path, const RecordFields& fields, const RecordSink& sink)
      : path_(path), fields_(fields), sink_(sink) {}

  bool stopped() const noexcept { return stopped_; }  // by the sink

  Status add(std::string_view bytes) {
    pending_.append(bytes);
    std::size_t start = 0;
    for (std::size_t end; !stopped_ && (end = pending_.find('\n', start)) != std::string::npos; start = end + 1)
      KOAN_TRY(deliver(std::string_view(pending_).substr(start, end - start)));
    pending_.erase(0, start);
    if (pending_.size() > kMaxLine) return place(ErrorCode::kLimit, "is longer than 256 MiB");
    return {};
  }

  Status finish() { return pending_.empty() ? Status() : deliver(pending_); }

 private:
  Error place(ErrorCode code, const std::string& what) const {
    return Error{code, path_ + ": line " + std::to_string(lines_ + 1) + " " + what};
  }

  Status deliver(std::string_view line) {
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (!json.is_object()) return place(ErrorCode::kCorrupt, "is not a JSON object in UTF-8");
      for (const std::string& field : fields_.text) {
        const auto it = json.find(field);
        if (it == json.end() || !it->is_string()) continue;
        const auto context = fields_.context.empty() ? json.end() : json.find(fields_.context);
        const bool given = context != json.end() && context->is_string();
        stopped_ = !sink_(it->get_ref<const std::string&>(),
                          given ? std::string_view(context->get_ref<const std::string&>()) : std::string_view());
        break;
      }
    }
    ++lines_;
    return {};
  }

  const std::string& path_;
  const RecordFields& fields_;
  const RecordSink& sink_;
  std::string pending_;
  std::uint64_t lines_ = 0;  // complete ones
  bool stopped_ = false;
};

// Decompresses pieces of zstd frames into a LineReader.
class Inflater {
 public:
  Inflater(const std::string& path, LineReader& lines)
      : path_(path), lines_(lines), stream_(ZSTD_createDStream()), plain_(ZSTD_DStreamOutSize()) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }

  bool complete() const noexcept { return state_ == 0; }

  Status add(ByteView packed) {
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    bool more = false;  // output remains inside the decoder after the last input byte
    while (in.pos < in.size || more) {
      ZSTD_outBuffer out{plain_.data(), plain_.size(), 0};
      state_ = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(state_)) return Error{ErrorCode::kCorrupt, path_ + ": " + ZSTD_getErrorName(state_)};
      KOAN_TRY(lines_.add({plain_.data(), out.pos}));
      if (lines_.stopped()) return {};
      more = out.pos == out.size && state_ != 0;
    }
    return {};
  }

 private:
  const std::string& path_;
  LineReader& lines_;
  std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
  std::vector<char> plain_;
  std::size_t state_ = 0;  // 0 between frames
};

}  // namespace

Result<SourceSpec> parse_source(const std::string& text) {
  SourceSpec spec;
  const std::size_t colon = text.rfind(':');
  spec.path = text.substr(0, colon);
  if (colon != std::string::npos) {
    char* end = nullptr;
    spec.weight = std::strtod(text.c_str() + colon + 1, &end);
    if (end == text.c_str() + colon + 1 || *end != '\0' || !(spec.weight > 0) || !std::isfinite(spec.weight))
      return Error{ErrorCode::kUsage, "'" + text + "' is not PATH[:WEIGHT] with a weight above 0"};
  }
  spec.name = std::filesystem::path(spec.path).filename().string();
  spec.name = spec.name.substr(0, spec.name.find('.'));
  for (const char* prefix : {"train__", "train-"})
    if (spec.name.rfind(prefix, 0) == 0) spec.name = spec.name.substr(std::string_view(prefix).size());
  if (spec.name.empty()) return Error{ErrorCode::kUsage, "'" + text + "' names no file"};
  return spec;
}

Status read_documents(const std::string& path, const DocumentSink& sink) {
  return read_records(path, {{"text", "response"}, ""}, [&](std::string_view text, std::string_view) { return sink(text); });
}

Status read_records(const std::string& path, const RecordFields& fields, const RecordSink& sink) {
  KOAN_ASSIGN(const FileHandle file, open_for_reading(path));
  return read_records(file.fd(), path, fields, sink);
}

Status read_records(int fd, const std::string& path, const RecordFields& fields, const RecordSink& sink) {
  FileSource source(fd, path);
  LineReader lines(path, fields, sink);
  Inflater inflater(path, lines);
  std::vector<std::uint8_t> buffer(ZSTD_DStreamInSize());
  std::size_t filled = 0;
  while (filled < sizeof kZstdMagic) {  // a pipe may give less at a time
    KOAN_ASSIGN(const std::size_t n, source.read(std::span(buffer).subspan(filled)));
    if (n == 0) break;
    filled += n;
  }
  std::uint32_t magic = 0;
  if (filled >= sizeof magic) std::memcpy(&magic, buffer.data(), sizeof magic);
  const bool compressed = magic == kZstdMagic;
  for (;;) {
    if (compressed)
      KOAN_TRY(inflater.add(ByteView(buffer).first(filled)));
    else
      KOAN_TRY(lines.add({reinterpret_cast<const char*>(buffer.data()), filled}));
    if (lines.stopped()) return {};
    KOAN_ASSIGN(filled, source.read(buffer));
    if (filled == 0) break;
  }
  if (!inflater.complete()) return Error{ErrorCode::kCorrupt, path + ": ends early"};
  return lines.finish();
}

Status write_file(const std::string& path, ByteView data) {
  KOAN_ASSIGN(AtomicFile file, AtomicFile::create(path, true));
  FileSink sink(file.fd(), path);
  KOAN_TRY(sink.write(data));
  return file.commit();
}

}  // namespace koan
