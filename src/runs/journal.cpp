#include "runs/journal.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>

namespace koan::runs {
namespace {

constexpr std::uint64_t kMaxJournal = std::uint64_t{4} << 30;
constexpr std::string_view kPrefix = "journal-", kSuffix = ".jsonl";

std::string name_of(const Shard& shard) {
  return std::string(kPrefix) + std::to_string(shard.index) + "-of-" + std::to_string(shard.count) +
         std::string(kSuffix);
}

// A line that the machine did not come to end is cut off; the name of a new file is on disk too.
Status mend(const FileHandle& file, const std::string& path) {
  KOAN_ASSIGN(const Bytes text, read_file(path, kMaxJournal));
  const std::size_t complete = as_text(text).rfind('\n') + 1;  // npos + 1 = 0
  if (complete < text.size() && ::ftruncate(file.fd(), static_cast<off_t>(complete)) != 0) return io_error(path, errno);
  return sync_folder(path);
}

Status read_journal(const std::string& path, Samples& out) {
  KOAN_ASSIGN(const Bytes bytes, read_file(path, kMaxJournal));
  const std::string_view text = as_text(bytes);
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    ++number;
    auto sample = parse_sample(text.substr(at, end - at));
    at = end + 1;
    if (!sample) return std::move(sample).error().in(path + ", line " + std::to_string(number));
    const SampleKey key = sample->key;
    Sample& there = out.try_emplace(key, *sample).first->second;
    if (!there.error.empty()) there = std::move(*sample);
  }
  return {};
}

}  // namespace

Result<Shard> parse_shard(std::string_view text) {
  Shard out;
  const auto read = [&](std::string_view part, std::uint32_t& to) {
    const auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), to);
    return failed == std::errc() && end == part.data() + part.size();
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !read(text.substr(0, slash), out.index) ||
      !read(text.substr(slash + 1), out.count) || out.index >= out.count || out.count > 100'000)
    return Error{ErrorCode::kUsage, "'" + std::string(text) + "' is no shard; from 0/N to N-1/N"};
  return out;
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& folder, const Shard& shard) {
  const std::string path = folder + "/" + name_of(shard);
  KOAN_ASSIGN(FileHandle file, open_log(path, 0666, "koan"));
  KOAN_TRY(mend(file, path));
  return std::unique_ptr<Journal>(new Journal(path, std::move(file)));
}

Status Journal::append(const JsonDocument& sample) {
  const std::string line = to_line(sample) + "\n";
  const std::lock_guard guard(mutex_);
  if (broken_) return Error{ErrorCode::kIo, path_ + ": an earlier line could not be written"};
  broken_ = true;
  KOAN_TRY(FileSink(file_.fd(), path_).write(as_bytes(line)));
  if (::fsync(file_.fd()) != 0) return io_error(path_, errno);
  broken_ = false;
  return {};
}

Result<Samples> read_journals(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(kSuffix)) names.push_back(name);
  }
  if (failed) return Error{ErrorCode::kIo, folder + ": " + failed.message()};
  std::sort(names.begin(), names.end());
  Samples out;
  for (const std::string& name : names) KOAN_TRY(read_journal(folder + "/" + name, out));
  return out;
}

}  // namespace koan::runs
