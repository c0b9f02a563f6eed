// AdaptRun's checkpoint: one GGUF file beside the output, f32 weights, moments, the best weights so far, counters.
#include <filesystem>

#include "adapt/adapt_run.h"
#include "adapt/corpus.h"
#include "base/file.h"

namespace koan::train {
namespace {

constexpr double kMicro = 1e6, kNano = 1e9;

// Keeps the bytes that the views in `file` point to.
void put(GgufFile& file, std::vector<Tensor>& kept, const std::string& name, const Tensor& value) {
  kept.push_back(value.detach().to(torch::kCPU, torch::kFloat).contiguous());
  const Tensor& t = kept.back();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(t.data_ptr<float>());
  GgufTensor out{name, {}, GgmlType::kF32, ByteView(bytes, static_cast<std::size_t>(t.numel()) * 4)};
  for (std::int64_t d = t.dim(); d-- > 0;) out.shape.push_back(static_cast<std::uint64_t>(t.size(d)));
  file.tensors.push_back(std::move(out));
}

Status get(const GgufFile& file, const std::string& name, Tensor to) {
  torch::NoGradGuard no_grad;
  const GgufTensor* found = file.find(name);
  if (found == nullptr) return Error{ErrorCode::kCorrupt, "tensor '" + name + "' is missing: this is no adapter checkpoint"};
  KOAN_ASSIGN(const Tensor values, tensor_from_gguf(*found));
  if (values.sizes() != to.sizes()) return Error{ErrorCode::kCorrupt, "tensor '" + name + "' has another shape"};
  to.copy_(values);
  return {};
}

}  // namespace

Status AdaptRun::save() {
  GgufFile file;
  std::vector<Tensor> kept;
  file.metadata["general.architecture"] = std::string("qwen3");
  file.metadata["general.type"] = std::string("koan.adapter.checkpoint");
  file.metadata["koan.train.fingerprint"] = fingerprint_;
  const std::pair<const char*, double> numbers[] = {{"steps", static_cast<double>(optimizer_.steps)},
                                                    {"tokens", static_cast<double>(tokens_)},
                                                    {"epoch", static_cast<double>(batches_.epoch())},
                                                    {"position", static_cast<double>(batches_.position())},
                                                    {"evaluations", static_cast<double>(evaluations_)},
                                                    {"without_gain", static_cast<double>(without_gain_)},
                                                    {"microseconds", seconds() * kMicro},
                                                    {"before", before_ * kNano},
                                                    {"best", best_score_ * kNano}};
  for (const auto& [key, value] : numbers)
    file.metadata[std::string("koan.train.") + key] = static_cast<std::uint64_t>(value + 0.5);
  for (const auto& [name, tensor] : optimizer_.state()) put(file, kept, name, tensor);
  for (const auto& [name, tensor] : best_) put(file, kept, "best." + name, tensor);
  return write_file(checkpoint_path(o_), write_gguf(file));
}

Status AdaptRun::resume() {
  const std::string path = checkpoint_path(o_);
  auto bytes = read_file(path, kMaxFile);
  if (!bytes) return std::move(bytes).error();
  auto parsed = parse_gguf(*bytes);
  if (!parsed) return std::move(parsed).error().in(path);
  const GgufFile& file = *parsed;
  KOAN_ASSIGN(const std::string fingerprint, file.get_string("koan.train.fingerprint"));
  if (fingerprint != fingerprint_)
    return Error{ErrorCode::kUsage, path + " was made with other data, another base model or other options "
                                           "(rank, alpha, targets, seed, length, batch): give the same ones, or -f to begin anew"};
  const auto read = [&](const char* key) { return file.get_uint(std::string("koan.train.") + key); };
  KOAN_ASSIGN(const std::uint64_t steps, read("steps"));
  KOAN_ASSIGN(const std::uint64_t tokens, read("tokens"));
  KOAN_ASSIGN(const std::uint64_t epoch, read("epoch"));
  KOAN_ASSIGN(const std::uint64_t position, read("position"));
  KOAN_ASSIGN(const std::uint64_t evaluations, read("evaluations"));
  KOAN_ASSIGN(const std::uint64_t without_gain, read("without_gain"));
  KOAN_ASSIGN(const std::uint64_t microseconds, read("microseconds"));
  KOAN_ASSIGN(const std::uint64_t before, read("before"));
  KOAN_ASSIGN(const std::uint64_t best, read("best"));
  for (const auto& [name, tensor] : optimizer_.state()) KOAN_TRY(get(file, name, tensor));
  keep_best();
  for (const auto& [name, tensor] : best_) KOAN_TRY(get(file, "best." + name, tensor));
  optimizer_.steps = static_cast<std::int64_t>(steps);
  tokens_ = static_cast<std::int64_t>(tokens);
  batches_.move_to(epoch, position);
  evaluations_ = static_cast<std::int64_t>(evaluations);
  without_gain_ = static_cast<std::int64_t>(without_gain);
  seconds_before_ = static_cast<double>(microseconds) / kMicro;
  before_ = static_cast<double>(before) / kNano;
  best_score_ = last_score_ = static_cast<double>(best) / kNano;
  net_.merge();
  return {};
}

}  // namespace koan::train
