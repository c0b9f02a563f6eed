#include "import/hf_weights.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

#include "formats/json_document.h"

namespace koan {
namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, what}; }

bool is_pickle(const std::string& name) {
  return name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth") || name.ends_with(".ckpt");
}

Error no_weights(const HfFolder& folder) {
  const auto pickle = std::find_if(folder.names.begin(), folder.names.end(), is_pickle);
  if (pickle == folder.names.end())
    return Error{ErrorCode::kUsage, std::string("there is neither ") + kSingle + " nor " + kIndex};
  return Error{ErrorCode::kNotSupported,
               *pickle +
                   " is a pickle, a program that koan does not run; convert it to safetensors (in Transformers: "
                   "model.save_pretrained(FOLDER, safe_serialization=True))"};
}

// Which file has which tensor. A file of another folder is none of ours.
Result<std::map<std::string, std::string>> parse_index(const HfFolder& folder, std::string_view text) {
  KOAN_ASSIGN(const JsonDocument json, parse_json_document(text, kMaxIndexBytes));
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object()) return corrupt("field 'weight_map' is missing or not an object");
  std::map<std::string, std::string> out;
  for (const auto& [tensor, file] : map->items()) {
    const std::string field = "field 'weight_map." + tensor + "' ";
    if (!file.is_string()) return corrupt(field + "is not a string");
    const std::string name = file.get<std::string>();
    if (is_pickle(name)) return Error{ErrorCode::kNotSupported, field + "names " + name + ", a pickle"};
    if (!folder.has(name)) return corrupt(field + "names '" + name + "', which is not in the folder");
    out.emplace(tensor, name);
  }
  if (out.empty()) return corrupt("field 'weight_map' is empty");
  return out;
}

class WeightReader {
 public:
  WeightReader(const HfConfig& config, const ImportProgress& progress)
      : config_(config), progress_(progress), wanted_(tensors_of(config)), found_(wanted_.size()) {
    for (std::size_t i = 0; i < wanted_.size(); ++i) by_name_.emplace(wanted_[i].name, i);
  }

  Status check_size() {
    for (const HfTensor& tensor : wanted_) total_ += tensor.bytes();
    if (total_ <= kMaxImportBytes) return {};
    return Error{ErrorCode::kLimit, "as Q8_0 it would have " + std::to_string(total_) + " bytes, above the limit of " +
                                        std::to_string(kMaxImportBytes)};
  }

  // Before gigabytes are read.
  Status check_index(const std::map<std::string, std::string>& index) const {
    for (const HfTensor& tensor : wanted_) {
      if (!index.contains(tensor.name)) return corrupt("tensor '" + tensor.name + "' is missing");
    }
    for (const auto& [name, file] : index) KOAN_TRY(check_name(name));
    return {};
  }

  // index: null if this is the only file.
  Status take(const std::string& file, ByteView bytes, const std::map<std::string, std::string>* index) {
    KOAN_ASSIGN(const SafetensorsFile parsed, parse_safetensors(bytes));
    for (const SafetensorsTensor& tensor : parsed.tensors) {
      KOAN_TRY(check_name(tensor.name));
      const auto known = by_name_.find(tensor.name);
      if (known == by_name_.end()) continue;
      if (index != nullptr && index->at(tensor.name) != file) continue;
      KOAN_ASSIGN(found_[known->second], convert_tensor(tensor, wanted_[known->second]));
      done_ += wanted_[known->second].bytes();
      if (progress_ && !progress_(done_, total_)) return Error{ErrorCode::kCancelled, "interrupted"};
    }
    return {};
  }

  Result<HfWeights> finish() {
    HfWeights out;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const HfTensor& tensor = wanted_[i];
      if (!found_[i]) return corrupt("tensor '" + tensor.name + "' is missing");
      out.data.push_back(std::move(*found_[i]));
      out.tensors.push_back({tensor.gguf_name, tensor.shape, tensor.type(), out.data.back()});
    }
    if (!config_.rope.divisors.empty()) {
      Bytes& divisors = out.data.emplace_back();
      for (const float divisor : config_.rope.divisors) append_fixed(divisors, std::bit_cast<std::uint32_t>(divisor));
      out.tensors.push_back({"rope_freqs.weight", {config_.rope.divisors.size()}, GgmlType::kF32, divisors});
    }
    return out;
  }

 private:
  Status check_name(const std::string& name) const {
    if (by_name_.contains(name) || is_ignored(name, config_)) return {};
    return Error{ErrorCode::kNotSupported, "tensor '" + name + "' is not part of model type " +
                                               config_.family->model_type + " with this config.json"};
  }

  const HfConfig& config_;
  const ImportProgress& progress_;
  std::vector<HfTensor> wanted_;
  std::vector<std::optional<Bytes>> found_;
  std::map<std::string, std::size_t> by_name_;
  std::uint64_t done_ = 0, total_ = 0;
};

}  // namespace

bool HfFolder::has(const std::string& name) const noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<HfWeights> read_hf_weights(const HfFolder& folder, const HfConfig& config, const ImportProgress& progress) {
  WeightReader reader(config, progress);
  KOAN_TRY(reader.check_size());
  std::map<std::string, std::string> index;
  std::vector<std::string> files = {kSingle};
  if (!folder.has(kSingle)) {
    if (!folder.has(kIndex)) return no_weights(folder);
    KOAN_ASSIGN(const Bytes text, folder.read(kIndex, kMaxIndexBytes));
    auto parsed = parse_index(folder, as_text(text));
    if (!parsed) return std::move(parsed).error().in(kIndex);
    index = *std::move(parsed);
    if (auto checked = reader.check_index(index); !checked) return std::move(checked).error().in(kIndex);
    files.clear();
    for (const auto& [tensor, file] : index) files.push_back(file);
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
  }
  for (const std::string& file : files) {
    KOAN_ASSIGN(const Bytes bytes, folder.read(file, kMaxSafetensorsBytes));
    if (auto taken = reader.take(file, bytes, index.empty() ? nullptr : &index); !taken)
      return std::move(taken).error().in(file);
  }
  return reader.finish();
}

}  // namespace koan
