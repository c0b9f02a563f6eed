// AdamW (Loshchilov and Hutter 2019) for the A and B of an adapter, with a higher rate for B (Hayou et al. 2024).
#pragma once

#include "adapt/lora.h"

namespace koan::train {

struct LoraOptimizerSettings {
  double lr = 0.002;      // of A
  double b_factor = 4;    // B learns at lr times this
  double weight_decay = 0, clip = 1.0;
};

class LoraOptimizer {
 public:
  LoraOptimizer(LoraNet& net, const LoraOptimizerSettings& settings);

  // Uses and clears the gradients; `scale` multiplies the rates. Returns the gradient's norm before clipping.
  double step(double scale);

  // A and B, their moments, by name: everything that a checkpoint needs, besides `steps`.
  std::vector<std::pair<std::string, Tensor>> state() const;
  std::vector<std::pair<std::string, Tensor>> weights() const;  // A and B alone
  std::int64_t steps = 0;

 private:
  struct Slot {
    std::string name;
    Tensor weight, first, second;
    double factor;
  };
  LoraOptimizerSettings settings_;
  std::vector<Slot> slots_;
};

}  // namespace koan::train
