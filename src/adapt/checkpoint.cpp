#include "adapt/checkpoint.h"

#include <filesystem>

#include "adapt/corpus.h"
#include "base/file.h"

namespace koan::train {
namespace {

constexpr double kMicro = 1e6;

// Keeps the bytes that the views in `file` point to.
struct Writer {
  GgufFile file;
  std::vector<Tensor> kept;

  void add(const std::string& name, const Tensor& value) {
    const Tensor t = value.detach().to(torch::kCPU, torch::kFloat).contiguous();
    kept.push_back(t);
    const auto* bytes =
        reinterpret_cast<const std::uint8_t*>(t.data_ptr<float>());  // little-endian machines only, as LibTorch
    GgufTensor out{name, {}, GgmlType::kF32, ByteView(bytes, static_cast<std::size_t>(t.numel()) * 4)};
    for (std::int64_t d = t.dim(); d-- > 0;) out.shape.push_back(static_cast<std::uint64_t>(t.size(d)));
    file.tensors.push_back(std::move(out));
  }
};

}  // namespace

Status save_checkpoint(const std::string& directory, Net& net, const Optimizer& optimizer, const Tokenizer& tokenizer,
                       const Progress& progress) {
  Writer writer;
  config_to_gguf(net.config(), 512, writer.file);
  tokenizer.to_gguf(writer.file);
  writer.file.metadata["koan.train.steps"] = static_cast<std::uint64_t>(optimizer.steps);
  writer.file.metadata["koan.train.tokens"] = static_cast<std::uint64_t>(progress.tokens);
  writer.file.metadata["koan.train.microseconds"] = static_cast<std::uint64_t>(progress.seconds * kMicro);
  writer.file.metadata["koan.train.sampler"] = progress.sampler;
  for (const Parameter& parameter : net.parameters()) writer.add(parameter.name, parameter.tensor);
  for (const auto& [name, tensor] : optimizer.state()) writer.add(name, tensor);
  return write_file(directory + "/checkpoint.gguf", write_gguf(writer.file));
}

Status restore_checkpoint(const GgufFile& file, Net& net, Optimizer& optimizer, Progress& progress) {
  torch::NoGradGuard no_grad;
  KOAN_TRY(load_parameters(file, net));
  for (auto& [name, tensor] : optimizer.state()) {
    const GgufTensor* found = file.find(name);
    if (found == nullptr)
      return Error{ErrorCode::kCorrupt, "tensor '" + name + "' is missing: this is no training checkpoint"};
    KOAN_ASSIGN(const Tensor values, tensor_from_gguf(*found));
    if (values.sizes() != tensor.sizes()) return Error{ErrorCode::kCorrupt, "tensor '" + name + "' has another shape"};
    tensor.copy_(values);
  }
  KOAN_ASSIGN(const std::uint64_t steps, file.get_uint("koan.train.steps"));
  KOAN_ASSIGN(const std::uint64_t tokens, file.get_uint("koan.train.tokens"));
  KOAN_ASSIGN(const std::uint64_t microseconds, file.get_uint("koan.train.microseconds"));
  const auto it = file.metadata.find("koan.train.sampler");
  const auto* sampler = it == file.metadata.end() ? nullptr : std::get_if<std::vector<std::int64_t>>(&it->second);
  if (sampler == nullptr) return Error{ErrorCode::kCorrupt, "key 'koan.train.sampler' is missing"};
  optimizer.steps = static_cast<std::int64_t>(steps);
  progress = {static_cast<std::int64_t>(tokens), static_cast<double>(microseconds) / kMicro, *sampler};
  return {};
}

Result<LoadedNet> load_net(const std::string& path, const std::string& device) {
  const bool folder = std::filesystem::is_directory(path);
  KOAN_ASSIGN(const Bytes bytes, read_file(folder ? path + "/checkpoint.gguf" : path, kMaxFile));
  auto parsed = parse_gguf(bytes);
  if (!parsed) return std::move(parsed).error().in(path);
  auto loaded = load_net(*parsed, device);
  return loaded ? std::move(loaded) : Result<LoadedNet>(std::move(loaded).error().in(path));
}

Result<LoadedNet> load_net(const GgufFile& file, const std::string& device) {
  KOAN_ASSIGN(const NetConfig config, config_from_gguf(file));
  KOAN_ASSIGN(Tokenizer tokenizer, Tokenizer::from_gguf(file));
  if (static_cast<std::int64_t>(tokenizer.size()) != config.vocab)
    return Error{ErrorCode::kCorrupt, "the embedding and the tokenizer differ in size"};
  LoadedNet loaded{Net(config, torch::Device(device), 0), std::move(tokenizer)};
  KOAN_TRY(load_parameters(file, loaded.net));
  return loaded;
}

}  // namespace koan::train
