// GGUF v3 writer, typed lookups and the Q8_0 block format.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/half.h"
#include "formats/gguf.h"

namespace koan {
namespace {

constexpr std::uint64_t kAlignment = 32;
constexpr std::uint64_t kBlock = 32;       // values in a Q8_0 block
constexpr std::uint64_t kBlockBytes = 34;  // f16 scale and 32 int8

enum ValueType : std::uint32_t {
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11
};

void append_type(Bytes& out, ValueType type) { append_fixed(out, static_cast<std::uint32_t>(type)); }

void append_string(Bytes& out, const std::string& text) {
  append_fixed(out, static_cast<std::uint64_t>(text.size()));
  append_bytes(out, as_bytes(text));
}

void append_float(Bytes& out, double value) {
  append_fixed(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
}

bool fits_i32(std::int64_t value) {
  return value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max();
}

void append_int(Bytes& out, std::int64_t value, bool wide) {
  if (wide)
    append_fixed(out, static_cast<std::uint64_t>(value));
  else
    append_fixed(out, static_cast<std::uint32_t>(static_cast<std::int32_t>(value)));
}

struct ValueWriter {
  Bytes& out;
  void operator()(std::uint64_t value) const {
    const bool wide = value > std::numeric_limits<std::uint32_t>::max();
    append_type(out, wide ? kU64 : kU32);
    if (wide)
      append_fixed(out, value);
    else
      append_fixed(out, static_cast<std::uint32_t>(value));
  }
  void operator()(std::int64_t value) const {
    append_type(out, fits_i32(value) ? kI32 : kI64);
    append_int(out, value, !fits_i32(value));
  }
  void operator()(double value) const {
    append_type(out, kF32);
    append_float(out, value);
  }
  void operator()(bool value) const {
    append_type(out, kBool);
    out.push_back(value ? 1 : 0);
  }
  void operator()(const std::string& value) const {
    append_type(out, kString);
    append_string(out, value);
  }
  void operator()(const std::vector<std::string>& values) const {
    header(kString, values.size());
    for (const std::string& value : values) append_string(out, value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    const bool wide = !std::all_of(values.begin(), values.end(), fits_i32);
    header(wide ? kI64 : kI32, values.size());
    for (const std::int64_t value : values) append_int(out, value, wide);
  }
  void operator()(const std::vector<double>& values) const {
    header(kF32, values.size());
    for (const double value : values) append_float(out, value);
  }
  void header(ValueType item, std::size_t count) const {
    append_type(out, kArray);
    append_type(out, item);
    append_fixed(out, static_cast<std::uint64_t>(count));
  }
};

void pad(Bytes& out) {
  while (out.size() % kAlignment != 0) out.push_back(0);
}

template <typename T>
const T* lookup(const GgufFile& file, const std::string& key) {
  const auto it = file.metadata.find(key);
  return it == file.metadata.end() ? nullptr : std::get_if<T>(&it->second);
}

template <typename T>
Result<T> lookup_or_error(const GgufFile& file, const std::string& key, const char* type) {
  if (const T* value = lookup<T>(file, key)) return *value;
  return Error{ErrorCode::kCorrupt, "GGUF: key '" + key + "' is missing or not a " + type};
}

}  // namespace

std::uint64_t GgufTensor::element_count() const noexcept {
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape) count *= extent;
  return count;
}

const GgufTensor* GgufFile::find(const std::string& name) const noexcept {
  const auto it = std::find_if(tensors.begin(), tensors.end(), [&](const GgufTensor& t) { return t.name == name; });
  return it == tensors.end() ? nullptr : &*it;
}

Result<std::uint64_t> GgufFile::get_uint(const std::string& key) const {
  // Some writers use signed types for counts and ids.
  if (const auto* value = lookup<std::int64_t>(*this, key); value != nullptr && *value >= 0)
    return static_cast<std::uint64_t>(*value);
  return lookup_or_error<std::uint64_t>(*this, key, "number");
}
std::uint64_t GgufFile::get_uint_or(const std::string& key, std::uint64_t fallback) const {
  const auto value = get_uint(key);
  return value ? *value : fallback;
}
Result<double> GgufFile::get_float(const std::string& key) const {
  return lookup_or_error<double>(*this, key, "floating-point number");
}
double GgufFile::get_float_or(const std::string& key, double fallback) const {
  const double* value = lookup<double>(*this, key);
  return value ? *value : fallback;
}
Result<std::string> GgufFile::get_string(const std::string& key) const {
  return lookup_or_error<std::string>(*this, key, "string");
}
Result<std::vector<std::string>> GgufFile::get_strings(const std::string& key) const {
  return lookup_or_error<std::vector<std::string>>(*this, key, "list of strings");
}

Bytes write_gguf(const GgufFile& file) {
  Bytes out;
  append_fixed(out, std::uint32_t{0x46554747});  // "GGUF"
  append_fixed(out, std::uint32_t{3});
  append_fixed(out, static_cast<std::uint64_t>(file.tensors.size()));
  append_fixed(out, static_cast<std::uint64_t>(file.metadata.size() - file.metadata.count("general.alignment")));
  for (const auto& [key, value] : file.metadata) {
    if (key == "general.alignment") continue;  // of the file it was read from; this one has the default
    append_string(out, key);
    std::visit(ValueWriter{out}, value);
  }
  std::uint64_t offset = 0;
  for (const GgufTensor& tensor : file.tensors) {
    append_string(out, tensor.name);
    append_fixed(out, static_cast<std::uint32_t>(tensor.shape.size()));
    for (const std::uint64_t extent : tensor.shape) append_fixed(out, extent);
    append_fixed(out, static_cast<std::uint32_t>(tensor.type));
    append_fixed(out, offset);
    offset += (tensor.data.size() + kAlignment - 1) / kAlignment * kAlignment;
  }
  pad(out);
  for (const GgufTensor& tensor : file.tensors) {
    append_bytes(out, tensor.data);
    pad(out);
  }
  return out;
}

void quantize_q8_0_block(const float* values, std::uint8_t* out) noexcept {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding and subtracting it rounds to nearest even
  constexpr std::uint16_t kLargestHalf = 0x7BFF;
  float largest = 0;
  for (std::size_t i = 0; i < kBlock; ++i) largest = std::max(largest, std::fabs(values[i]));
  const std::uint16_t half = std::min(float_to_half(largest / 127.0f), kLargestHalf);
  const float scale = half_to_float(half);
  out[0] = static_cast<std::uint8_t>(half);
  out[1] = static_cast<std::uint8_t>(half >> 8);
  for (std::size_t i = 0; i < kBlock; ++i) {
    float quant = scale > 0 ? values[i] / scale : 0.0f;
    if (!(quant > -127.0f)) quant = quant == quant ? -127.0f : 0.0f;  // NaN becomes 0
    if (quant > 127.0f) quant = 127.0f;
    out[2 + i] = static_cast<std::uint8_t>(static_cast<std::int8_t>((quant + kRound) - kRound));
  }
}

Bytes quantize_q8_0(std::span<const float> values) {
  Bytes out(values.size() / kBlock * kBlockBytes);
  for (std::size_t i = 0; i < values.size() / kBlock; ++i)
    quantize_q8_0_block(values.data() + i * kBlock, out.data() + i * kBlockBytes);
  return out;
}

}  // namespace koan
