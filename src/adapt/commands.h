// The verbs of koan-train. Flags are declared in main.cpp and passed as plain structs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace koan {

struct TokenizerOptions {
  std::vector<std::string> data;  // PATH[:WEIGHT]
  std::size_t vocab = 4096;
  double sample_mb = 60;  // text read in all, split by weight
  std::string out;
};
Status run_tokenizer(const TokenizerOptions& options);

struct PackOptions {
  std::string tokenizer;
  std::vector<std::string> data;
  double limit_mb = 0;       // per source; 0 is all
  std::string prompt_field;  // empty: none
  std::string out;
};
Status run_pack(const PackOptions& options);

struct PretrainOptions {
  std::string data, valid, out, device = "cpu";
  bool resume = false;
  std::string init;  // GGUF model whose weights and shape to start from
  std::uint64_t seed = 1;
  int threads = 0;  // 0: one for each core
  // Architecture (ignored on --resume: the checkpoint says it).
  std::int64_t width = 256, layers = 6, heads = 8, kv_heads = 2, head_dim = 32, feed_forward = 704;
  // Length: steps, or wall minutes when above 0.
  std::int64_t steps = 1000;
  double minutes = 0;
  std::int64_t batch_tokens = 8192;
  std::string seq_schedule = "0:128,0.2:256,0.5:512";  // progress:window, ...
  std::string schedule = "wsd";                        // or cosine
  double warmup = 0.02, decay = 0.25;                  // as parts of the run
  double muon_lr = 0.004, adam_lr = 0.003, weight_decay = 0.1, clip = 1.0;
  double eval_minutes = 5, checkpoint_minutes = 5;
  std::int64_t eval_tokens = 12288;  // per source
};
Status run_pretrain(const PretrainOptions& options);

struct ExportOptions {
  std::string checkpoint, out, name = "koan-nano", license = "Apache-2.0";
  std::int64_t context_length = 512;
  std::uint64_t window = 0;
};
Status run_export(const ExportOptions& options);

struct GrowOptions {
  std::string model, out, name = "koan-small";
  std::int64_t layers = 10, feed_forward = 1024;
  std::uint64_t seed = 1;
};
Status run_grow(const GrowOptions& options);

struct AdaptOptions {
  std::vector<std::string> inputs;  // files, folders, "-"
  std::string model;                // GGUF file of the base
  std::string model_name;           // what to call it; empty: as the file says
  std::string out, log, name, device = "cpu";
  bool jsonl = false;
  std::string field, context_field;
  bool force = false, resume = false, quiet = false;
  std::uint64_t seed = 1;
  int threads = 0;  // 0: one for each core
  std::int64_t rank = 16;
  double alpha = 32;
  std::string targets = "q,k,v,o,gate,up,down";
  double lr = 0.003, b_factor = 4, weight_decay = 0, clip = 1;
  double warmup = 0.03;     // part of the run
  std::int64_t length = 0;  // tokens of a row; 0: the window the model is coded with, else 512
  std::int64_t batch_tokens = 4096;
  // Length of the run: the first limit that is reached ends it. 0: none; with no limit at all, epochs by size.
  double epochs = 0, minutes = 0;
  std::int64_t steps = 0;
  double held_out = 0.05;
  int evaluations = 12, patience = 4;  // measured so often; stopped after so many without a gain
};
// Asked before every step; true ends the run as a signal would: kCancelled, with a checkpoint.
using Stop = std::function<bool()>;
// stop: empty for Ctrl-C and SIGTERM.
Status run_adapt(const AdaptOptions& options, Stop stop = {});

struct EvalOptions {
  std::string model, valid, device = "cpu";  // model: a checkpoint folder or a GGUF file
  std::int64_t window = 512, tokens = 0;     // tokens per source, 0 is all
  int threads = 0;                           // 0: one for each core
};
Status run_eval(const EvalOptions& options);

// Threads to use when `wanted` are asked for: 0 is one for each core that this process may use.
inline int thread_count(int wanted) noexcept {
  return wanted > 0 ? wanted : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace koan
