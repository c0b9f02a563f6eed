#include "route/corpus_reader.h"

#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/utf8.h"
#include "formats/json_line.h"

namespace koan {
namespace {

constexpr int kWindowLog = 27;  // zstd --long=27
constexpr std::size_t kMaxLine = std::size_t{256} << 20;
constexpr std::uint64_t kMaxText = std::uint64_t{4} << 30;
const std::string kStdin = "-";

using PieceSink = std::function<Status(ByteView)>;

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

Status read_plain(const std::string& path, const PieceSink& sink) {
  FileHandle file;
  if (path != kStdin) {
    KOAN_ASSIGN(file, open_for_reading(path));
  }
  FileSource source(file.is_open() ? file.fd() : STDIN_FILENO, path);
  Bytes buffer(std::size_t{1} << 17);
  for (;;) {
    KOAN_ASSIGN(const std::size_t n, source.read(buffer));
    if (n == 0) return {};
    KOAN_TRY(sink(ByteView(buffer).first(n)));
  }
}

Status read_zstd(const std::string& path, const PieceSink& sink) {
  const std::unique_ptr<ZSTD_DStream, FreeStream> stream(ZSTD_createDStream());
  if (!stream) return Error{ErrorCode::kLimit, path + ": no memory to decompress"};
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kWindowLog);
  Bytes plain(ZSTD_DStreamOutSize());
  std::size_t state = 0;  // 0 between frames
  const auto decompress = [&](ByteView packed) -> Status {
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    for (bool more = true; in.pos < in.size || more;) {  // more: output remains inside the decoder
      ZSTD_outBuffer out{plain.data(), plain.size(), 0};
      state = ZSTD_decompressStream(stream.get(), &out, &in);
      if (ZSTD_isError(state)) return Error{ErrorCode::kCorrupt, path + ": " + ZSTD_getErrorName(state)};
      KOAN_TRY(sink(ByteView(plain).first(out.pos)));
      more = out.pos == out.size && state != 0;
    }
    return {};
  };
  KOAN_TRY(read_plain(path, decompress));
  if (state != 0) return Error{ErrorCode::kCorrupt, path + ": ends early"};
  return {};
}

// Cuts what arrives into lines and hands the record of each on.
class Records {
 public:
  Records(const std::string& path, const CorpusFields& fields, const CorpusVisitor& visit, CorpusCount& count)
      : path_(path), fields_(fields), visit_(visit), count_(count) {}

