// Hugging Face folders. The bytes are: config.json, 0, the header of model.safetensors, 0, its data.
#include <algorithm>

#include "fuzz.h"
#include "import/hf_model.h"
#include "model/config.h"

namespace koan::fuzz {
namespace {

// Up to the next 0, which is left out.
ByteView until_zero(ByteView& bytes) {
  const auto zero = std::find(bytes.begin(), bytes.end(), 0);
  const ByteView out = bytes.first(static_cast<std::size_t>(zero - bytes.begin()));
  bytes = bytes.subspan(std::min(bytes.size(), out.size() + 1));
  return out;
}

void require_of_the_files(const Error& error) {
  require(
      error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kNotSupported || error.code == ErrorCode::kLimit,
      "an error of the files");
  require(!error.message.empty(), "an error that says something");
}

void check(const HfConfig& config) {
  require(config.layers <= kMaxLayers && config.vocabulary <= kMaxVocabulary, "sizes within limits");
  require(config.local.empty() || config.local.size() == config.layers, "each layer has a window or none");
  for (const HfTensor& tensor : tensors_of(config)) require(tensor.bytes() != 0, "each tensor has a size");
  GgufFile file;
  write_hyperparameters(config, file);
  if (const auto known = read_config(file); !known) require_of_the_files(known.error());
}

void check(const HfModel& model) {
  const Bytes bytes = write_gguf(model.file);
  const auto back = parse_gguf(bytes);
  require(back && back->tensors.size() == model.file.tensors.size(), "what was imported is a GGUF file");
  require(read_config(*back).has_value(), "of a model that koan runs");
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  ByteView rest(data, size);
  const ByteView config = fuzz::until_zero(rest), header = fuzz::until_zero(rest);
  if (const auto parsed = parse_hf_config(as_text(config))) {
    fuzz::check(*parsed);
  } else {
    fuzz::require_of_the_files(parsed.error());
  }
  Bytes tensors;
  append_fixed<std::uint64_t>(tensors, header.size());
  append_bytes(tensors, header);
  append_bytes(tensors, rest);
  HfFolder folder;
  folder.names = {"config.json", "model.safetensors"};
  folder.read = [&](const std::string& name, std::uint64_t) -> Result<Bytes> {
    return name == "config.json" ? Bytes(config.begin(), config.end()) : tensors;
  };
  const auto known = read_hf_config(folder);
  if (!known) return 0;
  const auto model = read_hf_model(folder, *known);
  if (model) {
    fuzz::check(*model);
  } else {
    fuzz::require_of_the_files(model.error());
  }
  return 0;
}
