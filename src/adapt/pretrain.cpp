// koan-train pretrain: the loop, its schedules, its log.
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "adapt/checkpoint.h"
#include "adapt/commands.h"
#include "adapt/evaluate.h"
#include "adapt/sampler.h"
#include "adapt/schedule.h"
#include "base/file.h"

namespace koan {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kReportSeconds = 15;
constexpr std::int64_t kEvalWindow = 512;

std::atomic<bool> g_stop{false};
extern "C" void stop_training(int) { g_stop = true; }

class Run {
 public:
  Run(const PretrainOptions& options, std::vector<Stage> stages, Pack data, Pack valid, const train::NetConfig& config)
      : o_(options),
        stages_(std::move(stages)),
        data_(std::move(data)),
        valid_(std::move(valid)),
        net_(config, torch::Device(options.device), options.seed),
        optimizer_(net_, {options.muon_lr, options.adam_lr, options.weight_decay, options.clip}),
        sampler_(data_, options.seed) {}

  Status resume(const GgufFile& file) {
    KOAN_TRY(train::restore_checkpoint(file, net_, optimizer_, progress_));
    KOAN_TRY(sampler_.restore(progress_.sampler));
    before_ = progress_.seconds;
    return {};
  }

  // Weights alone: the optimiser and the schedule start anew.
  Status start_from(const GgufFile& file) { return train::load_parameters(file, net_); }

  Status train() {
    log_.open(log_path(), std::ios::app);
    if (!log_) return Error{ErrorCode::kIo, log_path() + ": cannot be written"};
    std::int64_t parameters = 0;
    for (const auto& p : net_.parameters()) parameters += p.tensor.numel();
    std::printf("%.3f M parameters, at step %ld\n", static_cast<double>(parameters) * 1e-6,
                static_cast<long>(optimizer_.steps));
    start_ = Clock::now();
    first_part_ = done();
    report_at_ = seconds() + kReportSeconds;
    eval_at_ = seconds() + o_.eval_minutes * 60;
    save_at_ = seconds() + o_.checkpoint_minutes * 60;
    report_tokens_ = progress_.tokens;
    report_from_ = seconds();
    while (done() < 1 && !g_stop) {
      KOAN_TRY(step());
      const double now = seconds();
      if (now >= report_at_) KOAN_TRY(report());
      if (now >= eval_at_) {
        KOAN_TRY(evaluate());
        eval_at_ = seconds() + o_.eval_minutes * 60;
      }
      if (now >= save_at_) {
        KOAN_TRY(save());
        save_at_ = seconds() + o_.checkpoint_minutes * 60;
      }
    }
    KOAN_TRY(report());
    if (!g_stop) KOAN_TRY(evaluate());
    return save();
  }

 private:
  std::string log_path() const { return o_.out + "/log.jsonl"; }
  double seconds() const { return before_ + std::chrono::duration<double>(Clock::now() - start_).count(); }
  double done() const {
    return o_.minutes > 0 ? seconds() / (o_.minutes * 60)
                          : static_cast<double>(optimizer_.steps) / static_cast<double>(o_.steps);
  }

  Status step() {
    const double progress = done();
    const std::int64_t length = length_at(stages_, progress);
    sampler_.set_length(static_cast<std::size_t>(length));
    const std::int64_t rows = o_.batch_tokens / length;
    torch::Tensor inputs = torch::empty({rows, length}, torch::kLong),
                  targets = torch::empty({rows * length}, torch::kLong);
    for (std::int64_t r = 0; r < rows; ++r)
      sampler_.next_row(inputs.data_ptr<std::int64_t>() + r * length, targets.data_ptr<std::int64_t>() + r * length);
    const auto live = static_cast<double>((targets >= 0).sum().item<std::int64_t>());
    const torch::Tensor hidden = net_.hidden(inputs.to(net_.device()));
    const torch::Tensor loss = train::linear_cross_entropy(hidden, net_.embedding(), targets.to(net_.device())) / live;
    loss.backward();
    const auto value = loss.item<double>();
    rate_ = rate_at(o_, progress);
    norm_ = optimizer_.step(rate_);
    if (!std::isfinite(value) || !std::isfinite(norm_))  // nothing is saved from here on
      return Error{ErrorCode::kVerification,
                   "training diverged at step " + std::to_string(optimizer_.steps) + " (loss " + std::to_string(value) +
                       ", gradient norm " + std::to_string(norm_) +
                       "): lower --muon-lr and --adam-lr; a checkpoint in " + o_.out + " is as it was"};
    loss_ += value;
    ++loss_count_;
    length_ = length;
    progress_.tokens += o_.batch_tokens;
    return {};
  }

  Status log(const nlohmann::json& line) {
    log_ << line.dump() << std::endl;  // flushed: a run is followed while it goes
    return log_ ? Status() : Error{ErrorCode::kIo, log_path() + ": cannot be written (is the disk full?)"};
  }

