#include "cli/model_hashes.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "cli/model_caches.h"
#include "cli/model_file.h"
#include "cli/model_places.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "formats/json_document.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxIndex = std::size_t{4} << 20;
constexpr std::size_t kHexDigits = 64;

// Of a file, the parts of a split one, or the files of a folder, all together.
struct Stamp {
  std::uint64_t size = 0;
  std::int64_t time = 0;  // of the newest, nanoseconds
  bool operator==(const Stamp&) const = default;
};

std::optional<Stamp> stamp_of(const std::vector<std::string>& paths) {
  Stamp out;
  for (const std::string& path : paths) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    if (!S_ISREG(info.st_mode)) continue;
    out.size += static_cast<std::uint64_t>(info.st_size);
    out.time = std::max(out.time, std::int64_t{info.st_mtim.tv_sec} * 1000000000 + info.st_mtim.tv_nsec);
  }
  return out;
}

std::vector<std::string> files_of(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return parts_of(path);
  std::vector<std::string> out;
  for (const std::string& name : names_in(path)) out.push_back(path + "/" + name);
  return out;
}

struct Entry {
  Stamp stamp;
  std::string sha256;
};

// An index that cannot be read is an empty one: it only saves time.
class Index {
 public:
  Index() {
    const auto bytes = read_file(file(), kMaxIndex);
    if (!bytes) return;
    const auto json = parse_json_document(as_text(*bytes), kMaxIndex);
    if (!json || !json->contains("models") || !json->at("models").is_array()) return;
    for (const JsonDocument& entry : json->at("models")) {
      if (!entry.is_object() || !has_text(entry, "path") || !has_text(entry, "sha256")) continue;
      const auto size = entry.find("bytes"), time = entry.find("time");
      if (size == entry.end() || !size->is_number_unsigned() || time == entry.end() || !time->is_number_integer())
        continue;
      entries_[entry.at("path").get<std::string>()] = {{size->get<std::uint64_t>(), time->get<std::int64_t>()},
                                                       entry.at("sha256").get<std::string>()};
    }
  }

  // Null if it is not known, or has changed since.
  const Entry* find(const std::string& path) const {
    const auto found = entries_.find(path);
    if (found == entries_.end() || stamp_of(files_of(path)) != found->second.stamp) return nullptr;
    return &found->second;
  }

  void put(const std::string& path, const std::string& sha256) {
    if (const auto stamp = stamp_of(files_of(path))) entries_[path] = {*stamp, sha256};
  }

  // Failing to is no error. What is gone is forgotten.
  void save() const {
    std::error_code failed;
    if (cache_folder().empty()) return;
    fs::create_directories(cache_folder(), failed);
    Json list = Json::array();
    for (const auto& [path, entry] : entries_) {
      if (!fs::exists(path, failed)) continue;
      list.push_back(
          {{"path", path}, {"bytes", entry.stamp.size}, {"time", entry.stamp.time}, {"sha256", entry.sha256}});
    }
    const std::string text = Json{{"models", std::move(list)}}.dump(1, ' ', false, Json::error_handler_t::replace);
    (void)write_file(file(), as_bytes(text + "\n")).has_value();
  }

  const std::map<std::string, Entry>& entries() const noexcept { return entries_; }

 private:
  static std::string file() { return cache_folder() + "/models.json"; }
  static bool has_text(const JsonDocument& entry, const char* field) {
    return entry.contains(field) && entry.at(field).is_string();
  }
  std::map<std::string, Entry> entries_;
};

Result<std::string> hash_parts(const std::string& path) {
  StreamSha256 hash;
  Bytes buffer(std::size_t{1} << 20);
  for (const std::string& part : parts_of(path)) {
    KOAN_ASSIGN(const FileHandle handle, open_for_reading(part));
    FileSource source(handle.fd(), part, stop_flag());
    for (;;) {
      KOAN_ASSIGN(const std::size_t got, source.read(buffer));
      if (got == 0) break;
      hash.update(ByteView(buffer).first(got));
    }
  }
  return to_hex(hash.digest());
}

// The name of the file that a link of the Hugging Face cache leads to: SHA-256 of large files; empty: it says nothing.
std::string hash_by_name(const std::string& path) {
  std::error_code failed;
  const std::string target = fs::read_symlink(path, failed).filename().string();
  const bool hex = target.size() == kHexDigits && target.find_first_not_of("0123456789abcdef") == std::string::npos;
  return failed || !hex ? "" : target;
}

std::vector<std::string> candidates() {
  std::vector<std::string> out;
  std::error_code ignored;
  const auto append = [&](const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      if (!is_later_part(path) && fs::exists(path, ignored)) out.push_back(path);
    }
  };
  for (const std::string& folder : model_folders()) append(gguf_files(folder));
  std::vector<std::string> hubs = hub_caches();
  for (const std::string& folder : llama_caches()) {
    append(gguf_files(folder));
    hubs.push_back(folder);
  }
  for (const std::string& root : hubs) append(gguf_files_of_hub(root));
  return out;
}

NamedModel file_model(const std::string& path) { return {std::nullopt, path, false}; }

// Looks at what is known first, then hashes what is not, one file after the other.
Result<std::optional<NamedModel>> search(const std::string& wanted, Index& index, bool quiet) {
  std::vector<std::string> unknown;
  for (const std::string& path : candidates()) {
    const std::string name = hash_by_name(path);
    const Entry* const entry = index.find(path);
    if (name == wanted || (entry != nullptr && entry->sha256 == wanted)) return std::optional(file_model(path));
    if (name.empty() && entry == nullptr) unknown.push_back(path);
  }
  for (const auto& [path, entry] : index.entries()) {
    std::error_code ignored;
    if (entry.sha256 == wanted && fs::is_directory(path, ignored) && index.find(path) != nullptr)
      return std::optional(NamedModel{std::nullopt, path, true});
  }
  for (const std::string& path : unknown) {
    const auto stamp = stamp_of(parts_of(path));
    if (!quiet && stamp && stamp->size > (std::uint64_t{256} << 20))
      say("hashing " + printable(path) + ", which is done once");
    auto hash = hash_parts(path);
    if (!hash && hash.error().code == ErrorCode::kCancelled) return std::move(hash).error();
    if (!hash) continue;
    index.put(path, *hash);
    if (*hash == wanted) return std::optional(file_model(path));
  }
  return std::optional<NamedModel>();
}

}  // namespace

Result<std::optional<NamedModel>> find_by_hash(const Sha256& wanted, bool quiet) {
  const std::string hex = to_hex(wanted);
  std::error_code ignored;
  for (const std::string& root : ollama_caches()) {
    const std::string blob = root + "/blobs/sha256-" + hex;
    if (fs::exists(blob, ignored)) return std::optional(file_model(blob));
  }
  Index index;
  auto found = search(hex, index, quiet);
  index.save();
  return found;
}

void remember_folder(const std::string& folder, const Sha256& sha256) {
  std::error_code failed;
  const std::string path = fs::canonical(folder, failed).string();
  if (failed) return;
  Index index;
  if (const Entry* known = index.find(path); known != nullptr && known->sha256 == to_hex(sha256)) return;
  index.put(path, to_hex(sha256));
  index.save();
}

}  // namespace koan::cli
