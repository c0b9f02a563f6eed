// A language model in exact form: configuration, packed int8 weights, tokenizer, identity (docs/numerics.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "kernels/kernels.h"
#include "text/tokenizer.h"

namespace koan {

inline constexpr std::uint32_t kNumericsVersion = 2;

// Where architectures differ (numerics section 10). Soft caps of 0 are off.
struct ModelTraits {
  bool rotates_neighbours = false;  // query and key rows of the file are rotated as (2i, 2i+1), not as halves
  bool head_norms = false;          // queries and keys are normalised per head
  bool gelu = false;                // instead of silu
  bool post_norms = false;          // of what attention and feed-forward add to the residual stream
  float embedding_scale = 1;
  float score_scale = 0;  // of attention
  float attention_cap = 0;
  float output_cap = 0;
};

// A layer with a sliding window looks back over that many positions, whatever the window of the coder. It may have a
// rotary base of its own.
struct LocalLayers {
  std::uint32_t window = 0;         // 0: there are none
  std::vector<std::uint8_t> which;  // 1 for each layer that is one
  double rope_base = 0;
  double rope_factor = 1;

  bool contains(std::uint32_t layer) const noexcept { return window != 0 && which[layer] != 0; }
};

struct ModelConfig {
  std::string name;
  std::string architecture;  // "llama", "qwen2", ... (config.h)
  std::uint32_t layers = 0;
  std::uint32_t width = 0;  // embedding length
  std::uint32_t feed_forward = 0;
  std::uint32_t heads = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t vocabulary = 0;
  std::uint32_t context_length = 0;  // what it was trained with
  std::uint32_t window = 0;  // koan.window: the window to code with unless told otherwise; 0 if the file does not say
  float norm_eps = 0;
  double rope_base = 0;
  double rope_factor = 1;  // positions are divided by it (linear scaling)
  ModelTraits traits;
  LocalLayers local;
};

struct Weights;  // model/weights.h
struct Adapter;  // formats/adapter.h

// Which adapter is merged into a model.
struct AdapterIdentity {
  Sha256 sha256{};   // of the adapter's file; zeros if it was not read from one
  std::string name;  // for people
};

// Immutable and shareable between threads.
class Model : public std::enable_shared_from_this<Model> {
 public:
  // Parses a GGUF file, or the parts of a split one in order and one after another, and packs it. `data` need not
  // outlive the call.
  // Errors: kCorrupt (not a GGUF, shapes that disagree, NaN or infinite weights), kNotSupported (architecture or tensor
  // type by name), kLimit (sizes above docs/format.md limits).
  static Result<std::shared_ptr<const Model>> load(ByteView data);
  // The same of a file that parse_gguf_model has made of `data`.
  static Result<std::shared_ptr<const Model>> load(const GgufFile& file, ByteView data);

  // `base` with an adapter merged into it (numerics section 13): the same tokenizer and identity, and what the adapter
  // does not touch is shared with `base`, which the result keeps alive. `adapter` need not outlive the call.
  // Errors: kNeedsModel (the adapter is for another model: by hash, architecture or shape), kNotSupported (a tensor
  // that koan does not adapt, by name), kCorrupt (a merged weight that is not finite), kUsage (`base` has an adapter
  // already), kLimit (memory).
  static Result<std::shared_ptr<const Model>> with_adapter(const Model& base, const Adapter& adapter);
  const std::optional<AdapterIdentity>& adapter() const noexcept;

  const ModelConfig& config() const noexcept;
  const Tokenizer& tokenizer() const noexcept;
  const Sha256& sha256() const noexcept;  // of `data`; an adapter does not change it
  std::uint64_t parameters() const noexcept;
  std::uint64_t file_bytes() const noexcept;
  const Weights& weights() const noexcept;
  // int8 multiply-adds of the linear layers for one token (what bench compares with the int8 peak).
  std::uint64_t multiply_adds_per_token() const noexcept;

  ~Model();

 private:
  Model();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace koan
