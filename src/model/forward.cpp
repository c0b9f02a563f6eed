#include "model/forward.h"

#include <cstring>

namespace koan {

// All rows of a call pass through a layer together, so that every weight is read once per call. Only attention goes row
// by row.
void Streams::Impl::forward(std::span<const Row> batch) noexcept {
  begin_rows(batch);
  for (std::uint32_t i = 0; i < weights->layers.size(); ++i) {
    attention_part(weights->layers[i], i);
    feed_forward_part(weights->layers[i]);
  }
  output_part();
}

void Streams::Impl::begin_rows(std::span<const Row> batch) noexcept {
  rows.resize(batch.size());  // within the capacity reserved for max_rows
  const std::size_t width = weights->embedding.padded_in();
  const float scale = weights->config.traits.embedding_scale;
  for (std::size_t r = 0; r < batch.size(); ++r) {
    const std::uint32_t stream = batch[r].stream;
    const std::uint64_t position = lengths[stream]++;
    rows[r] = {position, stream, 0};
    for (Reach& reach : reaches) {
      const std::size_t half = reach.rope.half();
      reach.n_blocks[r] = cache.list_blocks(position, reach.window, reach.blocks.data() + r * cache.max_blocks());
      reach.rope.angles(position, reach.cosine.data() + r * half, reach.sine.data() + r * half);
    }
    float* const to = x.data() + r * width;
    weights->embedding.row(batch[r].token, to);
    if (scale == 1) continue;
    for (std::size_t i = 0; i < width; ++i) to[i] = to[i] * scale;
  }
}

// hidden = rms_norm(x), for all rows.
void Streams::Impl::normalise(const AlignedBuffer<float>& weight) noexcept {
  const std::size_t width = weights->embedding.padded_in();
  const ModelConfig& c = weights->config;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    kernels->rms_norm(x.data() + r * width, weight.data(), static_cast<std::int32_t>(c.width), c.norm_eps,
                      hidden.data() + r * width);
  }
}

// out = matrix * quantise(hidden), for all rows; hidden has the stride of the matrix's input, which is a multiple of a
// group.
void Streams::Impl::linear(const PackedStorage& matrix, float* out, std::size_t stride) noexcept {
  const auto n = static_cast<std::int32_t>(rows.size());
  kernels->quantize(hidden.data(), n * static_cast<std::int32_t>(matrix.padded_in()), quants.data(),
                    quant_scales.data());
  kernels->matmul(matrix.matrix(), quants.data(), quant_scales.data(), n, out, stride);
}

// x += result, normalised first where the architecture says so.
void Streams::Impl::add_result(std::size_t stride, const AlignedBuffer<float>& post_norm) noexcept {
  const std::size_t width = weights->embedding.padded_in();
  const ModelConfig& c = weights->config;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const float* from = result.data() + r * stride;
    if (post_norm.size() != 0) {  // not in place: the norm pads to 32, the rows of `result` to 16
      kernels->rms_norm(from, post_norm.data(), static_cast<std::int32_t>(c.width), c.norm_eps, hidden.data());
      from = hidden.data();
    }
    kernels->add(x.data() + r * width, from, static_cast<std::int32_t>(stride));
  }
}

void Streams::Impl::attention_part(const LayerWeights& layer, std::uint32_t index) noexcept {
  normalise(layer.attention_norm);
  const std::size_t stride = layer.qkv.padded_rows();
  linear(layer.qkv, result.data(), stride);
  for (std::uint32_t r = 0; r < rows.size(); ++r) {
    float* const qkv = result.data() + r * stride;
    if (layer.qkv_bias.size() != 0) kernels->add(qkv, layer.qkv_bias.data(), static_cast<std::int32_t>(stride));
    attend_row(layer, index, r, qkv);
  }
  linear(layer.attention_output, result.data(), layer.attention_output.padded_rows());
  add_result(layer.attention_output.padded_rows(), layer.attention_post_norm);
}

