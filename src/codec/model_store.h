// The models a codec knows: found by hash when decoding, one of them picked for encoding. Includes the embedded models.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/adapter.h"
#include "formats/part.h"
#include "model/streams.h"

namespace koan {

// The GGUF files linked into the library: first kTiers to code with, from fast to small results, then the pair that
// plays the question-asking protocol (docs/training.md, "The drill pair").
inline constexpr std::size_t kTiers = 2;
struct EmbeddedModel {
  std::string_view name;  // what the command line calls it
  ByteView gguf;
};
std::span<const EmbeddedModel> embedded_models() noexcept;
// Which of them has this name, with or without "koan-" in front.
std::optional<std::size_t> find_embedded(std::string_view name) noexcept;

Window default_window(const ModelConfig& config) noexcept;
ModelRef model_ref(const Model& model, Window window, std::uint32_t predictors = kPredictorsAll);

class ModelStore {
 public:
  // Loads the first embedded model, the others when they are needed; runs the known-answer check of these kernels once
  // per process.
  static Result<ModelStore> create(const Kernels* kernels);

  // The embedded models come first, then those that were added.
  std::size_t size() const noexcept { return models_.size(); }
  bool is_embedded(std::size_t index) const noexcept { return index < embedded_models().size(); }
  Result<std::shared_ptr<const Model>> model(std::size_t index);
  std::size_t index_of(const Model& model) const noexcept;  // of one that this store gave

  // A model that is known already is not added again. Chosen: the one to encode with, whatever the level.
  Status add(ByteView gguf, bool make_chosen);
  Status choose(std::size_t index);
  const std::optional<std::size_t>& chosen() const noexcept { return chosen_; }
  // The chosen model, or the first.
  const std::shared_ptr<const Model>& default_model() const noexcept { return models_[chosen_.value_or(0)]; }

  // kNeedsModel naming the hash, kNeedsVersion for other numerics, kCorrupt if the model's tokenizer is not the one
  // recorded.
  Result<std::shared_ptr<const Model>> find(const ModelRef& ref);
  // Null if there is none with this hash.
  Result<std::shared_ptr<const Model>> find(const Sha256& sha256);
  // By a message's two-byte id, with the model's default window, then each model with each adapter for it. Zeros: no
  // context. An id has twelve bits, so several may match: `attempt` 0 is the first of them, and so on.
  Result<std::shared_ptr<const Model>> find_message(const std::array<std::uint8_t, 2>& id, const ContextHash& context,
                                                    std::size_t attempt = 0);

  // Keeps a GGUF LoRA, to be found by the SHA-256 of these bytes; a second time is no error. Its base model need not
  // be known yet. Errors as parse_adapter.
  Status add_adapter(ByteView gguf);
  const std::vector<std::shared_ptr<const Adapter>>& adapters() const noexcept { return adapters_; }  // as added

  // The model with the adapter merged into it, made at the first call and then shared. Errors: those of find(ref),
  // kNeedsAdapter naming the hash, those of Model::with_adapter.
  Result<std::shared_ptr<const Model>> find(const ModelRef& ref, const Sha256& adapter);
  // The same for a model of this store (or any other) at hand. May be called from several threads at once.
  Result<std::shared_ptr<const Model>> merged(const Model& base, const Sha256& adapter) const;

 private:
  struct Merged {
    std::mutex mutex;
    std::map<std::pair<Sha256, Sha256>, std::shared_ptr<const Model>> models;  // by base and adapter
  };

  // Models in the order in which they are tried: those that are loaded anyway, then the rest.
  std::vector<std::size_t> order() const;

  std::vector<std::shared_ptr<const Model>> models_;  // null: embedded and not loaded yet
  std::optional<std::size_t> chosen_;
  std::vector<std::shared_ptr<const Adapter>> adapters_;
  std::unique_ptr<Merged> merged_ = std::make_unique<Merged>();
};

}  // namespace koan
