#include "formats/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>

#include "base/half.h"
#include "formats/json_line.h"

namespace koan {
namespace {

struct Dtype {
  const char* name;
  std::uint32_t bits;
};
constexpr Dtype kDtypes[] = {{"BOOL", 8},    {"U8", 8},          {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8},
                             {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F4", 4},      {"F6_E2M3", 6},
                             {"F6_E3M2", 6}, {"I16", 16},        {"U16", 16},        {"F16", 16},    {"BF16", 16},
                             {"I32", 32},    {"U32", 32},        {"F32", 32},        {"C64", 64},    {"F64", 64},
                             {"I64", 64},    {"U64", 64}};

// 0: the format has no such type.
std::uint32_t bits_of(std::string_view dtype) noexcept {
  for (const Dtype& known : kDtypes) {
    if (dtype == known.name) return known.bits;
  }
  return 0;
}

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, "safetensors: " + what}; }

struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape, offsets;
  bool has_dtype = false, has_shape = false, has_offsets = false;
};

// The header as events of nlohmann's parser, which throws nothing this way and builds no tree.
class Header {
 public:
  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;
  std::optional<Error> error;

  bool null() {  // some writers say so for no metadata
    if (place_ == Place::kTop && pending_ == Pending::kMetadata) {
      pending_ = Pending::kNothing;
      return true;
    }
    return wrong();
  }
  bool boolean(bool) { return wrong(); }
  bool number_integer(std::int64_t) { return wrong(); }
  bool number_float(double, const std::string&) { return wrong(); }
  bool binary(nlohmann::json::binary_t&) { return wrong(); }

  bool number_unsigned(std::uint64_t value) {
    if (place_ != Place::kNumbers) return wrong();
    Entry& entry = entries.back();
    auto& list = field_ == "shape" ? entry.shape : entry.offsets;
    const std::size_t most = field_ == "shape" ? kMaxSafetensorsDims : 2;
    if (list.size() == most) return fail("tensor '" + entry.name + "': " + field_ + " has too many numbers");
    list.push_back(value);
    return true;
  }

  bool string(std::string& value) {
    if (place_ == Place::kMetadata) {
      metadata[field_] = std::move(value);
      return true;
    }
    if (place_ != Place::kTensor || field_ != "dtype") return wrong();
    entries.back().dtype = std::move(value);
    return true;
  }

  bool start_object(std::size_t) {
    if (place_ == Place::kBefore) {
      place_ = Place::kTop;
    } else if (place_ == Place::kTop && pending_ != Pending::kNothing) {
      place_ = pending_ == Pending::kMetadata ? Place::kMetadata : Place::kTensor;
      pending_ = Pending::kNothing;
    } else {
      return wrong();
    }
    return true;
  }
  bool end_object() {
    place_ = place_ == Place::kTop ? Place::kAfter : Place::kTop;
    return true;
  }
  bool start_array(std::size_t) {
    if (place_ != Place::kTensor || (field_ != "shape" && field_ != "data_offsets")) return wrong();
    place_ = Place::kNumbers;
    return true;
  }
  bool end_array() {
    place_ = Place::kTensor;
    return true;
  }

  bool key(std::string& name) {
    if (name.size() > kMaxSafetensorsName) return fail("a name of " + std::to_string(name.size()) + " bytes");
    if (place_ == Place::kTop) return top_key(name);
    field_ = name;
    if (place_ == Place::kMetadata) {
      if (!metadata.emplace(name, "").second) return fail("__metadata__ has '" + name + "' twice");
      return true;
    }
    Entry& entry = entries.back();
    bool* const has = name == "dtype"          ? &entry.has_dtype
                      : name == "shape"        ? &entry.has_shape
                      : name == "data_offsets" ? &entry.has_offsets
                                               : nullptr;
    if (has == nullptr) return fail("tensor '" + entry.name + "' has an unknown field '" + name + "'");
    if (*has) return fail("tensor '" + entry.name + "' has " + name + " twice");
    *has = true;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    return fail("the header is not JSON at byte " + std::to_string(8 + position));
  }

 private:
  enum class Place : std::uint8_t { kBefore, kTop, kMetadata, kTensor, kNumbers, kAfter };
  enum class Pending : std::uint8_t { kNothing, kMetadata, kTensor };