  Status report() {
    if (loss_count_ == 0) return {};
    const double now = seconds(), part = done();
    const double speed = static_cast<double>(progress_.tokens - report_tokens_) / (now - report_from_);
    const double loss = loss_ / static_cast<double>(loss_count_);
    const double left = part > 0 ? (now - before_) / 60 * (1 - part) / std::max(part - first_part_, 1e-9) : 0;
    std::printf(
        "%5.1f%% step %ld  %.2f M tokens  loss %.4f (%.3f bits a token)  norm %.2f  rate %.3f  window %ld  "
        "%.0f tokens/s  %.1f min left\n",
        part * 100, static_cast<long>(optimizer_.steps), static_cast<double>(progress_.tokens) * 1e-6, loss,
        loss / std::numbers::ln2, norm_, rate_, static_cast<long>(length_), speed, left);
    std::fflush(stdout);
    loss_ = 0;
    loss_count_ = 0;
    report_tokens_ = progress_.tokens;
    report_from_ = now;
    report_at_ = now + kReportSeconds;
    return log({{"step", optimizer_.steps},
                {"seconds", now},
                {"progress", part},
                {"tokens", progress_.tokens},
                {"loss", loss},
                {"norm", norm_},
                {"rate", rate_},
                {"window", length_},
                {"tokens_per_second", speed}});
  }

  Status evaluate() {
    nlohmann::json scores;
    std::printf("       bits per byte:");
    for (const train::SourceScore& score : train::evaluate(net_, valid_, kEvalWindow, o_.eval_tokens)) {
      scores[score.name] = score.bits_per_byte();
      std::printf("  %s %.3f", score.name.c_str(), score.bits_per_byte());
    }
    std::printf("\n");
    std::fflush(stdout);
    return log(
        {{"step", optimizer_.steps}, {"seconds", seconds()}, {"tokens", progress_.tokens}, {"bits_per_byte", scores}});
  }

  Status save() {
    progress_.seconds = seconds();
    progress_.sampler = sampler_.state();
    return train::save_checkpoint(o_.out, net_, optimizer_, *data_.tokenizer, progress_);
  }

  PretrainOptions o_;
  std::vector<Stage> stages_;
  Pack data_, valid_;
  train::Net net_;
  train::Optimizer optimizer_;
  Sampler sampler_;
  train::Progress progress_;
  std::ofstream log_;
  Clock::time_point start_;
  double before_ = 0, report_at_ = 0, eval_at_ = 0, save_at_ = 0, report_from_ = 0;
  double first_part_ = 0, loss_ = 0, rate_ = 0, norm_ = 0;
  std::int64_t loss_count_ = 0, length_ = 0, report_tokens_ = 0;
};

}  // namespace

Status run_pretrain(const PretrainOptions& o) {
  at::set_num_threads(thread_count(o.threads));
  KOAN_ASSIGN(std::vector<Stage> stages, parse_stages(o.seq_schedule, o.batch_tokens));
  KOAN_ASSIGN(Pack data, read_pack(o.data));
  KOAN_ASSIGN(Pack valid, read_pack(o.valid));
  if (valid.tokenizer->decode_hash() != data.tokenizer->decode_hash())
    return Error{ErrorCode::kUsage, "the two packs have different tokenizers"};
  std::error_code error;
  std::filesystem::create_directories(o.out, error);
  if (error) return Error{ErrorCode::kIo, o.out + ": " + error.message()};
  const std::string path = o.out + "/checkpoint.gguf";
  if (!o.resume && std::filesystem::exists(path))
    return Error{ErrorCode::kUsage, path + " exists: give --resume to continue it, or another folder"};
  train::NetConfig config{static_cast<std::int64_t>(data.tokenizer->size()),
                          o.width,
                          o.layers,
                          o.heads,
                          o.kv_heads,
                          o.head_dim,
                          o.feed_forward};
  if (o.resume && !o.init.empty()) return Error{ErrorCode::kUsage, "--init and --resume exclude each other"};
  const std::string from = o.resume ? path : o.init;
  Bytes bytes;
  GgufFile file;
  if (!from.empty()) {
    KOAN_ASSIGN(bytes, read_file(from, kMaxFile));
    auto parsed = parse_gguf(bytes);
    if (!parsed) return std::move(parsed).error().in(from);
    file = std::move(*parsed);
    KOAN_ASSIGN(config, train::config_from_gguf(file));
    KOAN_ASSIGN(const Tokenizer tokenizer, Tokenizer::from_gguf(file));
    if (tokenizer.decode_hash() != data.tokenizer->decode_hash())
      return Error{ErrorCode::kUsage, from + " was trained with another tokenizer than that of " + o.data};
  }
  KOAN_TRY(train::check(config));
  Run run(o, std::move(stages), std::move(data), std::move(valid), config);
  if (!from.empty()) KOAN_TRY(o.resume ? run.resume(file) : run.start_from(file));
  std::signal(SIGINT, stop_training);
  std::signal(SIGTERM, stop_training);
  return run.train();
}

}  // namespace koan
