// The models a codec knows: found by hash when decoding, one of them the default for encoding. Includes the embedded
// model.
#pragma once

#include <memory>
#include <vector>

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
  // By a message's two-byte id, with the model's default window. Zeros: no context.
  Result<std::shared_ptr<const Model>> find_message(const std::array<std::uint8_t, 2>& id,
                                                    const ContextHash& context) const;

 private:
  std::vector<StoredModel> models_;
  std::size_t default_ = 0;
};

}  // namespace koan
