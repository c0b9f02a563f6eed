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
  store.models_.resize(embedded_models().size());
  KOAN_TRY(store.model(0));
  return store;
}

Result<std::shared_ptr<const Model>> ModelStore::model(std::size_t index) {
  if (!models_[index]) {
    const EmbeddedModel& embedded = embedded_models()[index];
    auto loaded = Model::load(embedded.gguf);
    if (!loaded) return std::move(loaded).error().in("embedded model " + std::string(embedded.name));
    models_[index] = std::move(loaded).value();
  }
  return models_[index];
}

std::size_t ModelStore::index_of(const Model& model) const noexcept {
  const auto is_it = [&](const std::shared_ptr<const Model>& known) { return known.get() == &model; };
  return static_cast<std::size_t>(std::find_if(models_.begin(), models_.end(), is_it) - models_.begin());
}

Status ModelStore::add(ByteView gguf, bool make_chosen) {
  KOAN_ASSIGN(std::shared_ptr<const Model> added, Model::load(gguf));
  std::size_t index = 0;
  for (; index < models_.size(); ++index) {
    const bool same = models_[index] ? models_[index]->sha256() == added->sha256()
                                     : std::ranges::equal(embedded_models()[index].gguf, gguf);
    if (same) break;
  }
  if (index == models_.size()) models_.push_back(nullptr);
  if (!models_[index]) models_[index] = std::move(added);
  if (make_chosen) chosen_ = index;
  return {};
}

Status ModelStore::choose(std::size_t index) {
  KOAN_TRY(model(index));
  chosen_ = index;
  return {};
}

std::vector<std::size_t> ModelStore::order() const {
  std::vector<std::size_t> out = {0};
  for (std::size_t i = embedded_models().size(); i < models_.size(); ++i) out.push_back(i);
  for (std::size_t i = 1; i < embedded_models().size(); ++i) out.push_back(i);
  return out;
}

Result<std::shared_ptr<const Model>> ModelStore::find(const Sha256& sha256) {
  for (const std::size_t index : order()) {
    KOAN_ASSIGN(std::shared_ptr<const Model> known, model(index));
    if (known->sha256() == sha256) return known;
  }
  return std::shared_ptr<const Model>();
}

Result<std::shared_ptr<const Model>> ModelStore::find(const ModelRef& ref) {
  if (ref.numerics_version != kNumericsVersion) {
    return Error{ErrorCode::kNeedsVersion, "made with numerics version " + std::to_string(ref.numerics_version) +
                                               "; this koan has version " + std::to_string(kNumericsVersion)};
  }
  KOAN_ASSIGN(std::shared_ptr<const Model> found, find(ref.sha256));
  if (!found) {
    return Error{ErrorCode::kNeedsModel, "needs the model with SHA-256 " + to_hex(ref.sha256) +
                                             ", which this koan does not have; give it with --model NAME, or put it "
                                             "where koan finds it: koan models import PATH, or a folder named in KOAN_MODELS"};
  }
  if (found->tokenizer().decode_hash() != ref.tokenizer_hash) {
    return Error{ErrorCode::kNeedsVersion,
                 "this koan reads the tokenizer of model " + to_hex(ref.sha256) + " differently"};
  }
  return found;
}

Result<std::shared_ptr<const Model>> ModelStore::find_message(const std::array<std::uint8_t, 2>& id,
                                                              const ContextHash& context, std::size_t attempt) {
  for (const std::size_t index : order()) {
    KOAN_ASSIGN(std::shared_ptr<const Model> base, model(index));
    const ModelRef ref = model_ref(*base, default_window(base->config()));
    if (ref.message_id(context) == id && attempt-- == 0) return base;
    for (const auto& adapter : adapters_) {
      if (adapter->base_sha256().value_or(ref.sha256) != ref.sha256) continue;
      if (ref.message_id(context, &adapter->sha256) != id) continue;
      // One that cannot be merged has the id by chance: no message was made with it.
      auto with_adapter = merged(*base, adapter->sha256);
      if (with_adapter && attempt-- == 0) return with_adapter;
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

Result<std::shared_ptr<const Model>> ModelStore::find(const ModelRef& ref, const Sha256& adapter) {
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
