// GGUF v3 reader. Every number that comes from the file is compared with what is left of it before it is used.
#include "formats/gguf.h"

#include <algorithm>
#include <limits>
#include <set>

namespace koan {
namespace {

constexpr std::uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr std::uint64_t kMaxKey = 65535;      // limits of the GGUF specification
constexpr std::uint64_t kMaxTensorName = 64;
constexpr std::uint32_t kMaxDims = 4;
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint64_t kMaxAlignment = 1u << 20;

enum ValueType : std::uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, "GGUF: " + what}; }

std::size_t value_size(std::uint32_t type) {
  switch (type) {
    case kU8:
    case kI8:
    case kBool:
      return 1;
    case kU16:
    case kI16:
      return 2;
    case kU32:
    case kI32:
    case kF32:
      return 4;
    case kU64:
    case kI64:
    case kF64:
      return 8;
    case kString:
      return 8;  // the least a string takes: its length
    default:
      return 0;
  }
}

Result<std::string> read_string(ByteReader& in, std::uint64_t limit) {
  KOAN_ASSIGN(const std::uint64_t size, in.fixed<std::uint64_t>());
  if (size > limit)
    return corrupt("string of " + std::to_string(size) + " bytes at byte " + std::to_string(in.position()));
  KOAN_ASSIGN(const ByteView bytes, in.take(size));
  return std::string(as_text(bytes));
}

// Integers of every width as their 64-bit pattern, sign-extended where the type is signed.
Result<std::uint64_t> read_integer(ByteReader& in, std::uint32_t type) {
  switch (value_size(type)) {
    case 1: {
      KOAN_ASSIGN(const std::uint8_t v, in.fixed<std::uint8_t>());
      return type == kI8 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int8_t>(v))) : v;
    }
    case 2: {
      KOAN_ASSIGN(const std::uint16_t v, in.fixed<std::uint16_t>());
      return type == kI16 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int16_t>(v))) : v;
    }
    case 4: {
      KOAN_ASSIGN(const std::uint32_t v, in.fixed<std::uint32_t>());
      return type == kI32 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(v))) : v;
    }
    default:
      return in.fixed<std::uint64_t>();
  }
}

Result<double> read_float(ByteReader& in, std::uint32_t type) {
  KOAN_ASSIGN(const std::uint64_t bits, read_integer(in, type));
  if (type == kF32) return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  return std::bit_cast<double>(bits);
}

bool is_signed(std::uint32_t type) { return type == kI8 || type == kI16 || type == kI32 || type == kI64; }

Result<GgufValue> read_array(ByteReader& in) {
  KOAN_ASSIGN(const std::uint32_t type, in.fixed<std::uint32_t>());
  KOAN_ASSIGN(const std::uint64_t count, in.fixed<std::uint64_t>());
  const std::size_t width = value_size(type);
  if (type == kArray) return Error{ErrorCode::kNotSupported, "GGUF: arrays of arrays are not supported"};
  if (width == 0) return corrupt("unknown value type " + std::to_string(type));
  if (count > in.remaining() / width)
    return corrupt("array of " + std::to_string(count) + " items is longer than the file");
  if (type == kString) {
    std::vector<std::string> out;
    out.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
      KOAN_ASSIGN(std::string item, read_string(in, in.remaining()));
      out.push_back(std::move(item));
    }
    return GgufValue(std::move(out));
  }
  if (type == kF32 || type == kF64) {
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
      KOAN_ASSIGN(const double item, read_float(in, type));
      out.push_back(item);
    }
    return GgufValue(std::move(out));
  }
  std::vector<std::int64_t> out;
  out.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    KOAN_ASSIGN(const std::uint64_t item, read_integer(in, type));
    if (type == kU64 && item > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return corrupt("array item above 2^63");
    out.push_back(static_cast<std::int64_t>(item));
  }
  return GgufValue(std::move(out));
}

Result<GgufValue> read_value(ByteReader& in) {
  KOAN_ASSIGN(const std::uint32_t type, in.fixed<std::uint32_t>());
  if (type == kArray) return read_array(in);
  if (type == kString) {
    KOAN_ASSIGN(std::string text, read_string(in, in.remaining()));
    return GgufValue(std::move(text));
  }
  if (value_size(type) == 0) return corrupt("unknown value type " + std::to_string(type));
  if (type == kF32 || type == kF64) {
    KOAN_ASSIGN(const double number, read_float(in, type));
    return GgufValue(number);
  }
  KOAN_ASSIGN(const std::uint64_t bits, read_integer(in, type));
  if (type == kBool) {
    if (bits > 1) return corrupt("boolean that is neither 0 nor 1");
    return GgufValue(bits == 1);
  }
  if (is_signed(type)) return GgufValue(static_cast<std::int64_t>(bits));
  return GgufValue(bits);
}

struct TensorPlace {
  std::uint64_t offset;
  std::uint64_t size;
};

