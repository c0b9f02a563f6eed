#include "import/test_hf.h"

#include <bit>
#include <deque>

#include "base/half.h"
#include "formats/ggml_groups.h"
#include "formats/safetensors.h"

namespace koan {
namespace {

using Json = nlohmann::ordered_json;

// GGUF names to those of Transformers, written down apart from src/import/hf_tensors.cpp.
std::string hf_name(std::string name, bool post_norms) {
  if (name == "token_embd.weight") return "model.embed_tokens.weight";
  if (name == "output_norm.weight") return "model.norm.weight";
  if (name == "output.weight") return "lm_head.weight";
  const std::pair<const char*, const char*> kParts[] = {
      {"attn_norm", "input_layernorm"},
      {"attn_q_norm", "self_attn.q_norm"},
      {"attn_k_norm", "self_attn.k_norm"},
      {"attn_output", "self_attn.o_proj"},
      {"attn_q", "self_attn.q_proj"},
      {"attn_k", "self_attn.k_proj"},
      {"attn_v", "self_attn.v_proj"},
      {"post_attention_norm", "post_attention_layernorm"},
      {"post_ffw_norm", "post_feedforward_layernorm"},
      {"ffn_norm", post_norms ? "pre_feedforward_layernorm" : "post_attention_layernorm"},
      {"ffn_gate", "mlp.gate_proj"},
      {"ffn_up", "mlp.up_proj"},
      {"ffn_down", "mlp.down_proj"}};
  const std::size_t dot = name.find('.', 4), end = name.rfind('.');
  const std::string part = name.substr(dot + 1, end - dot - 1);
  for (const auto& [gguf, hf] : kParts) {
    if (part == gguf) return "model.layers." + name.substr(4, dot - 4) + "." + hf + name.substr(end);
  }
  return "";
}

// Rows of a head from (2j, 2j + 1) back to halves.
std::vector<float> to_halves(const std::vector<float>& values, std::size_t row, std::size_t head) {
  std::vector<float> out(values.size());
  for (std::size_t r = 0; r < values.size() / row; ++r) {
    const std::size_t within = r % head, pair = within / 2, second = within % 2;
    const std::size_t to = r - within + second * (head / 2) + pair;
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(r * row), row,
                out.begin() + static_cast<std::ptrdiff_t>(to * row));
  }
  return out;
}

Bytes encode(const std::vector<float>& values, const std::string& dtype) {
  Bytes out;
  for (const float value : values) {
    if (dtype == "F32") append_fixed(out, std::bit_cast<std::uint32_t>(value));
    if (dtype == "F16") append_fixed(out, float_to_half(value));
    if (dtype == "BF16") append_fixed(out, float_to_bf16(value));
  }
  return out;
}

const char* model_type_of(const std::string& architecture) {
  return architecture == "gemma3" ? "gemma3_text" : architecture.c_str();
}

const std::map<std::string, const char*> kClasses = {{"llama", "LlamaForCausalLM"},   {"qwen2", "Qwen2ForCausalLM"},
                                                     {"qwen3", "Qwen3ForCausalLM"},   {"gemma", "GemmaForCausalLM"},
                                                     {"gemma2", "Gemma2ForCausalLM"}, {"gemma3", "Gemma3ForCausalLM"}};

Json config_of(const GgufFile& model, const std::string& architecture, std::uint64_t vocabulary) {
  const auto size = [&](const char* key) { return model.get_uint(architecture + "." + key).value(); };
  const bool gemma = architecture.starts_with("gemma");
  Json out = {{"architectures", {kClasses.at(architecture)}},
              {"model_type", model_type_of(architecture)},
              {"hidden_size", size("embedding_length")},
              {"intermediate_size", size("feed_forward_length")},
              {"num_hidden_layers", size("block_count")},
              {"num_attention_heads", size("attention.head_count")},
              {"num_key_value_heads", size("attention.head_count_kv")},
              {"head_dim", size("attention.key_length")},
              {"max_position_embeddings", size("context_length")},
              {"rms_norm_eps", 1e-5},
              {"vocab_size", vocabulary},
              {"rope_theta", 10000.0},
              {"tie_word_embeddings", model.find("output.weight") == nullptr},
              {"torch_dtype", "float32"},
              {"transformers_version", "4.46.0"}};
  out[gemma ? "hidden_activation" : "hidden_act"] = gemma ? "gelu_pytorch_tanh" : "silu";
  if (model.find("blk.0.post_ffw_norm.weight") != nullptr) out["query_pre_attn_scalar"] = size("attention.key_length");
  if (architecture == "llama" && model.find("blk.0.attn_q.bias") != nullptr) out["attention_bias"] = true;
  return out;
}

}  // namespace

TestFolder::TestFolder(const GgufFile& model, const TestFolderOptions& options) {
  const std::string architecture = model.get_string("general.architecture").value();
  const std::size_t head = model.get_uint(architecture + ".attention.key_length").value();
  const bool post_norms = model.find("blk.0.post_ffw_norm.weight") != nullptr;
  std::deque<Bytes> data;
  std::vector<SafetensorsFile> shards(options.shards);
  Json map = Json::object();
  std::size_t next = 0;
  const auto file_name = [&](std::size_t n) {
    return options.shards == 1 ? "model.safetensors" : "model-" + std::to_string(n + 1) + ".safetensors";
  };
  for (const GgufTensor& tensor : model.tensors) {
    const std::string name = hf_name(tensor.name, post_norms);
    if (name.empty()) continue;  // rope_freqs
    std::vector<float> values(tensor.element_count());
    if (!read_ggml_values(tensor.type, tensor.data.data(), values)) continue;
    const bool rotates =
        tensor.name.find("attn_q.") != std::string::npos || tensor.name.find("attn_k.") != std::string::npos;
    if (architecture == "llama" && rotates)
      values = to_halves(values, tensor.shape.size() == 2 ? tensor.shape[0] : 1, head);
    if (architecture.starts_with("gemma") && tensor.name.find("norm") != std::string::npos) {
      for (float& value : values) value -= 1.0f;
    }
    data.push_back(encode(values, options.dtype));
    const std::size_t shard = next++ % options.shards;
    shards[shard].tensors.push_back({name, options.dtype, {tensor.shape.rbegin(), tensor.shape.rend()}, data.back()});
    map[name] = file_name(shard);
  }
  for (std::size_t i = 0; i < shards.size(); ++i) files[file_name(i)] = write_safetensors(shards[i]).value();
  if (options.shards > 1) {
    const std::string index = Json{{"metadata", {{"total_size", 1}}}, {"weight_map", map}}.dump();
    files["model.safetensors.index.json"] = Bytes(index.begin(), index.end());
  }
  set_config(config_of(model, architecture, model.find("token_embd.weight")->shape[1]));
}

Json TestFolder::config() const { return Json::parse(as_text(files.at("config.json"))); }

void TestFolder::set_config(const Json& json) {
  const std::string text = json.dump(1);
  files["config.json"] = Bytes(text.begin(), text.end());
}

HfFolder TestFolder::folder() const {
  HfFolder out;
  for (const auto& [name, bytes] : files) out.names.push_back(name);
  out.read = [this](const std::string& name, std::uint64_t most) -> Result<Bytes> {
    const Bytes& bytes = files.at(name);
    if (bytes.size() > most) return Error{ErrorCode::kLimit, name + ": too large"};
    return bytes;
  };
  return out;
}

}  // namespace koan
