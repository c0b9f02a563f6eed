#include "cli/model_file.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/file.h"

namespace koan::cli {
namespace {

// "X-00002-of-00003.gguf", as gguf-split names the parts of X.
struct PartName {
  std::string stem;
  unsigned number, count;

  std::string path(unsigned n) const {
    char place[32];
    std::snprintf(place, sizeof place, "-%05u-of-%05u.gguf", n, count);
    return stem + place;
  }
};

std::optional<PartName> part_name(const std::string& path) {
  constexpr std::size_t kTail = 20;  // "-00002-of-00003.gguf"
  if (path.size() <= kTail) return std::nullopt;
  const std::string tail = path.substr(path.size() - kTail);
  PartName out{path.substr(0, path.size() - kTail), 0, 0};
  for (std::size_t i = 0; i < 5; ++i) {
    const char a = tail[1 + i], b = tail[10 + i];
    if (a < '0' || a > '9' || b < '0' || b > '9') return std::nullopt;
    out.number = out.number * 10 + static_cast<unsigned>(a - '0');
    out.count = out.count * 10 + static_cast<unsigned>(b - '0');
  }
  if (out.path(out.number) != path || out.number < 1 || out.number > out.count) return std::nullopt;
  return out;
}

}  // namespace

bool is_later_part(const std::string& path) {
  const std::optional<PartName> part = part_name(path);
  return part && part->number > 1;
}

std::vector<std::string> parts_of(const std::string& path) {
  const std::optional<PartName> part = part_name(path);
  if (!part) return {path};
  std::vector<std::string> out;
  for (unsigned n = 1; n <= part->count; ++n) out.push_back(part->path(n));
  return out;
}

Result<Bytes> read_model_file(const std::string& path) {
  const std::optional<PartName> part = part_name(path);
  if (!part) return read_file(path, kMaxModelBytes);
  if (part->number > 1)
    return Error{ErrorCode::kUsage, path + ": a later part of a split model; name the first, " + part->path(1)};
  Bytes out;
  for (const std::string& name : parts_of(path)) {
    KOAN_ASSIGN(const Bytes bytes, read_file(name, kMaxModelBytes - out.size()));
    append_bytes(out, bytes);
  }
  return out;
}

}  // namespace koan::cli
