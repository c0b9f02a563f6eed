#include "formats/peft.h"

#include <cmath>

#include "formats/peft_config.h"
#include "formats/peft_metadata.h"
#include "formats/safetensors.h"

namespace koan {
namespace {

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, "PEFT " + what}; }
std::string shape_text(std::uint64_t rows, std::uint64_t columns) {
  return std::string("[") + std::to_string(rows) + ", " + std::to_string(columns) + "]";
}

struct Pair {
  const SafetensorsTensor* a = nullptr;
  const SafetensorsTensor* b = nullptr;
};
using Pairs = std::map<PeftModule, Pair>;

Result<Pairs> pair_up(const SafetensorsFile& file) {
  Pairs out;
  for (const SafetensorsTensor& tensor : file.tensors) {
    const std::string_view name = tensor.name;
    if (!name.starts_with(kPeftPrefix)) {
      return Error{ErrorCode::kNotSupported, "tensor '" + tensor.name + "' is not named as PEFT names them (" +
                                                 std::string(kPeftPrefix) + "...)"};
    }
    const bool is_a = name.ends_with(kPeftSuffixA), is_b = name.ends_with(kPeftSuffixB);
    const std::string_view path = name.substr(kPeftPrefix.size());
    const auto module = is_a || is_b ? module_of_peft(path.substr(0, path.size() - kPeftSuffixA.size())) : std::nullopt;
    if (!module) {
      return Error{ErrorCode::kNotSupported,
                   "tensor '" + tensor.name +
                       "' is none that koan imports: lora_A and lora_B of q_proj, k_proj, v_proj, o_proj, gate_proj, "
                       "up_proj, down_proj in model.layers.N"};
    }
    (is_a ? out[*module].a : out[*module].b) = &tensor;
  }
  if (out.empty()) return corrupt("adapter: it holds no tensors");
  for (const auto& [module, pair] : out) {
    if (pair.a != nullptr && pair.b != nullptr) continue;
    return corrupt("tensor '" + std::string(kPeftPrefix) + peft_name(module) +
                   std::string(pair.a == nullptr ? kPeftSuffixA : kPeftSuffixB) +
                   "' is missing, its other half is there");
  }
  return out;
}

Status check_matrix(const SafetensorsTensor& tensor) {
  if (tensor.shape.size() != 2 || tensor.element_count() == 0)
    return corrupt("tensor '" + tensor.name + "' is not a matrix");
  const std::uint64_t most = std::max(tensor.shape[0], tensor.shape[1]);
  if (most > kMaxAdapterWidth) {
    return Error{ErrorCode::kLimit, "PEFT tensor '" + tensor.name + "' has an extent of " + std::to_string(most) +
                                        ", above the limit of " + std::to_string(kMaxAdapterWidth)};
  }
  return {};
}

Result<std::vector<float>> read_values(const SafetensorsTensor& tensor) {
  KOAN_ASSIGN(std::vector<float> out, tensor.values());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!std::isfinite(out[i]))
      return corrupt("tensor '" + tensor.name + "' row " + std::to_string(i / tensor.shape[1]) +
                     " has a value that is not finite");
  }
  return out;
}

Result<AdapterTensor> read_pair(const PeftModule& module, const Pair& pair, const PeftConfig& config,
                                const PeftBase& base) {
  const std::string name = peft_name(module);
  if (!config.targets(name)) return corrupt("tensor '" + pair.a->name + "': target_modules does not name it");
  if (module.layer >= base.layers) {
    return Error{ErrorCode::kNeedsModel,
                 "PEFT tensor '" + pair.a->name + "': the model has only " + std::to_string(base.layers) + " blocks"};
  }
  const std::uint32_t rank = config.rank_of(name);
  for (const SafetensorsTensor* tensor : {pair.a, pair.b}) {
    KOAN_TRY(check_matrix(*tensor));
    if (tensor->shape[tensor == pair.a ? 0 : 1] != rank)
      return corrupt("tensor '" + tensor->name + "' has the shape " + shape_text(tensor->shape[0], tensor->shape[1]) +
                     "; its rank is " + std::to_string(rank));
  }
  AdapterTensor out;
  out.target = gguf_name(module);
  out.rank = rank;
  out.in = static_cast<std::uint32_t>(pair.a->shape[1]);
  out.out = static_cast<std::uint32_t>(pair.b->shape[0]);
  KOAN_ASSIGN(out.a, read_values(*pair.a));
  KOAN_ASSIGN(out.b, read_values(*pair.b));
  const std::uint32_t heads = reordered_heads(base, module);
  if (heads == 0) return out;
  if (out.out != std::uint64_t{heads} * base.head_dim) {
    return Error{ErrorCode::kNeedsModel, "PEFT tensor '" + pair.b->name + "' has " + std::to_string(out.out) +
                                             " rows, the model's is " + std::to_string(heads) + " heads of " +
                                             std::to_string(base.head_dim)};
  }
  out.b = rows_to_gguf(out.b, rank, base.head_dim);
  return out;
}

