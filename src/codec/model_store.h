// The models a codec knows: found by hash when decoding, one of them the default for encoding. Includes the embedded
// model.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "formats/adapter.h"
#include "formats/part.h"
#include "model/streams.h"

namespace koan {

// The GGUF file linked into the library.
ByteView embedded_model() noexcept;

Window default_window(const ModelConfig& config) noexcept;
ModelRef model_ref(const Model& model, Window window, std::uint32_t predictors = kPredictorsAll);

struct StoredModel {
  std::shared_ptr<const Model> model;
  bool embedded = false;
};

class ModelStore {
 public:
  // Loads the embedded model; runs the known-answer check of these kernels once per process.
  static Result<ModelStore> create(const Kernels* kernels);

  Status add(ByteView gguf, bool make_default);
  const std::vector<StoredModel>& models() const noexcept { return models_; }
  std::size_t default_index() const noexcept { return default_; }
  const std::shared_ptr<const Model>& default_model() const noexcept { return models_[default_].model; }

  // kNeedsModel naming the hash, kNeedsVersion for other numerics, kCorrupt if the model's tokenizer is not the one
  // recorded.
  Result<std::shared_ptr<const Model>> find(const ModelRef& ref) const;
  // By a message's two-byte id, with the model's default window, then each model with each adapter for it. Zeros: no
  // context. An id has twelve bits, so several may match: `attempt` 0 is the first of them, and so on.
  Result<std::shared_ptr<const Model>> find_message(const std::array<std::uint8_t, 2>& id, const ContextHash& context,
                                                    std::size_t attempt = 0) const;

  // Keeps a GGUF LoRA, to be found by the SHA-256 of these bytes; a second time is no error. Its base model need not
  // be known yet. Errors as parse_adapter.
  Status add_adapter(ByteView gguf);
  const std::vector<std::shared_ptr<const Adapter>>& adapters() const noexcept { return adapters_; }  // as added

  // The model with the adapter merged into it, made at the first call and then shared. May be called from several
  // threads at once. Errors: those of find(ref), kNeedsAdapter naming the hash, those of Model::with_adapter.
  Result<std::shared_ptr<const Model>> find(const ModelRef& ref, const Sha256& adapter) const;
  // The same for a model of this store (or any other) at hand.
  Result<std::shared_ptr<const Model>> merged(const Model& base, const Sha256& adapter) const;

 private:
  struct Merged {
    std::mutex mutex;
    std::map<std::pair<Sha256, Sha256>, std::shared_ptr<const Model>> models;  // by base and adapter
  };

  std::vector<StoredModel> models_;
  std::size_t default_ = 0;
  std::vector<std::shared_ptr<const Adapter>> adapters_;
  std::unique_ptr<Merged> merged_ = std::make_unique<Merged>();
};

}  // namespace koan
