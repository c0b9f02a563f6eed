// The numbers of a model, packed for the kernels. Built from a parsed GGUF file, needs no tokenizer.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "model/model.h"
#include "model/packing.h"

namespace koan {

// Linear layers that read the same input are one matrix. Heads are padded to `head_stride` rows each, so that the
// result of `qkv` is already laid out as attention wants it; gate and up are padded to `feed_forward_stride` rows each.
struct LayerWeights {
  AlignedBuffer<float> attention_norm;  // padded to a multiple of 32, like all norms
  AlignedBuffer<float> query_norm;      // [head_dim], empty where the architecture has none, like all below
  AlignedBuffer<float> key_norm;
  AlignedBuffer<float> feed_forward_norm;
  AlignedBuffer<float> attention_post_norm, feed_forward_post_norm;
  AlignedBuffer<float> qkv_bias;   // laid out as the rows of qkv
  PackedStorage qkv;               // query heads, key heads, value heads
  PackedStorage attention_output;  // reads [heads * head_dim], heads not padded
  PackedStorage gate_up;
  PackedStorage down;
};

struct Weights {
  ModelConfig config;
  std::vector<LayerWeights> layers;
  AlignedBuffer<float> output_norm;
  std::vector<double> rope_divisors;  // of the frequencies, one per pair; empty: none
  PackedStorage embedding;
  std::optional<PackedStorage> output;  // absent: the embedding is the output layer too
  std::uint64_t parameters = 0;
  std::uint64_t multiply_adds_per_token = 0;
  std::uint32_t head_stride = 0;          // head_dim rounded up to 32
  std::uint32_t feed_forward_stride = 0;  // feed_forward rounded up to 32

  // The seven linear layers of a block as tensors of a GGUF file, and where their rows are.
  struct Linear {
    const char* name;  // after "blk.N."
    PackedStorage LayerWeights::*matrix;
    RowPlacement placement;
    std::uint64_t in, out;
  };
  std::array<Linear, 7> linear_layers() const noexcept;

  const PackedStorage& output_layer() const noexcept { return output ? *output : embedding; }

  // Errors as Model::load, without those of the tokenizer. `file` need not outlive the call.
  static Result<Weights> from_gguf(const GgufFile& file);
};

}  // namespace koan
