// A checkpoint is one GGUF file, DIR/checkpoint.gguf: float32 weights, moments, tokenizer and counters.
#pragma once

#include "adapt/net.h"
#include "adapt/optimizer.h"
#include "text/tokenizer.h"

namespace koan::train {

struct Progress {
  std::int64_t tokens = 0;
  double seconds = 0;
  std::vector<std::int64_t> sampler;  // Sampler::state()
};

Status save_checkpoint(const std::string& directory, Net& net, const Optimizer& optimizer, const Tokenizer& tokenizer,
                       const Progress& progress);
Status restore_checkpoint(const GgufFile& file, Net& net, Optimizer& optimizer, Progress& progress);

// A checkpoint folder or a GGUF model.
struct LoadedNet {
  Net net;
  Tokenizer tokenizer;
};
Result<LoadedNet> load_net(const std::string& path, const std::string& device);
Result<LoadedNet> load_net(const GgufFile& file, const std::string& device);

}  // namespace koan::train
