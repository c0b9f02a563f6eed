#include "model/model.h"

#include "formats/adapter.h"
#include "model/merge.h"
#include "model/weights.h"

namespace koan {

struct Model::Impl {
  std::shared_ptr<const Model> base;  // of a merged model: owns what `weights` borrows
  Weights weights;
  std::shared_ptr<const Tokenizer> tokenizer;
  Sha256 sha256;
  std::uint64_t file_bytes;
  std::optional<AdapterIdentity> adapter;
};

Model::Model() = default;
Model::~Model() = default;

Result<std::shared_ptr<const Model>> Model::load(ByteView data) {
  KOAN_ASSIGN(const GgufFile file, parse_gguf_model(data));
  return load(file, data);
}

Result<std::shared_ptr<const Model>> Model::load(const GgufFile& file, ByteView data) {
  KOAN_ASSIGN(Weights weights, Weights::from_gguf(file));
  KOAN_ASSIGN(Tokenizer tokenizer, Tokenizer::from_gguf(file));
  if (tokenizer.size() != weights.config.vocabulary) {
    return Error{ErrorCode::kCorrupt, "model has " + std::to_string(weights.config.vocabulary) + " embeddings for " +
                                          std::to_string(tokenizer.size()) + " tokens"};
  }
  std::shared_ptr<Model> model(new Model());
  model->impl_ =
      std::make_unique<Impl>(Impl{nullptr, std::move(weights), std::make_shared<const Tokenizer>(std::move(tokenizer)),
                                  koan::sha256(data), data.size(), std::nullopt});
  return std::shared_ptr<const Model>(std::move(model));
}

Result<std::shared_ptr<const Model>> Model::with_adapter(const Model& base, const Adapter& adapter) {
  const Impl& from = *base.impl_;
  if (from.adapter) {
    return Error{ErrorCode::kUsage, "model " + base.config().name + " already has the adapter '" + from.adapter->name +
                                        "'; one adapter to a model"};
  }
  if (const auto wanted = adapter.base_sha256(); wanted && *wanted != from.sha256) {
    const std::string name = adapter.text("koan.adapter.base_name");
    return Error{ErrorCode::kNeedsModel, "adapter '" + adapter.name + "' was trained on the model with SHA-256 " +
                                             to_hex(*wanted) + (name.empty() ? "" : " (" + name + ")") +
                                             ", not on this one, " + to_hex(from.sha256) + " (" + base.config().name +
                                             "); give its own model with --model FILE, or train it again with koan "
                                             "adapt"};
  }
  KOAN_ASSIGN(Weights weights, merge(from.weights, adapter));
  std::shared_ptr<Model> model(new Model());
  model->impl_ = std::make_unique<Impl>(Impl{base.shared_from_this(), std::move(weights), from.tokenizer, from.sha256,
                                             from.file_bytes, AdapterIdentity{adapter.sha256, adapter.name}});
  return std::shared_ptr<const Model>(std::move(model));
}

const std::optional<AdapterIdentity>& Model::adapter() const noexcept { return impl_->adapter; }

const ModelConfig& Model::config() const noexcept { return impl_->weights.config; }
const Tokenizer& Model::tokenizer() const noexcept { return *impl_->tokenizer; }
const Sha256& Model::sha256() const noexcept { return impl_->sha256; }
std::uint64_t Model::parameters() const noexcept { return impl_->weights.parameters; }
std::uint64_t Model::file_bytes() const noexcept { return impl_->file_bytes; }
const Weights& Model::weights() const noexcept { return impl_->weights; }
std::uint64_t Model::multiply_adds_per_token() const noexcept { return impl_->weights.multiply_adds_per_token; }

}  // namespace koan
