// Low-rank adaptation (Hu et al. 2021) of a frozen Net: W + alpha/rank * B A for chosen matrices.
// The sum is formed once a step in f32 and rounded to bf16, so that the forward pass costs what the base model costs;
// the backward pass adds the products that A and B need, and makes no gradient of a base weight.
#pragma once

#include "adapt/net.h"
#include "formats/adapter.h"

namespace koan::train {

struct LoraSettings {
  std::int64_t rank = 16;
  double alpha = 32;
  std::vector<std::string> targets;  // of kLoraTargets; empty: all
  std::uint64_t seed = 1;
};
extern const std::vector<std::string> kLoraTargets;  // q k v o gate up down

// The A and B of one product of one layer. Several adapted matrices of one product share x: their A are stacked.
struct LoraPart {
  std::string target;         // the base model's tensor
  std::int64_t row, out, at;  // its rows within the product; rows of its A within the stacked A
};
struct LoraGroup {
  std::vector<LoraPart> parts;
  std::int64_t in = 0;
  Tensor a;       // f32, parts*rank x in
  Tensor b;       // f32, all rows of the product x rank; rows of matrices that are not adapted stay zero
  Tensor base;    // f32, rows x in
  Tensor merged;  // bf16, rows x in: what products use
};

class LoraNet : public Net {
 public:
  // The rank fits every matrix (check_rank). B is zero, so the first step starts from the base model.
  LoraNet(Net base, const LoraSettings& settings);

  std::vector<LoraGroup>& groups() noexcept { return groups_; }  // 4 per layer; those without parts are not adapted
  const Tensor& output() const noexcept { return output_; }      // bf16 embedding, for the loss
  std::int64_t rank() const noexcept { return settings_.rank; }
  double scale() const noexcept { return settings_.alpha / static_cast<double>(settings_.rank); }

  // To be called when A or B have changed.
  void merge();
  // The same with A and B rounded to f16 and the sum to Q8_0, as koan runs the model: for measuring.
  void merge_requantised();

  // A and B as a file holds them, f16 (metadata left to the caller).
  Adapter adapter() const;

 protected:
  Tensor product(std::int64_t l, Group group, const Tensor& x) override;

 private:
  LoraSettings settings_;
  std::vector<LoraGroup> groups_;
  Tensor output_;
};

// Names the first adapted matrix that the rank is too large for.
Status check_rank(const Net& net, const LoraSettings& settings);
Result<std::vector<std::string>> parse_targets(const std::string& list);  // "q,v"

}  // namespace koan::train
