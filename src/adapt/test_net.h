// What the tests of adapters share: a small random model, in memory and as a file, and texts that repeat a pattern.
#pragma once

#include "adapt/export.h"
#include "adapt/test_pack.h"
#include "base/file.h"

namespace koan {

inline const train::NetConfig kTinyNet{257, 32, 2, 2, 1, 32, 96};
inline const train::NetConfig kOneLayerNet{257, 32, 1, 2, 1, 32, 96};

// All matrices random: a fresh Net's blocks would be the identity. A wide embedding lets an adapter move the output.
inline train::Net random_net(std::uint64_t seed, const train::NetConfig& config = kTinyNet) {
  train::Net net(config, torch::kCPU, seed);
  torch::NoGradGuard no_grad;
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed + 1);
  for (train::Parameter& p : net.parameters())
    if (p.tensor.dim() == 2) p.tensor.copy_(torch::randn(p.tensor.sizes(), generator) * (p.is_matrix ? 0.15 : 0.4));
  return net;
}

inline void write_model(train::Net& net, const std::string& path) {
  ExportOptions options;
  options.out = path;
  options.name = "tiny";
  ASSERT_TRUE(export_net(net, byte_tokenizer(), options));
}

// Lines of a fixed form with numbers and names that differ: easy to learn, and no two lines alike.
inline std::string templated_text(std::size_t bytes, std::uint64_t seed = 1) {
  static constexpr const char* kNames[] = {"north", "river", "stone", "amber", "cedar", "violet"};
  std::string out;
  for (std::uint64_t i = seed * 1000003; out.size() < bytes; ++i) {
    const std::uint64_t h = i * 0x9E3779B97F4A7C15u;
    out += "station " + std::string(kNames[(h >> 40) % 6]) + " reports " + std::to_string((h >> 30) % 9000 + 1000) +
           " units at level " + std::to_string((h >> 50) % 90 + 10) + ".\n";
  }
  return out;
}

}  // namespace koan
