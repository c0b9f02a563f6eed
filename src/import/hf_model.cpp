#include "import/hf_model.h"

#include "model/config.h"

namespace koan {
namespace {

constexpr const char* kConfig = "config.json";
constexpr std::int64_t kUnused = 5, kNormal = 1;  // of tokenizer.ggml.token_type
constexpr double kUnusedScore = -1000;

template <typename T>
std::vector<T>* list_of(GgufFile& file, const char* key) {
  const auto found = file.metadata.find(key);
  return found == file.metadata.end() ? nullptr : std::get_if<std::vector<T>>(&found->second);
}

}  // namespace

Status fit_vocabulary(GgufFile& file, std::uint64_t vocabulary) {
  auto* const tokens = list_of<std::string>(file, "tokenizer.ggml.tokens");
  auto* const types = list_of<std::int64_t>(file, "tokenizer.ggml.token_type");
  auto* const scores = list_of<double>(file, "tokenizer.ggml.scores");
  if (tokens == nullptr) return Error{ErrorCode::kInternal, "a tokenizer without tokens"};
  while (tokens->size() > vocabulary && types != nullptr && types->size() == tokens->size() &&
         types->back() != kNormal) {
    tokens->pop_back();
    types->pop_back();
    if (scores != nullptr) scores->resize(tokens->size());
  }
  if (tokens->size() > vocabulary) {
    return Error{ErrorCode::kCorrupt,
                 "has " + std::to_string(tokens->size()) + " tokens for " + std::to_string(vocabulary) + " embeddings"};
  }
  for (std::size_t i = tokens->size(); i < vocabulary; ++i) tokens->push_back("[PAD" + std::to_string(i) + "]");
  if (types != nullptr) types->resize(tokens->size(), kUnused);
  if (scores != nullptr) scores->resize(tokens->size(), kUnusedScore);
  return {};
}

Result<HfConfig> read_hf_config(const HfFolder& folder) {
  if (!folder.has(kConfig)) return Error{ErrorCode::kUsage, std::string("there is no ") + kConfig};
  KOAN_ASSIGN(const Bytes text, folder.read(kConfig, kMaxHfConfigBytes));
  auto config = parse_hf_config(as_text(text));
  if (!config) return std::move(config).error().in(kConfig);
  GgufFile file;
  write_hyperparameters(*config, file);
  // Whatever else koan does not do is better known before gigabytes are read.
  if (auto known = read_config(file); !known) return std::move(known).error().in(kConfig);
  return config;
}

Result<HfModel> read_hf_model(const HfFolder& folder, const HfConfig& config, const ImportProgress& progress) {
  HfModel out;
  write_hyperparameters(config, out.file);
  KOAN_ASSIGN(out.weights, read_hf_weights(folder, config, progress));
  out.file.tensors = out.weights.tensors;
  return out;
}

}  // namespace koan
