#include "model/test_models.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"
#include "model/architecture.h"
#include "model/packing.h"

namespace koan {

TestModel::TestModel(const TestShape& shape) : shape_(shape), random_(shape.seed) {
  const std::string p = shape.architecture + ".";
  file.metadata = {{"general.architecture", shape.architecture},
                   {"general.name", std::string("test")},
                   {p + "block_count", shape.layers},
                   {p + "embedding_length", shape.width},
                   {p + "feed_forward_length", shape.feed_forward},
                   {p + "context_length", std::uint64_t{512}},
                   {p + "attention.head_count", shape.heads},
                   {p + "attention.head_count_kv", shape.kv_heads},
                   {p + "attention.key_length", shape.head_dim},
                   {p + "attention.value_length", shape.head_dim},
                   {p + "rope.dimension_count", shape.head_dim},
                   {p + "attention.layer_norm_rms_epsilon", 1e-5},
                   {p + "rope.freq_base", 10000.0}};
  for (const auto& [key, value] : shape.keys) file.metadata[p + key] = value;
  add_matrix("token_embd.weight", shape.width, shape.vocabulary, 2);
  if (!shape.tied) add_matrix("output.weight", shape.width, shape.vocabulary, 2);
  add_norm("output_norm.weight", shape.width);
  if (shape.divisors) add_vector("rope_freqs.weight", shape.head_dim / 2, 1, 8);
  for (std::uint64_t i = 0; i < shape.layers; ++i) add_layer("blk." + std::to_string(i) + ".");
}

void TestModel::add_layer(const std::string& block) {
  const TestShape& shape = shape_;
  const Architecture& architecture = *find_architecture(shape.architecture);
  // What a block adds has to show beside an embedding that was multiplied by sqrt(width).
  const bool wide = architecture.scales_embedding;
  const double out_gain = wide && !architecture.post_norms ? 4 : 0.5;
  const std::uint64_t queries = shape.heads * shape.head_dim, keys = shape.kv_heads * shape.head_dim;
  add_norm(block + "attn_norm.weight", shape.width);
  add_norm(block + "ffn_norm.weight", shape.width);
  if (architecture.head_norms) {
    add_vector(block + "attn_q_norm.weight", shape.head_dim, wide ? 0.9 : 0.7, wide ? 1.5 : 1.3);
    add_vector(block + "attn_k_norm.weight", shape.head_dim, wide ? 0.9 : 0.7, wide ? 1.5 : 1.3);
  }
  add_matrix(block + "attn_q.weight", shape.width, queries, 1);
  add_matrix(block + "attn_k.weight", shape.width, keys, 1);
  add_matrix(block + "attn_v.weight", shape.width, keys, 1);
  if (architecture.needs_bias || shape.bias) {
    add_vector(block + "attn_q.bias", queries, -1, 1);
    add_vector(block + "attn_k.bias", keys, -1, 1);
    add_vector(block + "attn_v.bias", keys, -1, 1);
  }
  add_matrix(block + "attn_output.weight", queries, shape.width, out_gain);
  add_matrix(block + "ffn_gate.weight", shape.width, shape.feed_forward, 1);
  add_matrix(block + "ffn_up.weight", shape.width, shape.feed_forward, 1);
  add_matrix(block + "ffn_down.weight", shape.feed_forward, shape.width, out_gain);
  if (architecture.post_norms) {
    add_vector(block + "post_attention_norm.weight", shape.width, 1, 2);
    add_vector(block + "post_ffw_norm.weight", shape.width, 1, 2);
  }
}

GgufTensor& TestModel::tensor(const std::string& name) {
  return *std::find_if(file.tensors.begin(), file.tensors.end(), [&](const GgufTensor& t) { return t.name == name; });
}

Bytes& TestModel::own_data(const std::string& name) {
  GgufTensor& found = tensor(name);
  data_.emplace_back(found.data.begin(), found.data.end());
  found.data = data_.back();
  return data_.back();
}

// Uniform values whose products with a normalised input have a deviation of `gain`.
void TestModel::add_matrix(const std::string& name, std::uint64_t in, std::uint64_t rows, double gain) {
  const double range = gain * std::sqrt(3.0 / static_cast<double>(in));
  std::uniform_real_distribution<double> uniform(-range, range);
  std::vector<float> values(in * rows);
  for (float& value : values) value = static_cast<float>(uniform(random_));
  // As in real files: rows that do not fit a type's blocks stay F16.
  const GgmlType type = in % ggml_block(shape_.type).elements == 0 ? shape_.type : GgmlType::kF16;
  data_.push_back(quantise(values, type));
  file.tensors.push_back({name, {in, rows}, type, data_.back()});
}

void TestModel::add_norm(const std::string& name, std::uint64_t width) { add_vector(name, width, 0.7, 1.3); }

void TestModel::add_vector(const std::string& name, std::uint64_t width, double low, double high) {
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<float> values(width);
  for (float& value : values) value = static_cast<float>(uniform(random_));
  const GgmlType type = width % ggml_block(shape_.vector_type).elements == 0 ? shape_.vector_type : GgmlType::kF32;
  data_.push_back(quantise(values, type));
  file.tensors.push_back({name, {width}, type, data_.back()});
}

ConvertedModel::ConvertedModel(const GgufFile& from) : file(from) {
  for (GgufTensor& tensor : file.tensors) {
    if (tensor.shape.size() != 2) continue;
    PackedStorage packed = PackedStorage::create(tensor.shape[1], tensor.shape[0]).value();
    if (!packed.put(tensor, {})) continue;
    std::vector<float> values, row(packed.padded_in());
    for (std::uint32_t r = 0; r < tensor.shape[1]; ++r) {
      packed.row(r, row.data());
      values.insert(values.end(), row.begin(), row.begin() + static_cast<std::ptrdiff_t>(tensor.shape[0]));
    }
    data_.push_back(quantise(values, GgmlType::kF32));
    tensor.type = GgmlType::kF32;
    tensor.data = data_.back();
  }
}

}  // namespace koan
