#include "adapt/corpus.h"

#include <zstd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace koan {
namespace {

constexpr int kWindowLog = 27;  // the corpus is written with zstd --long=27
constexpr std::size_t kMaxLine = std::size_t{256} << 20;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

// Cuts decompressed bytes into lines and hands the document of each line on.
class LineReader {
 public:
  LineReader(const std::string& path, const DocumentSink& sink) : path_(path), sink_(sink) {}

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
      for (const char* field : {"text", "response"}) {
        const auto it = json.find(field);
        if (it == json.end() || !it->is_string()) continue;
        stopped_ = !sink_(it->get_ref<const std::string&>());
        break;
      }
    }
    ++lines_;
    return {};
  }

  const std::string& path_;
  const DocumentSink& sink_;
  std::string pending_;
  std::uint64_t lines_ = 0;  // complete ones
  bool stopped_ = false;
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
  KOAN_ASSIGN(const FileHandle file, open_for_reading(path));
  FileSource source(file.fd(), path);
  const std::unique_ptr<ZSTD_DStream, FreeStream> stream(ZSTD_createDStream());
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kWindowLog);
  std::vector<std::uint8_t> packed(ZSTD_DStreamInSize());
  std::vector<char> plain(ZSTD_DStreamOutSize());
  LineReader lines(path, sink);
  std::size_t state = 0;  // 0 between frames
  for (;;) {
    KOAN_ASSIGN(const std::size_t n, source.read(packed));
    if (n == 0) break;
    ZSTD_inBuffer in{packed.data(), n, 0};
    bool more = false;  // output remains inside the decoder after the last input byte
    while (in.pos < in.size || more) {
      ZSTD_outBuffer out{plain.data(), plain.size(), 0};
      state = ZSTD_decompressStream(stream.get(), &out, &in);
      if (ZSTD_isError(state)) return Error{ErrorCode::kCorrupt, path + ": " + ZSTD_getErrorName(state)};
      KOAN_TRY(lines.add({plain.data(), out.pos}));
      if (lines.stopped()) return {};
      more = out.pos == out.size && state != 0;
    }
  }
  if (state != 0) return Error{ErrorCode::kCorrupt, path + ": ends early"};
  return lines.finish();
}

Status write_file(const std::string& path, ByteView data) {
  KOAN_ASSIGN(AtomicFile file, AtomicFile::create(path, true));
  FileSink sink(file.fd(), path);
  KOAN_TRY(sink.write(data));
  return file.commit();
}

}  // namespace koan
