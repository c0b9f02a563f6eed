#include "import/hf_tensors.h"

#include <algorithm>
#include <bit>

#include "base/half.h"

namespace koan {
namespace {

constexpr std::uint64_t kGroup = 32;

std::uint64_t count(const std::vector<std::uint64_t>& shape) noexcept {
  std::uint64_t out = 1;
  for (const std::uint64_t extent : shape) out *= extent;  // limits of the configuration keep it in 64 bits
  return out;
}

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

class Layout {
 public:
  explicit Layout(const HfConfig& config) : config_(config), family_(*config.family) {}

  std::vector<HfTensor> all() {
    matrix("model.embed_tokens", "token_embd", config_.width, config_.vocabulary);
    for (std::uint64_t i = 0; i < config_.layers; ++i) layer(i);
    norm("model.norm", "output_norm", config_.width);
    if (!config_.tied) matrix("lm_head", "output", config_.width, config_.vocabulary);
    return std::move(out_);
  }

 private:
  void matrix(const std::string& name, const std::string& gguf, std::uint64_t in, std::uint64_t rows,
              bool rotates = false) {
    out_.push_back({name + ".weight", gguf + ".weight", {in, rows}, pairs(rotates), false});
  }
  void norm(const std::string& name, const std::string& gguf, std::uint64_t width) {
    out_.push_back({name + ".weight", gguf + ".weight", {width}, 0, family_.gemma});
  }
  void bias(const std::string& name, const std::string& gguf, std::uint64_t rows, bool rotates) {
    out_.push_back({name + ".bias", gguf + ".bias", {rows}, pairs(rotates), false});
  }
  std::uint64_t pairs(bool rotates) const { return rotates && family_.pairs ? config_.head_dim : 0; }

  void layer(std::uint64_t index) {
    const std::string hf = "model.layers." + std::to_string(index) + ".", to = "blk." + std::to_string(index) + ".";
    const std::uint64_t queries = config_.heads * config_.head_dim, keys = config_.kv_heads * config_.head_dim;
    norm(hf + "input_layernorm", to + "attn_norm", config_.width);
    for (const bool is_bias : {false, true}) {
      if (is_bias && !config_.bias) break;
      project(hf + "self_attn.q_proj", to + "attn_q", queries, is_bias, true);
      project(hf + "self_attn.k_proj", to + "attn_k", keys, is_bias, true);
      project(hf + "self_attn.v_proj", to + "attn_v", keys, is_bias, false);
    }
    if (family_.head_norms) {
      norm(hf + "self_attn.q_norm", to + "attn_q_norm", config_.head_dim);
      norm(hf + "self_attn.k_norm", to + "attn_k_norm", config_.head_dim);
    }
    matrix(hf + "self_attn.o_proj", to + "attn_output", queries, config_.width);
    if (family_.post_norms) {
      norm(hf + "post_attention_layernorm", to + "post_attention_norm", config_.width);
      norm(hf + "pre_feedforward_layernorm", to + "ffn_norm", config_.width);
      norm(hf + "post_feedforward_layernorm", to + "post_ffw_norm", config_.width);
    } else {
      norm(hf + "post_attention_layernorm", to + "ffn_norm", config_.width);
    }
    matrix(hf + "mlp.gate_proj", to + "ffn_gate", config_.width, config_.feed_forward);
    matrix(hf + "mlp.up_proj", to + "ffn_up", config_.width, config_.feed_forward);
    matrix(hf + "mlp.down_proj", to + "ffn_down", config_.feed_forward, config_.width);
  }

  void project(const std::string& name, const std::string& gguf, std::uint64_t rows, bool is_bias, bool rotates) {
    if (is_bias) {
      bias(name, gguf, rows, rotates);
    } else {
      matrix(name, gguf, config_.width, rows, rotates);
    }
  }

  const HfConfig& config_;
  const HfFamily& family_;
  std::vector<HfTensor> out_;
};

// Row `row` of the result is this one of the source: row 2j + k of a head is its row k * half + j.
std::uint64_t source_row(std::uint64_t row, std::uint64_t head) noexcept {
  if (head == 0) return row;
  const std::uint64_t within = row % head;
  return row - within + within % 2 * (head / 2) + within / 2;
}

}  // namespace

GgmlType HfTensor::type() const noexcept {
  return shape.size() == 2 && shape[0] % kGroup == 0 ? GgmlType::kQ8_0 : GgmlType::kF32;
}

std::uint64_t HfTensor::bytes() const noexcept { return ggml_size_bytes(type(), count(shape), shape[0]); }

std::vector<HfTensor> tensors_of(const HfConfig& config) { return Layout(config).all(); }

bool is_ignored(const std::string& name, const HfConfig& config) noexcept {
  return name.ends_with(".rotary_emb.inv_freq") || (config.tied && name == "lm_head.weight");
}

Result<Bytes> convert_tensor(const SafetensorsTensor& from, const HfTensor& to) {
  if (!std::equal(from.shape.begin(), from.shape.end(), to.shape.rbegin(), to.shape.rend())) {
    std::vector<std::uint64_t> wanted(to.shape.rbegin(), to.shape.rend());
    return Error{ErrorCode::kCorrupt,
                 "tensor '" + to.name + "' has shape " + shape_text(from.shape) + " instead of " + shape_text(wanted)};
  }
  const std::uint64_t in = to.shape.size() == 2 ? to.shape[0] : 1;
  const std::uint64_t rows = count(to.shape) / in, row_bytes = from.data.size() / rows;
  SafetensorsTensor row{from.name, from.dtype, {in}, {}};
  Bytes out;
  out.reserve(static_cast<std::size_t>(to.bytes()));
  for (std::uint64_t r = 0; r < rows; ++r) {
    const std::uint64_t at = source_row(r, to.pairs_head) * row_bytes;
    row.data = from.data.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(row_bytes));
    KOAN_ASSIGN(std::vector<float> values, row.values());
    for (float& value : values) {
      if (to.plus_one) value += 1.0f;
      if (!is_finite(value)) return Error{ErrorCode::kCorrupt, "tensor '" + to.name + "' is not finite"};
    }
    if (to.type() == GgmlType::kQ8_0) {
      append_bytes(out, quantize_q8_0(values));
    } else {
      for (const float value : values) append_fixed(out, std::bit_cast<std::uint32_t>(value));
    }
  }
  return out;
}

}  // namespace koan
