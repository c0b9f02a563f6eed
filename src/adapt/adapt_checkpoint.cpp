// AdaptRun's checkpoint: one GGUF file beside the output, f32 weights, moments, the best weights so far, counters.
#include <bit>
#include <map>

#include "adapt/adapt_run.h"
#include "adapt/corpus.h"
#include "base/file.h"

namespace koan::train {
namespace {

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
  if (found == nullptr)
    return Error{ErrorCode::kCorrupt, "tensor '" + name + "' is missing: this is no adapter checkpoint"};
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
  // Doubles by their bits: a run that goes on must be the one that was stopped.
  const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  const auto count = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  const std::pair<const char*, std::uint64_t> numbers[] = {
      {"steps", count(optimizer_.steps)}, {"tokens", count(tokens_)},           {"epoch", batches_.epoch()},
      {"position", batches_.position()},  {"evaluations", count(evaluations_)}, {"without_gain", count(without_gain_)},
      {"measured", measured_documents_},  {"seconds", bits(seconds())},         {"before", bits(before_)},
      {"best", bits(best_score_)},        {"last", bits(last_score_)}};
  for (const auto& [key, value] : numbers) file.metadata[std::string("koan.train.") + key] = value;
  for (const auto& [name, tensor] : optimizer_.state()) put(file, kept, name, tensor);
  for (const auto& [name, tensor] : best_) put(file, kept, "best." + name, tensor);
  return write_file(checkpoint_path(o_), write_gguf(file));
}

Status AdaptRun::resume() {
  const std::string path = checkpoint_path(o_);
  KOAN_ASSIGN(const Bytes bytes, read_file(path, kMaxFile));
  auto parsed = parse_gguf(bytes);
  if (!parsed) return std::move(parsed).error().in(path);
  auto restored = restore(*parsed);
  return restored ? std::move(restored) : Status(std::move(restored).error().in(path));
}

Status AdaptRun::restore(const GgufFile& file) {
  KOAN_ASSIGN(const std::string fingerprint, file.get_string("koan.train.fingerprint"));
  if (fingerprint != fingerprint_)
    return Error{ErrorCode::kUsage,
                 "was made with other data, another base model or other options (rank, alpha, "
                 "targets, seed, length, batch, heldout): give the same ones, or -f to begin anew"};
  std::map<std::string, std::uint64_t> numbers;
  for (const char* key : {"steps", "tokens", "epoch", "position", "evaluations", "without_gain", "measured", "seconds",
                          "before", "best", "last"}) {
    KOAN_ASSIGN(numbers[key], file.get_uint(std::string("koan.train.") + key));
  }
  for (const auto& [name, tensor] : optimizer_.state()) KOAN_TRY(get(file, name, tensor));
  keep_best();
  for (const auto& [name, tensor] : best_) KOAN_TRY(get(file, "best." + name, tensor));
  const auto count = [&](const char* key) { return static_cast<std::int64_t>(numbers[key]); };
  const auto real = [&](const char* key) { return std::bit_cast<double>(numbers[key]); };
  optimizer_.steps = count("steps");
  tokens_ = count("tokens");
  batches_.move_to(numbers["epoch"], numbers["position"]);
  evaluations_ = count("evaluations");
  without_gain_ = count("without_gain");
  measure_on(numbers["measured"]);
  seconds_before_ = real("seconds");
  before_ = real("before");
  best_score_ = real("best");
  last_score_ = real("last");
  net_.merge();
  return {};
}

}  // namespace koan::train
