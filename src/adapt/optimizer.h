// Muon (Jordan 2024) for the matrices of the blocks, AdamW (Loshchilov and Hutter 2019) for the embedding and the
// norms.
#pragma once

#include "adapt/net.h"

namespace koan::train {

struct OptimizerSettings {
  double muon_lr = 0.004, adam_lr = 0.003, weight_decay = 0.1, clip = 1.0;
};

// Scales the gradients down to the norm `most` (of all together) if it is above 0 and they exceed it. Returns their
// norm before.
double clip(std::vector<Tensor>& gradients, double most);

class Optimizer {
 public:
  Optimizer(Net& net, const OptimizerSettings& settings);

  // Uses and clears the gradients. `scale` multiplies both learning rates. Returns the gradient's norm before clipping.
  double step(double scale);

  // Moments under the parameter's name with "m." or "v." before it, for checkpoints.
  std::vector<std::pair<std::string, Tensor>> state() const;
  std::int64_t steps = 0;  // taken so far; Adam's bias correction depends on it

 private:
  struct Slot {
    Parameter* parameter;
    Tensor first, second;  // second only for AdamW
  };
  void muon(const std::vector<std::size_t>& group, double lr) const;
  void adam(Slot& slot, const Tensor& grad, double lr) const;

  OptimizerSettings settings_;
  std::vector<Slot> slots_;
  // Places of matrices of one shape: their updates are computed together, which a GPU does in a fraction of the time.
  std::map<std::vector<std::int64_t>, std::vector<std::size_t>> groups_;
};

}  // namespace koan::train
