#include "cli/adapter_store.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string_view>

#include "base/file.h"
#include "cli/model_places.h"
#include "cli/whole_file.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxAdapterBytes = std::uint64_t{1} << 30;
constexpr std::size_t kMaxName = 100;
constexpr std::size_t kProposals = 3;

// Edit distance (Levenshtein 1966).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// "; did you mean a, b?" or what there is instead.
std::string proposal(const std::string& wanted) {
  const std::vector<StoredAdapter> stored = stored_adapters();
  if (stored.empty()) return "; there are none yet in " + adapter_folder();
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const StoredAdapter& adapter : stored) {
    const bool part = !wanted.empty() && adapter.name.find(wanted) != std::string::npos;
    const std::size_t far = part ? 0 : distance(wanted.substr(0, kMaxName), adapter.name);
    if (far <= std::max<std::size_t>(2, wanted.size() / 3)) near.emplace_back(far, adapter.name);
  }
  std::sort(near.begin(), near.end());
  if (near.empty()) return "";
  std::string out;
  for (std::size_t i = 0; i < std::min(near.size(), kProposals); ++i) out += (i == 0 ? "" : ", ") + near[i].second;
  return "; did you mean " + out + "?";
}

}  // namespace

std::string adapter_folder() {
  const std::string data = data_folder();
  return data.empty() ? "koan-adapters" : data + "/adapters";
}

std::vector<StoredAdapter> stored_adapters() {
  std::vector<StoredAdapter> out;
  for (const std::string& path : gguf_files(adapter_folder())) out.push_back({fs::path(path).stem().string(), path});
  return out;
}

Result<Bytes> read_adapter_file(const std::string& path) { return read_file(path, kMaxAdapterBytes); }

Result<Adapter> load_adapter(const std::string& path) {
  KOAN_ASSIGN(const Bytes bytes, read_adapter_file(path));
  auto adapter = parse_adapter(bytes);
  if (!adapter) return std::move(adapter).error().in(path);
  return adapter;
}

Result<std::string> find_adapter(const std::string& word) {
  std::error_code ignored;
  const bool is_path = word.find('/') != std::string::npos;
  if (is_path || (fs::exists(word, ignored) && !fs::is_directory(word, ignored))) return word;
  if (auto path = find_stored_adapter(word)) return path;
  return Error{ErrorCode::kUsage,
               "adapter " + word + ": neither a file nor one of koan adapters list" + proposal(word)};
}

Result<std::string> find_stored_adapter(const std::string& name) {
  const std::string path = adapter_folder() + "/" + name + ".gguf";
  std::error_code ignored;
  if (is_adapter_name(name) && fs::exists(path, ignored)) return path;
  return Error{ErrorCode::kUsage, "adapter " + name + ": not one of koan adapters list" + proposal(name)};
}

bool is_adapter_name(const std::string& name) noexcept {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > kMaxName || !plain(name[0]) || name == "auto" || name == "none") return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return plain(c) || std::string_view("._-+").find(c) != std::string_view::npos; });
}

Status store_file(const std::string& path, ByteView bytes, bool replace) {
  const std::string folder = fs::path(path).parent_path().string();
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return io_error(folder, failed.value());
  return write_whole(path, bytes, replace);
}

}  // namespace koan::cli