  Status add(ByteView piece) {
    pending_.append(as_text(piece));
    std::size_t start = 0;
    for (std::size_t end; (end = pending_.find('\n', start)) != std::string::npos; start = end + 1)
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

  static Bytes text(std::string_view line, const std::string& path) {
    const auto span = find_json_value(as_bytes(line), path);
    return span && span->is_string ? unescape_json(as_bytes(line).subspan(span->begin, span->end - span->begin))
                                   : Bytes();
  }

  // As the codec primes the model with it: a value that is no string (a list of messages) is its JSON text.
  static Bytes context(std::string_view line, const std::string& path) {
    const auto span = find_json_value(as_bytes(line), path);
    if (!span) return {};
    const ByteView value = as_bytes(line).subspan(span->begin, span->end - span->begin);
    return span->is_string ? unescape_json(value) : Bytes(value.begin(), value.end());
  }

  Status deliver(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t first = line.find_first_not_of(" \t");
    if (first != std::string_view::npos) {
      if (line[first] != '{' || !nlohmann::json::accept(line))
        return place(ErrorCode::kCorrupt, "is not a JSON object in UTF-8; a text file must not be named .jsonl");
      Bytes found = text(line, fields_.text.empty() ? "text" : fields_.text);
      if (found.empty() && fields_.text.empty()) found = text(line, "response");
      if (found.empty()) {
        ++count_.without_text;
      } else {
        const Bytes before = fields_.context.empty() ? Bytes() : context(line, fields_.context);
        ++count_.documents;
        count_.text_bytes += found.size();
        KOAN_TRY(visit_({as_text(found), as_text(before), line}));
      }
    }
    ++lines_;
    return {};
  }

  const std::string& path_;
  const CorpusFields& fields_;
  const CorpusVisitor& visit_;
  CorpusCount& count_;
  std::string pending_;
  std::uint64_t lines_ = 0;  // complete ones
};

// The end of the part that begins at `start`: behind the last line end within kCorpusPart, else behind the last whole
// character (what follows is valid UTF-8).
std::size_t part_end(std::string_view text, std::size_t start) {
  if (text.size() - start <= kCorpusPart) return text.size();
  const std::size_t line = text.rfind('\n', start + kCorpusPart - 1);
  if (line != std::string_view::npos && line >= start) return line + 1;
  std::size_t end = start + kCorpusPart;
  while ((static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

Status deliver_text(std::string_view text, const CorpusVisitor& visit, CorpusCount& count) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = part_end(text, start);
    const std::string_view part = text.substr(start, end - start);
    start = end;
    if (part.find_first_not_of(" \t\r\n") == std::string_view::npos) continue;
    ++count.documents;
    count.text_bytes += part.size();
    KOAN_TRY(visit({part, {}, {}}));
  }
  return {};
}

Status read_one(const std::string& path, bool named, const CorpusFields& fields, const CorpusVisitor& visit,
                CorpusCount& count) {
  std::string_view name = path;
  const auto read = name.ends_with(".zst") ? read_zstd : read_plain;
  if (name.ends_with(".zst")) name.remove_suffix(4);
  ++count.files;
  if (fields.jsonl || name.ends_with(".jsonl") || name.ends_with(".ndjson")) {
    Records records(path, fields, visit, count);
    KOAN_TRY(read(path, [&](ByteView piece) { return records.add(piece); }));
    return records.finish();
  }
  KOAN_ASSIGN(const Bytes text, read_unpacked(path, kMaxText));
  const std::size_t binary = find_binary(text);
  if (binary == text.size()) return deliver_text(as_text(text), visit, count);
  if (named)
    return Error{ErrorCode::kUsage, path + ": is binary data (byte " + std::to_string(binary) +
                                        " is not text in UTF-8); name text files, .jsonl, .jsonl.zst or folders"};
  --count.files;
  count.passed_over.push_back(path);
  return {};
}

// Every regular file below the folder, by name; adds to `hidden`.
Result<std::vector<std::string>> files_below(const std::string& folder, std::uint64_t& hidden) {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  std::error_code failed;
  fs::recursive_directory_iterator it(folder, failed);
  for (const fs::recursive_directory_iterator end; !failed && it != end; it.increment(failed)) {
    std::error_code ignored;
    if (it->path().filename().native().starts_with(".")) {
      ++hidden;
      it.disable_recursion_pending();
    } else if (it->is_regular_file(ignored)) {
      out.push_back(it->path().native());
    }
  }
  if (failed) return io_error(folder, failed.value());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Result<Bytes> read_unpacked(const std::string& path, std::uint64_t max_bytes) {
  MemorySink out(max_bytes);
  KOAN_TRY((path.ends_with(".zst") ? read_zstd : read_plain)(path, [&](ByteView piece) -> Status {
    auto status = out.write(piece);
    return status ? std::move(status) : Status(std::move(status).error().in(path));
  }));
  return std::move(out.bytes);
}

Result<CorpusCount> visit_corpus(const std::vector<std::string>& paths, const CorpusFields& fields,
                                 const CorpusVisitor& visit) {
  CorpusCount count;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (path == kStdin || !std::filesystem::is_directory(path, ignored)) {
      KOAN_TRY(read_one(path, true, fields, visit, count));
      continue;
    }
    KOAN_ASSIGN(const std::vector<std::string> files, files_below(path, count.hidden));
    for (const std::string& file : files) KOAN_TRY(read_one(file, false, fields, visit, count));
  }
  return count;
}

}  // namespace koan
