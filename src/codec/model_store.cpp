#include "codec/model_store.h"

#include <algorithm>
#include <mutex>

namespace koan {
namespace {

constexpr std::uint32_t kDefaultSinks = 4;
constexpr std::uint32_t kLongestDefaultWindow = 1024;

// The check is of the build and the machine, so once per process and kernel set is enough.
Status check_once(const Kernels& kernels) {
  static std::mutex mutex;
  static std::vector<const Kernels*> passed;
  const std::lock_guard lock(mutex);
  if (std::find(passed.begin(), passed.end(), &kernels) != passed.end()) return {};
  KOAN_TRY(known_answer_check(kernels));
  passed.push_back(&kernels);
  return {};
}

}  // namespace

Window default_window(const ModelConfig& config) noexcept {
  if (config.window != 0) return {std::clamp(config.window, kMinWindow, kMaxWindow), kDefaultSinks};
  return {std::clamp(config.context_length, kMinWindow, kLongestDefaultWindow), kDefaultSinks};
}

ModelRef model_ref(const Model& model, Window window, std::uint32_t predictors) {
  return {kNumericsVersion, model.sha256(), model.tokenizer().decode_hash(), window.size, window.sinks, predictors};
}

Result<ModelStore> ModelStore::create(const Kernels* kernels) {
  KOAN_TRY(check_once(*kernels));
  ModelStore store;
  auto model = Model::load(embedded_model());
  if (!model) return std::move(model).error().in("embedded model");
  store.models_.push_back({std::move(model).value(), true});
  return store;
}

Status ModelStore::add(ByteView gguf, bool make_default) {
  KOAN_ASSIGN(std::shared_ptr<const Model> model, Model::load(gguf));
  const auto same = std::find_if(models_.begin(), models_.end(),
                                 [&](const StoredModel& m) { return m.model->sha256() == model->sha256(); });
  const auto index = static_cast<std::size_t>(same - models_.begin());
  if (same == models_.end()) models_.push_back({std::move(model), false});
  if (make_default) default_ = index;
  return {};
}

Result<std::shared_ptr<const Model>> ModelStore::find(const ModelRef& ref) const {
  if (ref.numerics_version != kNumericsVersion) {
    return Error{ErrorCode::kNeedsVersion, "made with numerics version " + std::to_string(ref.numerics_version) +
                                               "; this koan has version " + std::to_string(kNumericsVersion)};
  }
  for (const StoredModel& m : models_) {
    if (m.model->sha256() != ref.sha256) continue;
    if (m.model->tokenizer().decode_hash() != ref.tokenizer_hash) {
      return Error{ErrorCode::kNeedsVersion,
                   "this koan reads the tokenizer of model " + to_hex(ref.sha256) + " differently"};
    }
    return m.model;
  }
  return Error{
      ErrorCode::kNeedsModel,
      "needs the model with SHA-256 " + to_hex(ref.sha256) +
          ", which this koan does not have; give it with --model FILE or put it into a folder named in KOAN_MODELS"};
}

Result<std::shared_ptr<const Model>> ModelStore::find_message(const std::array<std::uint8_t, 2>& id,
                                                              const ContextHash& context) const {
  for (const StoredModel& m : models_) {
    if (model_ref(*m.model, default_window(m.model->config())).message_id(context) == id) return m.model;
  }
  return Error{ErrorCode::kNeedsModel, "needs a model whose message id is " + to_hex(id) +
                                           ", which this koan does not have (or the data is damaged); give it with "
                                           "--model FILE or put it into a folder named in KOAN_MODELS. If it was made "
                                           "with a context, pass the same --context FILE"};
}

}  // namespace koan
