#include "model/test_models.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"

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
  add_matrix("token_embd.weight", shape.width, shape.vocabulary, 2);
  if (!shape.tied) add_matrix("output.weight", shape.width, shape.vocabulary, 2);
  add_norm("output_norm.weight", shape.width);
  for (std::uint64_t i = 0; i < shape.layers; ++i) {
    const std::string block = "blk." + std::to_string(i) + ".";
    add_norm(block + "attn_norm.weight", shape.width);
    add_norm(block + "ffn_norm.weight", shape.width);
    if (shape.architecture == "qwen3") {
      add_norm(block + "attn_q_norm.weight", shape.head_dim);
      add_norm(block + "attn_k_norm.weight", shape.head_dim);
    }
    add_matrix(block + "attn_q.weight", shape.width, shape.heads * shape.head_dim, 1);
    add_matrix(block + "attn_k.weight", shape.width, shape.kv_heads * shape.head_dim, 1);
    add_matrix(block + "attn_v.weight", shape.width, shape.kv_heads * shape.head_dim, 1);
    add_matrix(block + "attn_output.weight", shape.heads * shape.head_dim, shape.width, 0.5);
    add_matrix(block + "ffn_gate.weight", shape.width, shape.feed_forward, 1);
    add_matrix(block + "ffn_up.weight", shape.width, shape.feed_forward, 1);
    add_matrix(block + "ffn_down.weight", shape.feed_forward, shape.width, 0.5);
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
  data_.push_back(encode(values, shape_.type));
  file.tensors.push_back({name, {in, rows}, shape_.type, data_.back()});
}

void TestModel::add_norm(const std::string& name, std::uint64_t width) {
  std::uniform_real_distribution<double> uniform(0.7, 1.3);
  std::vector<float> values(width);
  for (float& value : values) value = static_cast<float>(uniform(random_));
  data_.push_back(encode(values, GgmlType::kF32));
  file.tensors.push_back({name, {width}, GgmlType::kF32, data_.back()});
}

Bytes TestModel::encode(const std::vector<float>& values, GgmlType type) const {
  if (type == GgmlType::kQ8_0) return quantize_q8_0(values);
  Bytes out;
  for (const float value : values) {
    if (type == GgmlType::kF32) append_fixed(out, std::bit_cast<std::uint32_t>(value));
    if (type == GgmlType::kF16) append_fixed(out, float_to_half(value));
    if (type == GgmlType::kBF16) append_fixed(out, float_to_bf16(value));
  }
  return out;
}

std::vector<double> dequantise(const GgufTensor& tensor) {
  std::vector<double> out;
  ByteReader in(tensor.data);
  while (out.size() < tensor.element_count()) {
    switch (tensor.type) {
      case GgmlType::kF32:
        out.push_back(std::bit_cast<float>(in.fixed<std::uint32_t>().value()));
        break;
      case GgmlType::kF16:
        out.push_back(half_to_float(in.fixed<std::uint16_t>().value()));
        break;
      case GgmlType::kBF16:
        out.push_back(bf16_to_float(in.fixed<std::uint16_t>().value()));
        break;
      case GgmlType::kQ8_0: {
        const double scale = half_to_float(in.fixed<std::uint16_t>().value());
        for (int i = 0; i < 32; ++i) out.push_back(scale * static_cast<std::int8_t>(in.fixed<std::uint8_t>().value()));
        break;
      }
    }
  }
  return out;
}

}  // namespace koan