// Rows of one stream come in order, so a row finds the keys of all earlier ones whether they were in this call or
// before it.
void Streams::Impl::attend_row(const LayerWeights& layer, std::uint32_t index, std::uint32_t row, float* qkv) noexcept {
  const ModelConfig& c = weights->config;
  const std::size_t head_stride = weights->head_stride;
  const std::uint32_t group = c.heads / c.kv_heads;
  const RowState& state = rows[row];
  const Reach& reach = reach_of(index);
  const bool padded = head_stride != c.head_dim;
  float* const out = hidden.data() + static_cast<std::size_t>(row) * layer.attention_output.padded_in();
  float* const mix = padded ? mixed.data() : out;
  for (std::uint32_t kv = 0; kv < c.kv_heads; ++kv) {
    const KvCache::Head head = cache.head(index, state.stream, kv);
    store_position(layer, reach, row, head, qkv + (c.heads + kv) * head_stride,
                   qkv + (c.heads + c.kv_heads + kv) * head_stride);
    float* const queries = qkv + kv * group * head_stride;
    for (std::uint32_t h = 0; h < group; ++h) norm_head(layer.query_norm, queries + h * head_stride);
    quantise_query(queries, reach, row, query.data(), query_scale.data());
    if (uses_sink_query(reach.window, state.position))
      quantise_query(queries, reach, max_rows, sink_query.data(), sink_query_scale.data());
    kernels->attention({query.data(), query_scale.data(), sink_query.data(), sink_query_scale.data(), head.keys,
                        head.key_scales, head.values, head.value_scales,
                        reach.blocks.data() + static_cast<std::size_t>(row) * cache.max_blocks(), reach.n_blocks[row],
                        static_cast<std::int32_t>(group), static_cast<std::int32_t>(head_stride), c.traits.score_scale,
                        scores.data(), mix + kv * group * head_stride, c.traits.attention_cap});
  }
  if (!padded) return;
  for (std::uint32_t h = 0; h < c.heads; ++h)
    std::memcpy(out + h * c.head_dim, mix + h * head_stride, c.head_dim * sizeof(float));
  const std::size_t used = static_cast<std::size_t>(c.heads) * c.head_dim;
  std::memset(out + used, 0, (layer.attention_output.padded_in() - used) * sizeof(float));
}

void Streams::Impl::norm_head(const AlignedBuffer<float>& weight, float* head) const noexcept {
  const ModelConfig& c = weights->config;
  if (weight.size() == 0) return;
  kernels->rms_norm(head, weight.data(), static_cast<std::int32_t>(c.head_dim), c.norm_eps, head);
}

void Streams::Impl::store_position(const LayerWeights& layer, const Reach& reach, std::uint32_t row,
                                   const KvCache::Head& head, float* key_in, const float* value_in) noexcept {
  norm_head(layer.key_norm, key_in);
  const std::uint32_t half = reach.rope.half();
  const std::size_t angle = static_cast<std::size_t>(row) * half;
  rotate(key_in, reach.cosine.data() + angle, reach.sine.data() + angle, half, rotated.data());
  const auto width = static_cast<std::int32_t>(weights->head_stride);
  kernels->quantize(rotated.data(), width, key.data(), key_scale.data());
  kernels->quantize(value_in, width, value.data(), value_scale.data());
  cache.store(head, rows[row].position, key.data(), key_scale.data(), value.data(), value_scale.data());
}

// The query heads of one key/value head, rotated by the angles of `angle_row` and quantised. The padding of `rotated`
// stays zero.
void Streams::Impl::quantise_query(const float* heads, const Reach& reach, std::size_t angle_row, std::int8_t* out,
                                   float* out_scale) noexcept {
  const std::uint32_t group = weights->config.heads / weights->config.kv_heads;
  const std::size_t head_stride = weights->head_stride;
  const std::uint32_t half = reach.rope.half();
  const std::size_t angle = angle_row * half;
  for (std::uint32_t h = 0; h < group; ++h) {
    rotate(heads + h * head_stride, reach.cosine.data() + angle, reach.sine.data() + angle, half,
           rotated.data() + h * head_stride);
  }
  kernels->quantize(rotated.data(), static_cast<std::int32_t>(group * head_stride), out, out_scale);
}

void Streams::Impl::feed_forward_part(const LayerWeights& layer) noexcept {
  normalise(layer.feed_forward_norm);
  const std::size_t stride = layer.gate_up.padded_rows();
  linear(layer.gate_up, result.data(), stride);
  const std::size_t width = weights->feed_forward_stride;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const float* const gate = result.data() + r * stride;
    float* const out = hidden.data() + r * width;
    const auto activation = weights->config.traits.gelu ? kernels->gelu_mul : kernels->silu_mul;
    activation(gate, gate + width, static_cast<std::int32_t>(width), out);
  }
  linear(layer.down, result.data(), layer.down.padded_rows());
  add_result(layer.down.padded_rows(), layer.feed_forward_post_norm);
}

void Streams::Impl::output_part() noexcept {
  normalise(weights->output_norm);
  linear(weights->output_layer(), logits.data(), weights->output_layer().padded_rows());
}

void Streams::Impl::count_frequencies(std::uint32_t row) noexcept {
  const std::size_t stride = weights->output_layer().padded_rows();
  const ModelConfig& c = weights->config;
  float* const z = logits.data() + row * stride;
  if (c.traits.output_cap != 0) kernels->soft_cap(z, static_cast<std::int32_t>(stride), c.traits.output_cap);
  rows[row].total = kernels->frequencies(z, static_cast<std::int32_t>(c.vocabulary), freqs.data() + row * stride);
}

}  // namespace koan
