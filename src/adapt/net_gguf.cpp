// Networks to and from GGUF.
#include "adapt/net.h"
#include "formats/ggml_groups.h"

namespace koan::train {
namespace {

const char* const kPrefix = "qwen3.";

}  // namespace

void config_to_gguf(const NetConfig& c, std::int64_t context_length, GgufFile& file) {
  const auto put = [&](const char* key, std::int64_t value) {
    file.metadata[std::string(kPrefix) + key] = static_cast<std::uint64_t>(value);
  };
  file.metadata["general.architecture"] = std::string("qwen3");
  put("vocab_size", c.vocab);
  put("block_count", c.layers);
  put("context_length", context_length);
  put("embedding_length", c.width);
  put("feed_forward_length", c.feed_forward);
  put("attention.head_count", c.heads);
  put("attention.head_count_kv", c.kv_heads);
  put("attention.key_length", c.head_dim);
  put("attention.value_length", c.head_dim);
  file.metadata["qwen3.attention.layer_norm_rms_epsilon"] = c.epsilon;
  file.metadata["qwen3.rope.freq_base"] = c.rope_base;
}

Result<NetConfig> config_from_gguf(const GgufFile& file) {
  KOAN_ASSIGN(const std::string architecture, file.get_string("general.architecture"));
  if (architecture != "qwen3")
    return Error{ErrorCode::kNotSupported, "koan-train reads qwen3 models, not " + architecture};
  NetConfig c;
  const std::pair<const char*, std::int64_t*> fields[] = {{"block_count", &c.layers},
                                                          {"embedding_length", &c.width},
                                                          {"feed_forward_length", &c.feed_forward},
                                                          {"attention.head_count", &c.heads},
                                                          {"attention.head_count_kv", &c.kv_heads},
                                                          {"attention.key_length", &c.head_dim}};
  for (const auto& [key, field] : fields) {
    KOAN_ASSIGN(const std::uint64_t value, file.get_uint(std::string(kPrefix) + key));
    if (value > (1u << 20)) return Error{ErrorCode::kLimit, std::string(key) + " is too large"};
    *field = static_cast<std::int64_t>(value);
  }
  c.epsilon = file.get_float_or("qwen3.attention.layer_norm_rms_epsilon", c.epsilon);
  c.rope_base = file.get_float_or("qwen3.rope.freq_base", c.rope_base);
  if (file.find("output.weight") != nullptr)
    return Error{ErrorCode::kNotSupported,
                 "koan-train reads models whose output layer is the embedding; this one has "
                 "an output.weight of its own"};
  const GgufTensor* embedding = file.find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2)
    return Error{ErrorCode::kCorrupt, "token_embd.weight is missing"};
  c.vocab = static_cast<std::int64_t>(embedding->shape[1]);
  if (const Status fits = check(c); !fits)
    return Error{ErrorCode::kNotSupported, "koan-train cannot run a model of this shape: " + fits.error().message};
  return c;
}

Result<Tensor> tensor_from_gguf(const GgufTensor& tensor) {
  std::vector<std::int64_t> shape(tensor.shape.rbegin(), tensor.shape.rend());
  Tensor out = torch::empty(shape);
  if (!read_ggml_values(tensor.type, tensor.data.data(), {out.data_ptr<float>(), tensor.element_count()}))
    return Error{ErrorCode::kCorrupt, "tensor '" + tensor.name + "' is not finite"};
  return out;
}

Status load_parameters(const GgufFile& file, Net& net) {
  torch::NoGradGuard no_grad;
  for (Parameter& parameter : net.parameters()) {
    const GgufTensor* found = file.find(parameter.name);
    if (found == nullptr) return Error{ErrorCode::kCorrupt, "tensor '" + parameter.name + "' is missing"};
    KOAN_ASSIGN(const Tensor values, tensor_from_gguf(*found));
    if (values.sizes() != parameter.tensor.sizes())
      return Error{ErrorCode::kCorrupt, "tensor '" + parameter.name + "' has another shape"};
    parameter.tensor.copy_(values);
  }
  return {};
}

}  // namespace koan::train
