// The training of one adapter: steps, schedule, measuring, early stopping, checkpoint.
#pragma once

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "adapt/commands.h"
#include "adapt/lora.h"
#include "adapt/lora_optimizer.h"
#include "adapt/row_batches.h"

namespace koan::train {

struct AdaptData {
  std::vector<TokenDocument> train, held_out;  // neither is empty
  Token bos = 0;
};

struct AdaptResult {
  std::int64_t steps = 0, tokens = 0;  // tokens: text tokens learned from, repeats counted
  std::uint64_t measured_bytes = 0;    // held-out text that the next two are of
  double before = 0, after = 0;        // bits per byte; after: as koan will run it
};

class AdaptRun {
 public:
  // fingerprint: of everything that a checkpoint must agree on. data outlives the run. options.length is set.
  AdaptRun(const AdaptOptions& options, LoraNet net, const AdaptData& data, std::string fingerprint);

  static std::string checkpoint_path(const AdaptOptions& options) { return options.out + ".checkpoint"; }
  Status resume();
  // kCancelled when `stop` says so: the checkpoint is then written.
  Result<AdaptResult> train(const Stop& stop);
  const LoraNet& net() const noexcept { return net_; }

 private:
  double seconds() const;
  double progress() const;
  double rate(double progress) const;
  void choose_measured();
  void measure_on(std::size_t documents);
  double training_speed();
  double measure();
  Status begin();
  Status evaluate();
  Status step();
  Status report();
  Status log(const nlohmann::json& line);
  Status save();
  Status restore(const GgufFile& file);
  Result<AdaptResult> finish();
  void keep_best();
  void restore_best();
  double measure_requantised();

  AdaptOptions o_;
  LoraNet net_;
  const AdaptData& data_;
  std::string fingerprint_;
  LoraOptimizer optimizer_;
  RowBatches batches_;
  std::vector<RowBatch> held_out_;  // what is measured on
  std::uint64_t measured_documents_ = 0, measured_bytes_ = 0, measured_tokens_ = 0;
  std::vector<std::pair<std::string, Tensor>> best_;
  std::ofstream log_;
  std::chrono::steady_clock::time_point start_;
  double seconds_before_ = 0;                  // of the sittings before this one
  double loop_from_ = 0, first_progress_ = 0;  // seconds and progress when this sitting's first step began
  double report_at_ = 0, save_at_ = 0;
  std::int64_t total_steps_ = 0, tokens_ = 0, evaluations_ = 0, without_gain_ = 0;
  double before_ = 0, best_score_ = 0, last_score_ = 0;
  double most_loss_ = 0;  // above it, training has diverged
  double loss_ = 0, norm_ = 0, places_ = 0, report_from_ = 0;
  std::int64_t loss_tokens_ = 0;
};

// True after Ctrl-C or SIGTERM, which from now on do nothing else.
Stop stop_on_signals();

}  // namespace koan::train
