#include "adapt/corpus.h"

#include <zstd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

namespace koan {
namespace {

constexpr int kWindowLog = 27;  // the corpus is written with zstd --long=27
constexpr std::size_t kMaxLine = std::size_t{256} << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

Error io_error(const std::string& what, const std::string& path) { return Error{ErrorCode::kIo, "cannot " + what + " " + path}; }

// False ends the reading; lines that are not a document are skipped.
bool deliver(std::string_view line, const std::function<bool(std::string_view)>& sink) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return true;
  for (const char* field : {"text", "response"}) {
    const auto it = json.find(field);
    if (it != json.end() && it->is_string()) return sink(it->get_ref<const std::string&>());
  }
  return true;
}

// Feeds decompressed bytes, cut into lines, to the sink.
struct LineCutter {
  const std::function<bool(std::string_view)>& sink;
  std::string pending;

  bool add(std::string_view bytes) {
    pending.append(bytes);
    std::size_t start = 0;
    for (std::size_t end; (end = pending.find('\n', start)) != std::string::npos; start = end + 1)
      if (end > start && !deliver(std::string_view(pending).substr(start, end - start), sink)) return false;
    pending.erase(0, start);
    return true;
  }
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

Status read_documents(const std::string& path, const std::function<bool(std::string_view)>& sink) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return io_error("open", path);
  const std::unique_ptr<ZSTD_DStream, FreeStream> stream(ZSTD_createDStream());
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kWindowLog);
  std::vector<char> packed(ZSTD_DStreamInSize());
  std::vector<char> plain(ZSTD_DStreamOutSize());
  LineCutter cutter{sink, {}};
  std::size_t state = 0;
  for (std::size_t n; (n = std::fread(packed.data(), 1, packed.size(), file.get())) > 0;) {
    ZSTD_inBuffer in{packed.data(), n, 0};
    bool more = true;  // output may remain inside the decoder after the last input byte
    while (in.pos < in.size || more) {
      ZSTD_outBuffer out{plain.data(), plain.size(), 0};
      state = ZSTD_decompressStream(stream.get(), &out, &in);
      if (ZSTD_isError(state)) return Error{ErrorCode::kCorrupt, path + ": " + ZSTD_getErrorName(state)};
      if (!cutter.add({plain.data(), out.pos})) return {};
      if (cutter.pending.size() > kMaxLine) return Error{ErrorCode::kLimit, path + ": a line is longer than 256 MiB"};
      more = out.pos == out.size;
    }
  }
  if (std::ferror(file.get())) return io_error("read", path);
  if (state != 0) return Error{ErrorCode::kCorrupt, path + ": ends early"};
  if (!cutter.pending.empty()) deliver(cutter.pending, sink);
  return {};
}

Result<Bytes> read_file(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return io_error("open", path);
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return io_error("read", path);
  Bytes out(static_cast<std::size_t>(size));
  if (std::fread(out.data(), 1, out.size(), file.get()) != out.size()) return io_error("read", path);
  return out;
}

Status write_file(const std::string& path, ByteView data) {
  const std::string temporary = path + ".tmp";
  {
    File file(std::fopen(temporary.c_str(), "wb"));
    if (!file) return io_error("write", temporary);
    const bool written = std::fwrite(data.data(), 1, data.size(), file.get()) == data.size();
    if (!written || std::fclose(file.release()) != 0) {
      std::remove(temporary.c_str());
      return io_error("write", temporary);
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return io_error("rename to", path);
  return {};
}

}  // namespace koan
