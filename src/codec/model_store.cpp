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
                                                              const ContextHash& context, std::size_t attempt) const {
  for (const StoredModel& m : models_) {
    const ModelRef ref = model_ref(*m.model, default_window(m.model->config()));
    if (ref.message_id(context) == id && attempt-- == 0) return m.model;
  }
  for (const StoredModel& m : models_) {
    const ModelRef ref = model_ref(*m.model, default_window(m.model->config()));
    for (const auto& adapter : adapters_) {
      if (adapter->base_sha256().value_or(ref.sha256) != ref.sha256) continue;
      if (ref.message_id(context, &adapter->sha256) != id) continue;
      // One that cannot be merged has the id by chance: no message was made with it.
      auto model = merged(*m.model, adapter->sha256);
      if (model && attempt-- == 0) return model;
    }
  }
  return Error{ErrorCode::kNeedsModel,
               "needs a model, or a model and an adapter, whose message id is " + to_hex(id) +
                   ", which this koan does not have (or the data is damaged); give them with --model FILE and "
                   "--adapter FILE, or put them into a folder named in KOAN_MODELS and into koan adapters. If it was "
                   "made with a context, pass the same --context FILE"};
}

Status ModelStore::add_adapter(ByteView gguf) {
  KOAN_ASSIGN(Adapter adapter, parse_adapter(gguf));
  const bool known = std::any_of(adapters_.begin(), adapters_.end(),
                                 [&](const auto& other) { return other->sha256 == adapter.sha256; });
  if (!known) adapters_.push_back(std::make_shared<const Adapter>(std::move(adapter)));
  return {};
}

Result<std::shared_ptr<const Model>> ModelStore::find(const ModelRef& ref, const Sha256& adapter) const {
  KOAN_ASSIGN(const std::shared_ptr<const Model> base, find(ref));
  return merged(*base, adapter);
}

Result<std::shared_ptr<const Model>> ModelStore::merged(const Model& base, const Sha256& adapter) const {
  const auto found =
      std::find_if(adapters_.begin(), adapters_.end(), [&](const auto& other) { return other->sha256 == adapter; });
  if (found == adapters_.end()) {
    return Error{ErrorCode::kNeedsAdapter, "needs the adapter with SHA-256 " + to_hex(adapter) +
                                               "; koan adapters add FILE, or pass it with --adapter FILE"};
  }
  const std::lock_guard lock(merged_->mutex);
  std::shared_ptr<const Model>& model = merged_->models[{base.sha256(), adapter}];
  if (!model) {
    KOAN_ASSIGN(model, Model::with_adapter(base, **found));
  }
  return model;
}

}  // namespace koan
