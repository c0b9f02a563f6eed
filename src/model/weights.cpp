#include "model/weights.h"

#include <algorithm>
#include <map>
#include <set>

#include "model/architecture.h"
#include "model/config.h"

namespace koan {
namespace {

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

// The tensors of a file by name. Remembers which were taken, because one that is left over (a bias that the
// architecture does not have, experts) means mathematics that we would silently leave out.
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

Result<std::vector<float>> load_vector(TensorSet& tensors, const std::string& name, std::uint64_t width) {
  KOAN_ASSIGN(const GgufTensor* tensor, tensors.take(name, {width}));
  std::vector<float> out(static_cast<std::size_t>(width));
  if (!read_ggml_values(tensor->type, tensor->data.data(), out))
    return Error{ErrorCode::kCorrupt, "tensor '" + name + "' is not finite"};
  return out;
}

Result<AlignedBuffer<float>> load_norm(TensorSet& tensors, const std::string& name, std::uint64_t width) {
  KOAN_ASSIGN(const std::vector<float> values, load_vector(tensors, name, width));
  AlignedBuffer<float> out;
  if (!out.allocate(round_up(width, kGroup))) return Error{ErrorCode::kLimit, "not enough memory for the model"};
  std::copy(values.begin(), values.end(), out.data());
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

// Biases of queries, keys and values: all three or none.
Status load_bias(TensorSet& tensors, const Weights& weights, const std::string& block, LayerWeights& out) {
  const Architecture& architecture = *find_architecture(weights.config.architecture);
  const std::string names[] = {block + "attn_q.bias", block + "attn_k.bias", block + "attn_v.bias"};
  const bool any =
      std::any_of(std::begin(names), std::end(names), [&](const std::string& name) { return tensors.contains(name); });
  if (!architecture.may_have_bias || (!any && !architecture.needs_bias)) return {};
  if (!out.qkv_bias.allocate(out.qkv.padded_rows())) return Error{ErrorCode::kLimit, "not enough memory for the model"};
  const auto layers = weights.linear_layers();
  for (std::size_t i = 0; i < std::size(names); ++i) {
    KOAN_ASSIGN(const std::vector<float> values, load_vector(tensors, names[i], layers[i].out));
    for (std::uint32_t r = 0; r < values.size(); ++r) out.qkv_bias.data()[layers[i].placement.at(r)] = values[r];
  }
  return {};
}

Status load_norms(TensorSet& tensors, const ModelConfig& c, const std::string& block, LayerWeights& out) {
  KOAN_ASSIGN(out.attention_norm, load_norm(tensors, block + "attn_norm.weight", c.width));
  if (c.traits.head_norms) {
    KOAN_ASSIGN(out.query_norm, load_norm(tensors, block + "attn_q_norm.weight", c.head_dim));
    KOAN_ASSIGN(out.key_norm, load_norm(tensors, block + "attn_k_norm.weight", c.head_dim));
  }
  KOAN_ASSIGN(out.feed_forward_norm, load_norm(tensors, block + "ffn_norm.weight", c.width));
  if (c.traits.post_norms) {
    KOAN_ASSIGN(out.attention_post_norm, load_norm(tensors, block + "post_attention_norm.weight", c.width));
    KOAN_ASSIGN(out.feed_forward_post_norm, load_norm(tensors, block + "post_ffw_norm.weight", c.width));
  }
  return {};
}

Result<LayerWeights> load_layer(TensorSet& tensors, const Weights& weights, std::uint32_t index) {
  const std::string block = "blk." + std::to_string(index) + ".";
  LayerWeights out;
  KOAN_TRY(load_norms(tensors, weights.config, block, out));
  KOAN_TRY(load_linear_layers(tensors, weights, block, out));
  KOAN_TRY(load_bias(tensors, weights, block, out));
  return out;
}

// Divisors of the rotary frequencies (llama 3.1). At least 1, so that steps stay below 2^62 (numerics section 7).
Status load_divisors(TensorSet& tensors, const ModelConfig& c, std::vector<double>& out) {
  const std::string name = "rope_freqs.weight";
  if (!find_architecture(c.architecture)->may_have_divisors || !tensors.contains(name)) return {};
  KOAN_ASSIGN(const std::vector<float> values, load_vector(tensors, name, c.head_dim / 2));
  out.assign(values.begin(), values.end());
  if (std::any_of(out.begin(), out.end(), [](double divisor) { return divisor < 1; }))
    return Error{ErrorCode::kNotSupported, "tensor '" + name + "' has a divisor below 1"};
  return {};
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
  const bool pairs = c.traits.rotates_neighbours;  // numerics section 7
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
  KOAN_TRY(load_divisors(tensors, c, out.rope_divisors));
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
