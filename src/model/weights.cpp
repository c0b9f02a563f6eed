#include "model/weights.h"

#include <map>
#include <set>

#include "model/config.h"

namespace koan {
namespace {

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

// The tensors of a file by name. Remembers which were taken, because one that is left over (a bias, rotary divisors,
// experts) means mathematics that we would silently leave out.
class TensorSet {
 public:
  static Result<TensorSet> create(const GgufFile& file) {
    TensorSet out;
    for (const GgufTensor& tensor : file.tensors) {
      if (!out.tensors_.emplace(tensor.name, &tensor).second) {
        return Error{ErrorCode::kCorrupt, "tensor '" + tensor.name + "' is there twice"};
      }
    }
    return out;
  }

  bool contains(const std::string& name) const { return tensors_.contains(name); }

  Result<const GgufTensor*> take(const std::string& name, std::vector<std::uint64_t> shape) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return Error{ErrorCode::kCorrupt, "tensor '" + name + "' is missing"};
    const GgufTensor& tensor = *found->second;
    std::vector<std::uint64_t> have = tensor.shape;
    while (have.size() > shape.size() && have.back() == 1) have.pop_back();
    if (have != shape) {
      return Error{ErrorCode::kCorrupt,
                   "tensor '" + name + "' has shape " + shape_text(tensor.shape) + " instead of " + shape_text(shape)};
    }
    const std::uint64_t size = ggml_size_bytes(tensor.type, tensor.element_count(), shape[0]);
    if (size == 0 || tensor.data.size() != size)
      return Error{ErrorCode::kCorrupt, "tensor '" + name + "' has the wrong size"};
    taken_.insert(found->first);
    parameters_ += tensor.element_count();
    return &tensor;
  }

  Status all_taken() const {
    for (const auto& [name, tensor] : tensors_) {
      if (!taken_.contains(name)) {
        return Error{ErrorCode::kNotSupported,
                     "tensor '" + std::string(name) + "' is not part of the architectures that koan reads"};
      }
    }
    return {};
  }

  std::uint64_t parameters() const noexcept { return parameters_; }

 private:
  std::map<std::string_view, const GgufTensor*> tensors_;
  std::set<std::string_view> taken_;
  std::uint64_t parameters_ = 0;
};

Result<AlignedBuffer<float>> load_norm(TensorSet& tensors, const std::string& name, std::uint64_t width) {
  KOAN_ASSIGN(const GgufTensor* tensor, tensors.take(name, {width}));
  if (tensor->type == GgmlType::kQ8_0)
    return Error{ErrorCode::kNotSupported, "norm '" + name + "' of type Q8_0 is not supported"};
  AlignedBuffer<float> out;
  if (!out.allocate(round_up(width, kGroup))) return Error{ErrorCode::kLimit, "not enough memory for the model"};
  if (!read_floats(*tensor, 0, std::span(out.data(), width)))
    return Error{ErrorCode::kCorrupt, "tensor '" + name + "' is not finite"};
  return out;
}

Result<PackedStorage> load_matrix(TensorSet& tensors, const std::string& name, std::uint64_t in, std::uint64_t rows) {
  KOAN_ASSIGN(const GgufTensor* tensor, tensors.take(name, {in, rows}));
  KOAN_ASSIGN(PackedStorage out, PackedStorage::create(rows, in));
  KOAN_TRY(out.put(*tensor, {}));
  return out;
}

// The four matrices of a block, each of one or more tensors. All tensors are looked at before memory is taken.
Status load_linear_layers(TensorSet& tensors, const Weights& weights, const std::string& block, LayerWeights& out) {
  const ModelConfig& c = weights.config;
  const std::uint64_t head_rows = std::uint64_t{weights.head_stride} * (c.heads + 2 * c.kv_heads);
  const auto layers = weights.linear_layers();
  std::array<const GgufTensor*, layers.size()> parts{};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    KOAN_ASSIGN(parts[i], tensors.take(block + layers[i].name, {layers[i].in, layers[i].out}));
  }
  KOAN_ASSIGN(out.qkv, PackedStorage::create(head_rows, c.width));
  KOAN_ASSIGN(out.attention_output, PackedStorage::create(c.width, std::uint64_t{c.heads} * c.head_dim));
  KOAN_ASSIGN(out.gate_up, PackedStorage::create(std::uint64_t{2} * weights.feed_forward_stride, c.width));
  KOAN_ASSIGN(out.down, PackedStorage::create(c.width, c.feed_forward));
  for (std::size_t i = 0; i < layers.size(); ++i) KOAN_TRY((out.*layers[i].matrix).put(*parts[i], layers[i].placement));
  return {};
}

