#include <array>
#include <deque>
#include <optional>

#include "formats/peft.h"
#include "formats/peft_config.h"
#include "formats/peft_metadata.h"
#include "formats/safetensors.h"

namespace koan {
namespace {

// Columns x rows as a tensor whose data `memory` keeps.
SafetensorsTensor encode(std::string name, std::uint64_t rows, const std::vector<float>& values,
                         std::deque<Bytes>& memory) {
  const GgmlType type = exact_type(values);
  memory.push_back(encode_values(values, type));
  const char* const dtype = type == GgmlType::kF32 ? "F32" : type == GgmlType::kF16 ? "F16" : "BF16";
  return {std::move(name), dtype, {rows, values.size() / rows}, memory.back()};
}

Status check_for_export(const AdapterTensor& tensor, const std::optional<PeftModule>& module, const PeftBase& base) {
  const std::string where = "adapter tensor '" + tensor.target + "' ";
  if (!module) return Error{ErrorCode::kNotSupported, where + "has no name in PEFT"};
  if (tensor.rank == 0 || tensor.in == 0 || tensor.out == 0 ||
      tensor.a.size() != std::size_t{tensor.rank} * tensor.in ||
      tensor.b.size() != std::size_t{tensor.rank} * tensor.out) {
    return Error{ErrorCode::kCorrupt, where + "is not of the size it claims"};
  }
  const std::uint32_t heads = reordered_heads(base, *module);
  if (module->layer >= base.layers || (heads != 0 && tensor.out != std::uint64_t{heads} * base.head_dim))
    return Error{ErrorCode::kNeedsModel, where + "does not fit the model " + base.name};
  return {};
}

using Modules = std::map<PeftModule, const AdapterTensor*>;

Result<Modules> modules_of(const Adapter& adapter, const PeftBase& base) {
  KOAN_TRY(check_peft_base(base));
  if (adapter.architecture != base.architecture) {
    return Error{ErrorCode::kNeedsModel, "adapter '" + adapter.name + "' is for models of architecture '" +
                                             adapter.architecture + "'; this one is '" + base.architecture + "'"};
  }
  if (const auto wanted = adapter.base_sha256(); wanted && *wanted != base.sha256) {
    return Error{ErrorCode::kNeedsModel, "adapter '" + adapter.name + "' was trained on the model with SHA-256 " +
                                             to_hex(*wanted) + ", not on " + to_hex(base.sha256) + " (" + base.name +
                                             "); give its own with --model FILE"};
  }
  Modules out;
  for (const AdapterTensor& tensor : adapter.tensors) {
    const auto module = module_of_gguf(tensor.target);
    KOAN_TRY(check_for_export(tensor, module, base));
    if (!out.emplace(*module, &tensor).second)
      return Error{ErrorCode::kCorrupt, "adapter tensor '" + tensor.target + "' is there twice"};
  }
  if (out.empty()) return Error{ErrorCode::kCorrupt, "the adapter holds no tensors"};
  return out;
}

// The last part of a module's name: PEFT's target_modules are ends of names.
std::string short_name(const PeftModule& module) {
  const std::string name = kPeftKinds[module.kind].peft;
  return name.substr(name.find('.') + 1);
}

Result<PeftConfig> config_for(const Adapter& adapter, const Modules& modules, const PeftBase& base) {
  PeftConfig out;
  std::map<std::uint32_t, std::size_t> ranks;
  std::array<std::uint32_t, kPeftKinds.size()> layers{};
  for (const auto& [module, tensor] : modules) {
    ++ranks[tensor->rank];
    ++layers[module.kind];
  }
  std::size_t most = 0;
  for (const auto& [rank, count] : ranks) {
    if (count <= most) continue;
    out.rank = rank;
    most = count;
  }
  out.alpha = adapter.alpha == 0 ? out.rank : static_cast<double>(adapter.alpha);
  // Ends of names where all layers are adapted, or PEFT would put more modules in place than there are tensors.
  bool whole = true;
  for (const std::uint32_t n : layers) whole = whole && (n == 0 || n == base.layers);
  for (const auto& [module, tensor] : modules) {
    if (!whole || module.layer == 0) out.target_modules.push_back(whole ? short_name(module) : peft_name(module));
    if (tensor->rank == out.rank) continue;
    KOAN_TRY(out.ranks.add(peft_name(module), tensor->rank));
    if (adapter.alpha == 0) KOAN_TRY(out.alphas.add(peft_name(module), tensor->rank));
  }
  out.base_model = adapter.text("koan.adapter.base_name");
  if (out.base_model.empty()) out.base_model = base.name;
  return out;
}

}  // namespace

Result<PeftFiles> export_peft(const Adapter& adapter, const PeftBase& base) {
  KOAN_ASSIGN(const Modules modules, modules_of(adapter, base));
  KOAN_ASSIGN(const PeftConfig config, config_for(adapter, modules, base));
  SafetensorsFile file;
  std::map<std::string, GgufValue> metadata = adapter.metadata;
  if (!adapter.name.empty()) metadata["general.name"] = adapter.name;
  KOAN_ASSIGN(file.metadata[kPeftMetadataKey], metadata_to_json(metadata));
  file.metadata["format"] = "pt";  // what transformers asks of a file
  std::deque<Bytes> memory;
  for (const auto& [module, tensor] : modules) {
    const std::string name = std::string(kPeftPrefix) + peft_name(module);
    file.tensors.push_back(encode(name + std::string(kPeftSuffixA), tensor->rank, tensor->a, memory));
    const bool reordered = reordered_heads(base, module) != 0;
    file.tensors.push_back(encode(name + std::string(kPeftSuffixB), tensor->out,
                                  reordered ? rows_to_peft(tensor->b, tensor->rank, base.head_dim) : tensor->b,
                                  memory));
  }
  PeftFiles out;
  KOAN_ASSIGN(out.config, write_peft_config(config));
  KOAN_ASSIGN(out.tensors, write_safetensors(file));
  return out;
}

}  // namespace koan
