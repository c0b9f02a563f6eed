// The safetensors reader. Bytes are a file as they are and, so that the fuzzer gets behind the length of the header,
// also HEADER 0 DATA.
#include <algorithm>

#include "formats/safetensors.h"
#include "fuzz.h"

namespace koan::fuzz {
namespace {

bool same(const SafetensorsFile& a, const SafetensorsFile& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  return std::all_of(a.tensors.begin(), a.tensors.end(), [&](const SafetensorsTensor& t) {
    const SafetensorsTensor* other = b.find(t.name);
    return other != nullptr && other->dtype == t.dtype && other->shape == t.shape &&
           std::ranges::equal(other->data, t.data);
  });
}

void run(ByteView bytes) {
  const auto file = parse_safetensors(bytes);
  if (!file) {
    const ErrorCode code = file.error().code;
    require(code == ErrorCode::kCorrupt || code == ErrorCode::kNotSupported || code == ErrorCode::kLimit,
            "an error of the file");
    return;
  }
  std::size_t total = 0;
  for (const SafetensorsTensor& tensor : file->tensors) {
    total += tensor.data.size();
    if (const auto values = tensor.values())
      require(values->size() == tensor.element_count(), "as many values as the shape says");
  }
  require(total <= bytes.size(), "tensors do not overlap");
  if (file->tensors.size() > 200) return;  // comparing takes time that grows with the square
  const auto written = write_safetensors(*file);
  require(written.has_value(), "what was read can be written");
  const auto back = parse_safetensors(*written);
  require(back && same(*file, *back), "what was written is read as it was");
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const ByteView bytes(data, size);
  fuzz::run(bytes);
  const auto zero = std::find(bytes.begin(), bytes.end(), 0);
  if (zero == bytes.end()) return 0;
  const auto header = static_cast<std::size_t>(zero - bytes.begin());
  Bytes file;
  append_fixed<std::uint64_t>(file, header);
  append_bytes(file, bytes.first(header));
  append_bytes(file, bytes.subspan(header + 1));
  fuzz::run(file);
  return 0;
}