Result<LayerWeights> load_layer(TensorSet& tensors, const Weights& weights, std::uint32_t index) {
  const ModelConfig& c = weights.config;
  const std::string block = "blk." + std::to_string(index) + ".";
  LayerWeights out;
  KOAN_ASSIGN(out.attention_norm, load_norm(tensors, block + "attn_norm.weight", c.width));
  if (c.architecture == "qwen3") {
    KOAN_ASSIGN(out.query_norm, load_norm(tensors, block + "attn_q_norm.weight", c.head_dim));
    KOAN_ASSIGN(out.key_norm, load_norm(tensors, block + "attn_k_norm.weight", c.head_dim));
  }
  KOAN_ASSIGN(out.feed_forward_norm, load_norm(tensors, block + "ffn_norm.weight", c.width));
  KOAN_TRY(load_linear_layers(tensors, weights, block, out));
  return out;
}

// The vocabulary is the number of embedding rows; the metadata need not repeat it.
Result<std::uint32_t> read_vocabulary(const GgufFile& file) {
  const GgufTensor* embedding = file.find("token_embd.weight");
  if (embedding == nullptr) return Error{ErrorCode::kCorrupt, "tensor 'token_embd.weight' is missing"};
  const std::uint64_t rows = embedding->shape.size() < 2 ? 0 : embedding->shape[1];
  if (rows == 0) return Error{ErrorCode::kCorrupt, "tensor 'token_embd.weight' is not a matrix"};
  if (rows > kMaxVocabulary) {
    return Error{ErrorCode::kLimit,
                 "vocabulary of " + std::to_string(rows) + " is above the limit of " + std::to_string(kMaxVocabulary)};
  }
  return static_cast<std::uint32_t>(rows);
}

std::uint64_t count_multiply_adds(const ModelConfig& c) noexcept {
  const std::uint64_t attention = std::uint64_t{c.head_dim} * (2 * c.heads + 2 * c.kv_heads);
  return c.width * (c.layers * (attention + 3 * std::uint64_t{c.feed_forward}) + c.vocabulary);
}

}  // namespace

std::array<Weights::Linear, 7> Weights::linear_layers() const noexcept {
  const ModelConfig& c = config;
  const bool pairs = c.architecture == "llama";  // numerics section 7
  const std::uint32_t head = c.head_dim, stride = head_stride;
  const std::uint64_t queries = std::uint64_t{c.heads} * head, keys = std::uint64_t{c.kv_heads} * head;
  return {{
      {"attn_q.weight", &LayerWeights::qkv, {0, head, stride, pairs}, c.width, queries},
      {"attn_k.weight", &LayerWeights::qkv, {c.heads * stride, head, stride, pairs}, c.width, keys},
      {"attn_v.weight", &LayerWeights::qkv, {(c.heads + c.kv_heads) * stride, head, stride, false}, c.width, keys},
      {"attn_output.weight", &LayerWeights::attention_output, {}, queries, c.width},
      {"ffn_gate.weight", &LayerWeights::gate_up, {}, c.width, c.feed_forward},
      {"ffn_up.weight", &LayerWeights::gate_up, {feed_forward_stride, 0, 0, false}, c.width, c.feed_forward},
      {"ffn_down.weight", &LayerWeights::down, {}, c.feed_forward, c.width},
  }};
}

Result<Weights> Weights::from_gguf(const GgufFile& file) {
  Weights out;
  KOAN_ASSIGN(out.config, read_config(file));
  KOAN_ASSIGN(out.config.vocabulary, read_vocabulary(file));
  const ModelConfig& c = out.config;
  out.head_stride = static_cast<std::uint32_t>(round_up(c.head_dim, kGroup));
  out.feed_forward_stride = static_cast<std::uint32_t>(round_up(c.feed_forward, kGroup));
  KOAN_ASSIGN(TensorSet tensors, TensorSet::create(file));
  KOAN_ASSIGN(out.embedding, load_matrix(tensors, "token_embd.weight", c.width, c.vocabulary));
  if (tensors.contains("output.weight")) {
    KOAN_ASSIGN(out.output, load_matrix(tensors, "output.weight", c.width, c.vocabulary));
  }
  KOAN_ASSIGN(out.output_norm, load_norm(tensors, "output_norm.weight", c.width));
  out.layers.reserve(c.layers);
  for (std::uint32_t i = 0; i < c.layers; ++i) {
    KOAN_ASSIGN(LayerWeights layer, load_layer(tensors, out, i));
    out.layers.push_back(std::move(layer));
  }
  KOAN_TRY(tensors.all_taken());
  out.parameters = tensors.parameters();
  out.multiply_adds_per_token = count_multiply_adds(c);
  return out;
}

}  // namespace koan
