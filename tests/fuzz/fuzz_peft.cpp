// Import and export of PEFT adapters. The bytes are: one that chooses the base, adapter_config.json, 0, the header of
// the safetensors file, 0, its data.
#include <algorithm>

#include "formats/peft.h"
#include "fuzz.h"

namespace koan::fuzz {
namespace {

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(
      a, b, {}, [](float v) { return std::bit_cast<std::uint32_t>(v); },
      [](float v) { return std::bit_cast<std::uint32_t>(v); });
}

bool same(const Adapter& a, const Adapter& b) {
  if (a.metadata != b.metadata || a.name != b.name || a.tensors.size() != b.tensors.size()) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    const AdapterTensor &x = a.tensors[i], &y = b.tensors[i];
    if (x.target != y.target || x.rank != y.rank || x.in != y.in || x.out != y.out || !same(x.a, y.a) ||
        !same(x.b, y.b) || a.scale(x) != b.scale(y))
      return false;
  }
  return true;
}

void check(const Adapter& adapter, const PeftBase& base) {
  require(!adapter.tensors.empty() && adapter.base_sha256() == base.sha256, "an adapter for the base");
  const auto stored = parse_adapter(write_adapter(adapter, AdapterPrecision::kExact));
  require(stored.has_value(), "what was imported is an adapter file");
  for (std::size_t i = 0; i < adapter.tensors.size(); ++i) {
    require(same(stored->tensors[i].a, adapter.tensors[i].a) && same(stored->tensors[i].b, adapter.tensors[i].b),
            "its file keeps every bit");
  }
  const auto files = export_peft(adapter, base);
  if (!files) {
    require(files.error().code == ErrorCode::kLimit, "what was imported can be exported");
    return;
  }
  const auto back = import_peft({files->config, files->tensors, "other"}, base);
  require(back && same(adapter, *back), "what was exported is imported as it was");
}

// Up to the next 0, which is left out.
ByteView until_zero(ByteView& bytes) {
  const auto zero = std::find(bytes.begin(), bytes.end(), 0);
  const ByteView out = bytes.first(static_cast<std::size_t>(zero - bytes.begin()));
  bytes = bytes.subspan(std::min(bytes.size(), out.size() + 1));
  return out;
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  if (size == 0) return 0;
  const bool llama = data[0] % 2 == 0;
  const PeftBase base{llama ? "llama" : "qwen3", 2, 2, 1, 4, "base", Sha256{1, 2, 3}};
  ByteView rest(data + 1, size - 1);
  const ByteView config = fuzz::until_zero(rest), header = fuzz::until_zero(rest);
  Bytes tensors;
  append_fixed<std::uint64_t>(tensors, header.size());
  append_bytes(tensors, header);
  append_bytes(tensors, rest);
  const auto adapter = import_peft({as_text(config), tensors, "name"}, base);
  if (adapter) {
    fuzz::check(*adapter, base);
  } else {
    const ErrorCode code = adapter.error().code;
    fuzz::require(code == ErrorCode::kCorrupt || code == ErrorCode::kNotSupported || code == ErrorCode::kLimit ||
                      code == ErrorCode::kNeedsModel,
                  "an error of the files");
  }
  return 0;
}
