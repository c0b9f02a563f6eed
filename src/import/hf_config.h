// A config.json of Hugging Face's Transformers (version 4 or 5) as GGUF knows such models.
// Whatever changes the mathematics and is not done by koan is refused by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf.h"
#include "import/config_fields.h"

namespace koan {

inline constexpr std::size_t kMaxHfConfigBytes = std::size_t{1} << 20;

// What Transformers calls a family, and what GGUF makes of it.
struct HfFamily {
  const char* model_type;
  const char* class_name;  // in `architectures`
  const char* architecture;
  bool pairs = false;       // GGUF has query and key rows in the order in which neighbours rotate
  bool gemma = false;       // gelu; norms are stored less 1; the head is the embedding unless said otherwise
  bool head_norms = false;  // of queries and keys
  bool post_norms = false;
  bool needs_bias = false;  // of queries, keys, values
  bool may_have_bias = false;
  bool windows_by_flag = false;    // sliding windows count only with use_sliding_window
  std::uint64_t head_dim = 0;      // if the file does not say; 0: width / heads
  double rope_base = 10000;        // if the file does not say
  std::uint64_t window = 0;        // if the file does not say; 0: none
  std::uint64_t local_period = 0;  // all layers but each n-th have the window; 0: all
};

struct HfRope {
  double base = 0;
  double factor = 1;            // linear scaling
  std::vector<float> divisors;  // of the frequencies (llama 3.1), one for each pair; none: 1
  double local_base = 0;        // of layers with a window; 0: as the others
};

struct HfConfig {
  const HfFamily* family = nullptr;
  std::string name;  // what it was called where it was made; may be empty
  std::uint64_t layers = 0, width = 0, feed_forward = 0, heads = 0, kv_heads = 0, head_dim = 0, vocabulary = 0,
                context_length = 0;
  double norm_eps = 0;
  bool tied = false;  // the head is the embedding
  bool bias = false;  // of queries, keys, values
  HfRope rope;
  std::uint64_t window = 0;  // 0: no layer has one
  std::vector<std::int64_t>
      local;  // 1 for each layer with the window; empty: as the architecture does without being told
  double attention_cap = 0, output_cap = 0;  // 0: none
  double score_scale = 0;                    // 0: as the architecture does without being told
  std::optional<std::uint64_t> bos, eos;
};

// Errors: kNotSupported (family or field, by name), kCorrupt (missing or impossible, with the field), kLimit.
Result<HfConfig> parse_hf_config(std::string_view text);

// general.* and hyperparameters, as llama.cpp's converter writes them.
void write_hyperparameters(const HfConfig& config, GgufFile& out);

}  // namespace koan