  bool top_key(const std::string& name) {
    if (!names_.insert(name).second) return fail("'" + name + "' is there twice");
    if (name == "__metadata__") {
      pending_ = Pending::kMetadata;
      return true;
    }
    if (entries.size() == kMaxSafetensorsTensors) {
      error = Error{ErrorCode::kLimit, "safetensors: more than " + std::to_string(kMaxSafetensorsTensors) + " tensors"};
      return false;
    }
    pending_ = Pending::kTensor;
    entries.emplace_back().name = name;
    return true;
  }
  bool wrong() {
    if (place_ == Place::kMetadata) return fail("__metadata__ '" + field_ + "' is not a string");
    if (place_ == Place::kTensor || place_ == Place::kNumbers)
      return fail("tensor '" + entries.back().name + "': " + field_ + " is of the wrong kind");
    if (pending_ == Pending::kMetadata) return fail("__metadata__ is not an object");
    if (pending_ == Pending::kTensor) return fail("tensor '" + entries.back().name + "' is not an object");
    return fail("the header is not an object");
  }
  bool fail(const std::string& what) {
    error = corrupt(what);
    return false;
  }

  Place place_ = Place::kBefore;
  Pending pending_ = Pending::kNothing;
  std::string field_;
  std::set<std::string> names_;
};

// Bytes of a tensor; an error where they do not fit 64 bits or are no whole number.
Result<std::uint64_t> size_of(const Entry& entry) {
  const std::uint32_t bits = bits_of(entry.dtype);
  if (bits == 0) {
    return Error{ErrorCode::kNotSupported,
                 "safetensors: tensor '" + entry.name + "' has the unknown dtype '" + entry.dtype + "'"};
  }
  std::uint64_t total = bits;
  for (const std::uint64_t extent : entry.shape) {
    if (extent != 0 && total > UINT64_MAX / extent)
      return corrupt("tensor '" + entry.name + "' has an impossible shape");
    total *= extent;
  }
  if (total % 8 != 0) return corrupt("tensor '" + entry.name + "' does not fill whole bytes");
  return total / 8;
}

Status check_complete(const Entry& entry) {
  const char* missing = !entry.has_dtype     ? "dtype"
                        : !entry.has_shape   ? "shape"
                        : !entry.has_offsets ? "data_offsets"
                                             : nullptr;
  if (missing != nullptr) return corrupt("tensor '" + entry.name + "' has no " + missing);
  if (entry.offsets.size() != 2) return corrupt("tensor '" + entry.name + "': data_offsets are not two numbers");
  return {};
}

Result<std::vector<SafetensorsTensor>> place(std::vector<Entry> entries, ByteView data) {
  for (const Entry& entry : entries) KOAN_TRY(check_complete(entry));
  std::stable_sort(entries.begin(), entries.end(),
                   // two numbers each, checked above; GCC 12 for s390x takes the vectors' own comparison for an overrun
                   [](const Entry& a, const Entry& b) {
                     return std::pair(a.offsets[0], a.offsets[1]) < std::pair(b.offsets[0], b.offsets[1]);
                   });
  std::vector<SafetensorsTensor> out;
  std::uint64_t end = 0;
  for (Entry& entry : entries) {
    const std::uint64_t from = entry.offsets[0], to = entry.offsets[1];
    if (from != end || to < from || to > data.size())
      return corrupt("tensor '" + entry.name + "': its data does not begin where that before it ends, or ends outside");
    KOAN_ASSIGN(const std::uint64_t size, size_of(entry));
    if (to - from != size) {
      return corrupt("tensor '" + entry.name + "' has " + std::to_string(to - from) + " bytes, its shape needs " +
                     std::to_string(size));
    }
    out.push_back({std::move(entry.name), std::move(entry.dtype), std::move(entry.shape), data.subspan(from, size)});
    end = to;
  }
  if (end != data.size())
    return corrupt("there are " + std::to_string(data.size() - end) + " bytes behind the tensors");
  return out;
}

