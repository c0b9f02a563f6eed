// The keys of llama.cpp's converter for what a config.json says.
#include <algorithm>
#include <cstdio>

#include "import/hf_config.h"

namespace koan {
namespace {

constexpr std::uint64_t kMostlyQ8_0 = 7;  // general.file_type
constexpr std::uint64_t kQuantizationVersion = 2;

// "llama 4 x 256": of a model whose folder does not say what it is called. The folder's own name stays out, so that
// the same files make the same bytes wherever they are.
std::string plain_name(const HfConfig& config) {
  char out[80];
  std::snprintf(out, sizeof out, "%s %llu x %llu", config.family->model_type,
                static_cast<unsigned long long>(config.layers), static_cast<unsigned long long>(config.width));
  return out;
}

void write_attention(const HfConfig& config, const std::string& prefix, GgufFile& out) {
  const std::string attention = prefix + "attention.";
  out.metadata[attention + "head_count"] = config.heads;
  out.metadata[attention + "head_count_kv"] = config.kv_heads;
  out.metadata[attention + "key_length"] = config.head_dim;
  out.metadata[attention + "value_length"] = config.head_dim;
  out.metadata[attention + "layer_norm_rms_epsilon"] = config.norm_eps;
  if (config.score_scale != 0) out.metadata[attention + "scale"] = config.score_scale;
  if (config.window != 0) out.metadata[attention + "sliding_window"] = config.window;
  if (!config.local.empty()) out.metadata[attention + "sliding_window_pattern"] = config.local;
  if (config.attention_cap != 0) out.metadata[prefix + "attn_logit_softcapping"] = config.attention_cap;
  if (config.output_cap != 0) out.metadata[prefix + "final_logit_softcapping"] = config.output_cap;
}

}  // namespace

void write_hyperparameters(const HfConfig& config, GgufFile& out) {
  const std::string architecture = config.family->architecture, prefix = architecture + ".";
  out.metadata["general.architecture"] = architecture;
  out.metadata["general.type"] = std::string("model");
  out.metadata["general.name"] = config.name.empty() ? plain_name(config) : config.name;
  out.metadata["general.file_type"] = kMostlyQ8_0;
  out.metadata["general.quantization_version"] = kQuantizationVersion;
  out.metadata[prefix + "block_count"] = config.layers;
  out.metadata[prefix + "context_length"] = config.context_length;
  out.metadata[prefix + "embedding_length"] = config.width;
  out.metadata[prefix + "feed_forward_length"] = config.feed_forward;
  out.metadata[prefix + "vocab_size"] = config.vocabulary;
  write_attention(config, prefix, out);
  out.metadata[prefix + "rope.dimension_count"] = config.head_dim;
  out.metadata[prefix + "rope.freq_base"] = config.rope.base;
  if (config.rope.factor != 1) {
    out.metadata[prefix + "rope.scaling.type"] = std::string("linear");
    out.metadata[prefix + "rope.scaling.factor"] = config.rope.factor;
  }
  if (config.rope.local_base != 0) out.metadata[prefix + "rope.freq_base_swa"] = config.rope.local_base;
  if (config.bos) out.metadata["tokenizer.ggml.bos_token_id"] = *config.bos;
  if (config.eos) out.metadata["tokenizer.ggml.eos_token_id"] = *config.eos;
}

}  // namespace koan
