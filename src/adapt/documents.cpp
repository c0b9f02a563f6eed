#include "adapt/documents.h"

#include <algorithm>
#include <filesystem>

#include "adapt/corpus.h"
#include "base/file.h"

namespace koan {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBinaryProbe = 65536;
constexpr std::size_t kOddShare = 64;  // one byte in so many may be no UTF-8: old texts are often Latin-1

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_jsonl(const std::string& path, const InputOptions& options) {
  return options.jsonl || ends_with(path, ".jsonl") || ends_with(path, ".jsonl.zst");
}

// Bytes of the character at `at`, 0 if there is none in UTF-8.
std::size_t character(std::string_view s, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned first = byte(at);
  const std::size_t n = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (n == 0 || at + n > s.size()) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  return n;
}

class Reader {
 public:
  explicit Reader(const InputOptions& options) : options_(options) {
    if (options.field.empty())
      fields_.text = {"text", "response"};
    else
      fields_.text = {options.field};
    fields_.context = options.context_field;
  }

  Status add(const std::string& input) {
    if (input == "-") return is_jsonl("", options_) ? records(0, "stdin") : whole(0, "stdin", false);
    std::error_code error;
    if (fs::is_directory(input, error)) return folder(input);
    return file(input, false);
  }

  Corpus corpus;

 private:
  Status folder(const std::string& path) {
    std::error_code error;
    std::vector<fs::path> entries;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
      entries.push_back(it->path());
    if (error) return Error{ErrorCode::kIo, path + ": " + error.message()};
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
      const fs::file_status status = fs::symlink_status(entry, error);
      if (entry.filename().string().front() == '.')
        ++corpus.hidden;
      else if (fs::is_directory(status))
        KOAN_TRY(folder(entry.string()));
      else if (fs::is_regular_file(status))  // links are not followed: a folder may link to itself
        KOAN_TRY(file(entry.string(), true));
    }
    return {};
  }

  Status file(const std::string& path, bool found) {
    KOAN_ASSIGN(const FileHandle handle, open_for_reading(path));
    return is_jsonl(path, options_) ? records(handle.fd(), path) : whole(handle.fd(), path, found);
  }

  Status whole(int fd, const std::string& path, bool found) {
    FileSource source(fd, path);
    std::vector<std::uint8_t> buffer(std::size_t{1} << 18);
    std::string text;
    for (;;) {
      KOAN_ASSIGN(const std::size_t n, source.read(buffer));
      if (n == 0) break;
      const bool first = text.empty();
      text.append(reinterpret_cast<const char*>(buffer.data()), n);
      if (first && is_binary(std::string_view(text).substr(0, kBinaryProbe))) {
        if (!found)
          return Error{ErrorCode::kUsage, path + " is binary data: an adapter is trained on text (or on records: --jsonl)"};
        ++corpus.binary;
        return {};
      }
    }
    ++corpus.files;
    take(text, "");
    return {};
  }

  Status records(int fd, const std::string& name) {
    ++corpus.files;
    const std::uint64_t before = corpus.documents.size() + corpus.empty;
    KOAN_TRY(read_records(fd, name, fields_, [&](std::string_view text, std::string_view context) {
      take(text, context);
      return true;
    }));
    if (corpus.documents.size() + corpus.empty == before)
      return Error{ErrorCode::kUsage, name + ": no record has text in a field \"" + fields_.text[0] +
                                          (fields_.text.size() > 1 ? "\" or \"" + fields_.text[1] : "") +
                                          "\": name it with --field"};
    return {};
  }

  void take(std::string_view text, std::string_view context) {
    if (text.empty()) {
      ++corpus.empty;
      return;
    }
    corpus.bytes += text.size();
    corpus.documents.push_back({std::string(text), std::string(context)});
  }

  const InputOptions& options_;
  RecordFields fields_;
};

}  // namespace

bool is_binary(std::string_view bytes) noexcept {
  std::size_t odd = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    if (bytes[at] == 0) return true;
    const std::size_t n = character(bytes, at);
    // The last bytes may be half a character.
    if (n == 0 && at + 4 <= bytes.size()) ++odd;
    at += std::max<std::size_t>(n, 1);
  }
  return odd * kOddShare > bytes.size();
}

Result<Corpus> read_corpus(const std::vector<std::string>& inputs, const InputOptions& options) {
  Reader reader(options);
  for (const std::string& input : inputs) KOAN_TRY(reader.add(input));
  if (reader.corpus.documents.empty()) {
    std::string why = "there is no text to train on";
    if (reader.corpus.binary > 0) why += " (" + std::to_string(reader.corpus.binary) + " binary files passed over)";
    return Error{ErrorCode::kUsage, why};
  }
  return std::move(reader.corpus);
}

Sha256 corpus_sha256(const std::vector<Document>& documents) {
  Bytes all;
  for (const Document& document : documents)
    for (const std::string* part : {&document.context, &document.text}) {
      append_fixed(all, static_cast<std::uint64_t>(part->size()));
      append_bytes(all, as_bytes(*part));
    }
  return sha256(all);
}

}  // namespace koan
