#include "model/model.h"

#include "model/weights.h"

namespace koan {

struct Model::Impl {
  Weights weights;
  Tokenizer tokenizer;
  Sha256 sha256;
  std::uint64_t file_bytes;
};

Model::Model() = default;
Model::~Model() = default;

Result<std::shared_ptr<const Model>> Model::load(ByteView data) {
  KOAN_ASSIGN(const GgufFile file, parse_gguf(data));
  KOAN_ASSIGN(Weights weights, Weights::from_gguf(file));
  KOAN_ASSIGN(Tokenizer tokenizer, Tokenizer::from_gguf(file));
  if (tokenizer.size() != weights.config.vocabulary) {
    return Error{ErrorCode::kCorrupt, "model has " + std::to_string(weights.config.vocabulary) + " embeddings for " +
                                          std::to_string(tokenizer.size()) + " tokens"};
  }
  std::shared_ptr<Model> model(new Model());
  model->impl_ =
      std::make_unique<Impl>(Impl{std::move(weights), std::move(tokenizer), koan::sha256(data), data.size()});
  return std::shared_ptr<const Model>(std::move(model));
}

const ModelConfig& Model::config() const noexcept { return impl_->weights.config; }
const Tokenizer& Model::tokenizer() const noexcept { return impl_->tokenizer; }
const Sha256& Model::sha256() const noexcept { return impl_->sha256; }
std::uint64_t Model::parameters() const noexcept { return impl_->weights.parameters; }
std::uint64_t Model::file_bytes() const noexcept { return impl_->file_bytes; }
const Weights& Model::weights() const noexcept { return impl_->weights; }
std::uint64_t Model::multiply_adds_per_token() const noexcept { return impl_->weights.multiply_adds_per_token; }

}  // namespace koan