Result<TensorPlace> read_tensor_info(ByteReader& in, GgufTensor& out) {
  KOAN_ASSIGN(out.name, read_string(in, kMaxTensorName));
  const std::string where = "tensor '" + out.name + "' ";
  KOAN_ASSIGN(const std::uint32_t dims, in.fixed<std::uint32_t>());
  if (dims == 0 || dims > kMaxDims) return corrupt(where + "has " + std::to_string(dims) + " dimensions");
  std::uint64_t elements = 1;
  for (std::uint32_t d = 0; d < dims; ++d) {
    KOAN_ASSIGN(const std::uint64_t extent, in.fixed<std::uint64_t>());
    if (extent == 0 || extent > (std::uint64_t{1} << 56) / elements) return corrupt(where + "has an impossible shape");
    elements *= extent;
    out.shape.push_back(extent);
  }
  KOAN_ASSIGN(const std::uint32_t type, in.fixed<std::uint32_t>());
  out.type = static_cast<GgmlType>(type);
  KOAN_ASSIGN(const std::uint64_t offset, in.fixed<std::uint64_t>());
  if (ggml_block(out.type).elements == 0)
    return Error{ErrorCode::kNotSupported,
                 "GGUF: unsupported tensor type " + ggml_type_name(out.type) + " in " + where +
                     "(koan reads F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K; convert with "
                     "llama-quantize ... Q8_0)"};
  const std::uint64_t size = ggml_size_bytes(out.type, elements, out.shape[0]);
  if (size == 0) return corrupt(where + "has rows that do not fit the blocks of " + ggml_type_name(out.type));
  return TensorPlace{offset, size};
}

Result<std::uint64_t> read_alignment(const GgufFile& file) {
  const auto it = file.metadata.find("general.alignment");
  if (it == file.metadata.end()) return kDefaultAlignment;
  const auto* value = std::get_if<std::uint64_t>(&it->second);
  if (value == nullptr || !std::has_single_bit(*value) || *value > kMaxAlignment)
    return corrupt("general.alignment is not a power of two");
  return *value;
}

Status read_metadata(ByteReader& in, std::uint64_t count, GgufFile& file) {
  for (std::uint64_t i = 0; i < count; ++i) {
    KOAN_ASSIGN(std::string key, read_string(in, kMaxKey));
    auto value = read_value(in);
    if (!value) return std::move(value).error().in("key '" + key + "'");
    if (!file.metadata.emplace(key, std::move(value).value()).second) return corrupt("key '" + key + "' appears twice");
  }
  return {};
}

Status read_tensors(ByteReader& in, std::uint64_t count, ByteView data, GgufFile& file) {
  std::vector<TensorPlace> places;
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    GgufTensor tensor;
    KOAN_ASSIGN(const TensorPlace place, read_tensor_info(in, tensor));
    if (!names.insert(tensor.name).second) return corrupt("tensor '" + tensor.name + "' appears twice");
    places.push_back(place);
    file.tensors.push_back(std::move(tensor));
  }
  file.end = in.position();
  if (count == 0) return {};
  KOAN_ASSIGN(const std::uint64_t alignment, read_alignment(file));
  const auto padded = [&](std::uint64_t n) { return (n + alignment - 1) / alignment * alignment; };
  const std::uint64_t start = padded(in.position());
  std::uint64_t expected = 0;  // never overflows: it stays within the size of the file plus one padding
  for (std::size_t i = 0; i < places.size(); ++i) {
    const TensorPlace& place = places[i];
    const std::string where = "tensor '" + file.tensors[i].name + "' ";
    if (place.offset != expected) return corrupt(where + "does not start where the one before it ends");
    if (start > data.size() || expected > data.size() - start || place.size > data.size() - start - expected)
      return corrupt(where + "reaches beyond the end of the file");
    file.tensors[i].data =
        data.subspan(static_cast<std::size_t>(start + expected), static_cast<std::size_t>(place.size));
    file.end = static_cast<std::size_t>(start + expected + place.size);
    expected = padded(expected + place.size);
  }
  return {};
}

}  // namespace

Result<GgufFile> parse_gguf(ByteView data) {
  ByteReader in(data);
  KOAN_ASSIGN(const std::uint32_t magic, in.fixed<std::uint32_t>());
  if (magic != kMagic) return corrupt("this is not a GGUF file");
  KOAN_ASSIGN(const std::uint32_t version, in.fixed<std::uint32_t>());
  if (version != 0 && (version & 0xFFFFu) == 0)
    return Error{ErrorCode::kNotSupported, "GGUF: big-endian files are not supported"};
  if (version != 2 && version != 3)  // 2 differs only in lacking big-endian files
    return Error{ErrorCode::kNotSupported,
                 "GGUF: version " + std::to_string(version) + " is not supported (2 and 3 are)"};
  KOAN_ASSIGN(const std::uint64_t tensor_count, in.fixed<std::uint64_t>());
  KOAN_ASSIGN(const std::uint64_t value_count, in.fixed<std::uint64_t>());
  GgufFile file;
  KOAN_TRY(read_metadata(in, value_count, file));
  KOAN_TRY(read_tensors(in, tensor_count, data, file));
  return file;
}

}  // namespace koan