// Adapter::alpha for scales that are alphas[i] / rank of tensor i, with the rest in B (peft.h).
Status set_scales(const std::vector<double>& alphas, Adapter& out) {
  bool all_one = true;
  std::map<float, std::size_t> counts;
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    all_one = all_one && alphas[i] == out.tensors[i].rank;
    ++counts[static_cast<float>(alphas[i])];
  }
  if (all_one) return {};  // alpha stays 0
  std::size_t most = 0;
  for (const auto& [alpha, count] : counts) {
    if (alpha == 0 || count <= most) continue;
    out.alpha = alpha;
    most = count;
  }
  if (most == 0) return corrupt("field 'lora_alpha': with 0 the adapter adds nothing");
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    if (static_cast<float>(alphas[i]) == out.alpha) continue;
    const double factor = alphas[i] / static_cast<double>(out.alpha);
    for (float& b : out.tensors[i].b) {
      b = static_cast<float>(static_cast<double>(b) * factor);
      if (!std::isfinite(b)) return corrupt("adapter: its alpha makes '" + out.tensors[i].target + "' not finite");
    }
  }
  return {};
}

Status set_metadata(const SafetensorsFile& file, const PeftSource& source, const PeftBase& base, Adapter& out) {
  if (const auto kept = file.metadata.find(kPeftMetadataKey); kept != file.metadata.end()) {
    auto read = metadata_from_json(kept->second);
    if (!read) return std::move(read).error().in(std::string("safetensors __metadata__ '") + kPeftMetadataKey + "'");
    out.metadata = std::move(*read);
  }
  const auto wanted = out.base_sha256();
  if (out.metadata.contains("koan.adapter.base_sha256") && !wanted)
    return corrupt("adapter: koan.adapter.base_sha256 is not a SHA-256 in hexadecimal");
  if (wanted && *wanted != base.sha256) {
    return Error{ErrorCode::kNeedsModel, "this adapter was exported for the model with SHA-256 " + to_hex(*wanted) +
                                             ", not for " + to_hex(base.sha256) + " (" + base.name +
                                             "); give its own with --model FILE"};
  }
  out.metadata["koan.adapter.base_sha256"] = to_hex(base.sha256);
  out.metadata["koan.adapter.base_name"] = base.name;
  out.name = out.text("general.name");
  if (out.name.empty()) out.name = source.name;
  if (!out.name.empty()) out.metadata["general.name"] = out.name;
  return {};
}

}  // namespace

Result<Adapter> import_peft(const PeftSource& source, const PeftBase& base) {
  KOAN_TRY(check_peft_base(base));
  KOAN_ASSIGN(const PeftConfig config, parse_peft_config(source.config));
  KOAN_ASSIGN(const SafetensorsFile file, parse_safetensors(source.tensors));
  KOAN_ASSIGN(const Pairs pairs, pair_up(file));
  Adapter out;
  out.architecture = base.architecture;
  KOAN_TRY(set_metadata(file, source, base, out));
  std::vector<double> alphas;
  for (const auto& [module, pair] : pairs) {
    KOAN_ASSIGN(AdapterTensor tensor, read_pair(module, pair, config, base));
    const double alpha = config.alpha_of(peft_name(module));
    alphas.push_back(config.rank_stabilized ? alpha * std::sqrt(static_cast<double>(tensor.rank)) : alpha);
    out.tensors.push_back(std::move(tensor));
  }
  KOAN_TRY(set_scales(alphas, out));
  return out;
}

}  // namespace koan
