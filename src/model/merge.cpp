// Merging an adapter (docs/numerics.md section 13). Plain loops: every operation is rounded on its own, and compilers
// vectorise across the columns without changing an order.
#include "model/merge.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace koan {
namespace {

struct Target {
  std::uint32_t layer;
  Weights::Linear linear;
};

// "[in 192, out 576]"
std::string shape_text(std::uint64_t in, std::uint64_t out) {
  return "[in " + std::to_string(in) + ", out " + std::to_string(out) + "]";
}

// "blk.N.PART" as N and one of the seven linear layers.
Result<Target> find_target(const Weights& base, const AdapterTensor& tensor) {
  constexpr std::string_view kBlock = "blk.";
  const std::string_view name = tensor.target;
  std::uint32_t layer = 0;
  const char* const end = name.data() + name.size();
  const char* number = name.starts_with(kBlock) ? name.data() + kBlock.size() : end;
  const auto [after, failed] = std::from_chars(number, end, layer);
  if (failed == std::errc{} && after != end && *after == '.' && (*number != '0' || after == number + 1)) {
    const std::string_view part(after + 1, static_cast<std::size_t>(end - after - 1));
    for (const Weights::Linear& linear : base.linear_layers()) {
      if (part != linear.name) continue;
      if (layer >= base.layers.size()) {
        return Error{ErrorCode::kNeedsModel, "adapter tensor '" + tensor.target + "': the model has only " +
                                                 std::to_string(base.layers.size()) + " blocks"};
      }
      if (tensor.in != linear.in || tensor.out != linear.out) {
        return Error{ErrorCode::kNeedsModel, "adapter tensor '" + tensor.target + "' has the shape " +
                                                 shape_text(tensor.in, tensor.out) + ", the model's is " +
                                                 shape_text(linear.in, linear.out)};
      }
      return Target{layer, linear};
    }
  }
  return Error{ErrorCode::kNotSupported,
               "adapter tensor '" + tensor.target +
                   "' is none that koan adapts (blk.N. with attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, "
                   "ffn_down)"};
}

bool is_zero(const float* values) noexcept {
  return std::all_of(values, values + kGroup, [](float v) { return v == 0; });
}

// t[i] = fl(scale * sum of b[r] * a[r][i]), r ascending from +0.
void low_rank_row(const AdapterTensor& tensor, const float* b, float scale, float* t) noexcept {
  const std::size_t in = tensor.in;
  std::fill_n(t, in, 0.0f);
  for (std::size_t r = 0; r < tensor.rank; ++r) {
    const float factor = b[r];
    const float* const a = tensor.a.data() + r * in;
    for (std::size_t i = 0; i < in; ++i) t[i] = t[i] + factor * a[i];
  }
  for (std::size_t i = 0; i < in; ++i) t[i] = scale * t[i];
}

Status merge_tensor(const AdapterTensor& tensor, float scale, const RowPlacement& placement, PackedStorage& matrix) {
  std::vector<float> t(matrix.padded_in(), 0.0f), w(matrix.padded_in());  // what lies beyond `in` stays zero
  for (std::uint32_t row = 0; row < tensor.out; ++row) {
    low_rank_row(tensor, tensor.b.data() + static_cast<std::size_t>(row) * tensor.rank, scale, t.data());
    const std::uint32_t at = placement.at(row);
    matrix.row(at, w.data());
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = w[i] + t[i];
    for (std::uint32_t g = 0; g * kGroup < w.size(); ++g) {
      const float* const group = w.data() + g * kGroup;
      if (is_zero(t.data() + g * kGroup)) continue;
      if (!fits_q8_0({group, kGroup}) || !matrix.put_group(at, g, quantise_group(group))) {
        return Error{ErrorCode::kCorrupt,
                     "adapter tensor '" + tensor.target + "' makes row " + std::to_string(row) + " not finite in Q8_0"};
      }
    }
  }
  return {};
}

LayerWeights borrow(const LayerWeights& from) noexcept {
  return {from.attention_norm.borrow(),
          from.query_norm.borrow(),
          from.key_norm.borrow(),
          from.feed_forward_norm.borrow(),
          from.attention_post_norm.borrow(),
          from.feed_forward_post_norm.borrow(),
          from.qkv_bias.borrow(),
          from.qkv.borrow(),
          from.attention_output.borrow(),
          from.gate_up.borrow(),
          from.down.borrow()};
}

Weights borrow(const Weights& from) {
  Weights out;
  out.config = from.config;
  for (const LayerWeights& layer : from.layers) out.layers.push_back(borrow(layer));
  out.output_norm = from.output_norm.borrow();
  out.rope_divisors = from.rope_divisors;
  out.embedding = from.embedding.borrow();
  if (from.output) out.output = from.output->borrow();
  out.parameters = from.parameters;
  out.multiply_adds_per_token = from.multiply_adds_per_token;
  out.head_stride = from.head_stride;
  out.feed_forward_stride = from.feed_forward_stride;
  return out;
}

}  // namespace

Result<Weights> merge(const Weights& base, const Adapter& adapter) {
  if (adapter.architecture != base.config.architecture) {
    return Error{ErrorCode::kNeedsModel, "adapter '" + adapter.name + "' is for models of architecture '" +
                                             adapter.architecture + "'; this one is '" + base.config.architecture +
                                             "'"};
  }
  std::vector<Target> targets;  // all of them checked before anything is copied
  std::set<std::string_view> names;
  for (const AdapterTensor& tensor : adapter.tensors) {
    KOAN_ASSIGN(const Target target, find_target(base, tensor));
    const std::size_t rank = tensor.rank;
    if (rank == 0 || tensor.a.size() != rank * tensor.in || tensor.b.size() != rank * tensor.out ||
        !names.insert(tensor.target).second) {
      return Error{ErrorCode::kCorrupt,
                   "adapter tensor '" + tensor.target + "' is there twice, or not of the size it claims"};
    }
    targets.push_back(target);
  }
  Weights out = borrow(base);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto [layer, linear] = targets[i];
    const PackedStorage& original = base.layers[layer].*linear.matrix;
    PackedStorage& matrix = out.layers[layer].*linear.matrix;
    if (matrix.matrix().quants == original.matrix().quants) {  // still borrowed
      KOAN_ASSIGN(matrix, original.copy());
    }
    KOAN_TRY(merge_tensor(adapter.tensors[i], adapter.scale(adapter.tensors[i]), linear.placement, matrix));
  }
  return out;
}

}  // namespace koan