// Text in quotes.
Status append_quoted(std::string& out, const std::string& text) {
  const auto escaped = escape_json(as_bytes(text), kEscapeNonAscii);
  if (!escaped) return corrupt("'" + text + "' is not UTF-8");
  out += '"';
  out += as_text(*escaped);
  out += '"';
  return {};
}

void append_numbers(std::string& out, const std::vector<std::uint64_t>& numbers) {
  out += '[';
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i != 0) out += ',';
    out += std::to_string(numbers[i]);
  }
  out += ']';
}

Result<std::string> write_header(const SafetensorsFile& file, const std::vector<const SafetensorsTensor*>& order) {
  std::string out = "{";
  const char* comma = "";
  if (!file.metadata.empty()) {
    out += "\"__metadata__\":{";
    for (const auto& [key, value] : file.metadata) {
      out += comma;
      KOAN_TRY(append_quoted(out, key));
      out += ':';
      KOAN_TRY(append_quoted(out, value));
      comma = ",";
    }
    out += '}';
  }
  std::uint64_t offset = 0;
  for (const SafetensorsTensor* tensor : order) {
    out += comma;
    KOAN_TRY(append_quoted(out, tensor->name));
    out += ":{\"dtype\":\"" + tensor->dtype + "\",\"shape\":";
    append_numbers(out, tensor->shape);
    out += ",\"data_offsets\":";
    append_numbers(out, {offset, offset + tensor->data.size()});
    out += '}';
    comma = ",";
    offset += tensor->data.size();
  }
  out += '}';
  out.resize((out.size() + 7) / 8 * 8, ' ');  // the data begin at a multiple of 8
  return out;
}

}  // namespace

std::uint64_t SafetensorsTensor::element_count() const noexcept {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

Result<std::vector<float>> SafetensorsTensor::values() const {
  const bool wide = dtype == "F32", half = dtype == "F16";
  if (!wide && !half && dtype != "BF16") {
    return Error{ErrorCode::kNotSupported,
                 "safetensors: tensor '" + name + "' has dtype " + dtype + "; koan reads F32, F16 and BF16"};
  }
  ByteReader in(data);
  std::vector<float> out;
  out.reserve(data.size() / (wide ? 4 : 2));
  while (in.remaining() > 0) {
    if (wide) {
      KOAN_ASSIGN(const std::uint32_t bits, in.fixed<std::uint32_t>());
      out.push_back(std::bit_cast<float>(bits));
    } else {
      KOAN_ASSIGN(const std::uint16_t bits, in.fixed<std::uint16_t>());
      out.push_back(half ? half_to_float(bits) : bf16_to_float(bits));
    }
  }
  return out;
}

const SafetensorsTensor* SafetensorsFile::find(std::string_view name) const noexcept {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

Result<SafetensorsFile> parse_safetensors(ByteView data) {
  ByteReader in(data);
  KOAN_ASSIGN(const std::uint64_t size, in.fixed<std::uint64_t>());
  if (size > kMaxSafetensorsHeader) {
    return Error{ErrorCode::kLimit, "safetensors: a header of " + std::to_string(size) + " bytes, above the limit of " +
                                        std::to_string(kMaxSafetensorsHeader) + "; or this is no safetensors file"};
  }
  KOAN_ASSIGN(const ByteView text, in.take(size));
  if (text.empty() || text[0] != '{') return corrupt("the header does not begin with {");
  Header header;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &header))
    return header.error ? std::move(*header.error) : corrupt("the header is not JSON");
  SafetensorsFile out;
  out.metadata = std::move(header.metadata);
  KOAN_ASSIGN(out.tensors, place(std::move(header.entries), data.subspan(in.position())));
  return out;
}

Result<Bytes> write_safetensors(const SafetensorsFile& file) {
  std::vector<const SafetensorsTensor*> order;
  for (const SafetensorsTensor& tensor : file.tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    const std::uint32_t x = bits_of(a->dtype), y = bits_of(b->dtype);
    return x != y ? x > y : a->name < b->name;
  });
  KOAN_ASSIGN(const std::string header, write_header(file, order));
  Bytes out;
  append_fixed<std::uint64_t>(out, header.size());
  append_bytes(out, as_bytes(header));
  for (const SafetensorsTensor* tensor : order) append_bytes(out, tensor->data);
  return out;
}

}  // namespace koan
