// Models that llama.cpp's gguf-split has cut into several files. Each part is a GGUF file of its own; the first has the
// metadata, the others little more than their number.
#include <algorithm>

#include "formats/gguf.h"

namespace koan {
namespace {

constexpr const char* kNumber = "split.no";  // from 0
constexpr const char* kCount = "split.count";
constexpr const char* kTensors = "split.tensors.count";
constexpr std::size_t kMaxParts = 99999;  // five digits in the names

std::string part_name(std::size_t index, std::size_t count) {
  return "part " + std::to_string(index + 1) + " of " + std::to_string(count);
}

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, "GGUF: " + what}; }

// How many parts the model of this file has; 1 if it is not split.
Result<std::size_t> count_parts(const GgufFile& file) {
  if (!file.metadata.contains(kCount)) return std::size_t{1};
  KOAN_ASSIGN(const std::uint64_t count, file.get_uint(kCount));
  if (count == 0 || count > kMaxParts) return corrupt("a model split into " + std::to_string(count) + " parts");
  return static_cast<std::size_t>(count);
}

// `part` is the one at `index` of a model of `count` > 1 parts.
Status check_part(const GgufFile& part, std::size_t index, std::size_t count) {
  const std::string where = part_name(index, count);
  KOAN_ASSIGN(const std::size_t said, count_parts(part));
  if (said != count) return corrupt(where + " says that there are " + std::to_string(said));
  KOAN_ASSIGN(const std::uint64_t number, part.get_uint(kNumber));
  if (number != index) return corrupt(where + " says that it is " + std::to_string(number + 1));
  return {};
}

Result<GgufFile> join(std::vector<GgufFile> parts) {
  GgufFile out = std::move(parts.front());
  KOAN_ASSIGN(const std::size_t count, count_parts(out));
  if (count != parts.size()) {
    return corrupt("the model is split into " + std::to_string(count) + " parts, and " + std::to_string(parts.size()) +
                   (parts.size() == 1 ? " is here" : " are here"));
  }
  if (count == 1) return out;
  KOAN_TRY(check_part(out, 0, count));
  for (std::size_t i = 1; i < count; ++i) {
    KOAN_TRY(check_part(parts[i], i, count));
    out.tensors.insert(out.tensors.end(), parts[i].tensors.begin(), parts[i].tensors.end());
  }
  KOAN_ASSIGN(const std::uint64_t tensors, out.get_uint(kTensors));
  if (tensors != out.tensors.size()) {
    return corrupt("the parts have " + std::to_string(out.tensors.size()) + " tensors together, not " +
                   std::to_string(tensors));
  }
  std::vector<std::string_view> names;
  for (const GgufTensor& tensor : out.tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) return corrupt("tensor '" + std::string(*twice) + "' is in two parts");
  return out;
}

// Where the part after one that ends at `end` begins: behind zeros that pad the last tensor. The whole size if there is
// none.
std::size_t next_part(ByteView data, std::size_t end) noexcept {
  const auto begin = data.begin() + static_cast<std::ptrdiff_t>(end);
  return static_cast<std::size_t>(std::find_if(begin, data.end(), [](std::uint8_t b) { return b != 0; }) -
                                  data.begin());
}

}  // namespace

Result<GgufFile> parse_gguf_parts(std::span<const ByteView> parts) {
  std::vector<GgufFile> files;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto file = parse_gguf(parts[i]);
    if (!file)
      return parts.size() == 1 ? std::move(file).error() : std::move(file).error().in(part_name(i, parts.size()));
    files.push_back(std::move(file).value());
  }
  if (files.empty()) return corrupt("no parts");
  return join(std::move(files));
}

Result<GgufFile> parse_gguf_model(ByteView data) {
  std::vector<GgufFile> files;
  KOAN_ASSIGN(GgufFile first, parse_gguf(data));
  KOAN_ASSIGN(const std::size_t count, count_parts(first));
  files.push_back(std::move(first));
  // The parts are counted by what is there, not by what the first one says: a lie takes no memory.
  for (std::size_t at = next_part(data, files.back().end); files.size() < count && at < data.size();) {
    data = data.subspan(at);
    auto file = parse_gguf(data);
    if (!file) return std::move(file).error().in(part_name(files.size(), count));
    files.push_back(std::move(file).value());
    at = next_part(data, files.back().end);
  }
  return join(std::move(files));
}

}  // namespace koan
