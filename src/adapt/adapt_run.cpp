#include "adapt/adapt_run.h"

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <numbers>

#include "adapt/corpus.h"
#include "base/file.h"

namespace koan::train {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kReportSeconds = 10, kSaveSeconds = 120;
constexpr double kLeastGain = 0.0005;  // bits per byte: less is noise
constexpr double kMicro = 1e6;

std::atomic<bool> g_stop{false};
extern "C" void stop_adapting(int) { g_stop = true; }

}  // namespace

void stop_on_signals() {
  std::signal(SIGINT, stop_adapting);
  std::signal(SIGTERM, stop_adapting);
}

AdaptRun::AdaptRun(const AdaptOptions& options, LoraNet net, const AdaptData& data, std::string fingerprint)
    : o_(options),
      net_(std::move(net)),
      data_(data),
      fingerprint_(std::move(fingerprint)),
      optimizer_(net_, {options.lr, options.b_factor, options.weight_decay, options.clip}),
      batches_(data.train, data.bos, options.length, options.batch_tokens, options.seed),
      held_out_(RowBatches::for_measuring(data.held_out, data.bos, options.length, options.batch_tokens)) {
  if (o_.epochs > 0)
    total_steps_ = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::ceil(o_.epochs * static_cast<double>(batches_.batches_per_epoch()))));
  if (o_.steps > 0) total_steps_ = total_steps_ > 0 ? std::min(total_steps_, o_.steps) : o_.steps;
}

double AdaptRun::seconds() const {
  return seconds_before_ + std::chrono::duration<double>(Clock::now() - start_).count();
}

double AdaptRun::progress() const {
  double out = 0;
  if (total_steps_ > 0) out = static_cast<double>(optimizer_.steps) / static_cast<double>(total_steps_);
  if (o_.minutes > 0) out = std::max(out, seconds() / (o_.minutes * 60));
  return out;
}

// Linear warm-up, then linear to zero.
double AdaptRun::rate(double done) const {
  const double warm = o_.warmup > 0 ? std::min(1.0, std::max(done / o_.warmup, 0.01)) : 1.0;
  return warm * std::clamp((1 - done) / std::max(1 - o_.warmup, 1e-9), 0.0, 1.0);
}

double AdaptRun::measure() {
  torch::NoGradGuard no_grad;
  double nats = 0;
  for (const RowBatch& batch : held_out_) {
    const Tensor hidden = net_.hidden(batch.inputs.to(net_.device()));
    nats += frozen_cross_entropy(hidden, net_.output(), batch.targets.to(net_.device())).item<double>();
  }
  return nats / std::numbers::ln2 / static_cast<double>(data_.held_out_bytes);
}

double AdaptRun::measure_requantised() {
  net_.merge_requantised();
  const double out = measure();
  net_.merge();
  return out;
}

Status AdaptRun::log(const nlohmann::json& line) {
  if (o_.log.empty()) return {};
  log_ << line.dump() << std::endl;  // flushed: a run is followed while it goes
  return log_ ? Status() : Error{ErrorCode::kIo, o_.log + ": cannot be written (is the disk full?)"};
}

void AdaptRun::keep_best() {
  torch::NoGradGuard no_grad;
  best_.clear();
  for (const auto& [name, tensor] : optimizer_.weights()) best_.emplace_back(name, tensor.clone());
}

void AdaptRun::restore_best() {
  torch::NoGradGuard no_grad;
  const auto weights = optimizer_.weights();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    Tensor weight = weights[i].second;
    weight.copy_(best_[i].second);
  }
  net_.merge();
}

Status AdaptRun::evaluate() {
  last_score_ = measure();
  ++evaluations_;
  if (last_score_ < best_score_ - kLeastGain)
    without_gain_ = 0;
  else
    ++without_gain_;
  if (last_score_ < best_score_) {
    best_score_ = last_score_;
    keep_best();
  }
  if (!o_.quiet)
    std::printf("       step %ld: held-out %.4f bits per byte (base %.4f, %+.1f%%)\n",
                static_cast<long>(optimizer_.steps), last_score_, before_, 100 * (last_score_ / before_ - 1));
  std::fflush(stdout);
  return log({{"step", optimizer_.steps}, {"seconds", seconds()}, {"tokens", tokens_}, {"bits_per_byte", last_score_}});
}

Status AdaptRun::step() {
  const RowBatch batch = batches_.next();
  const std::int64_t live = (batch.targets >= 0).sum().item<std::int64_t>();
  if (live == 0) return {};
  const double done = progress();
  const Tensor hidden = net_.hidden(batch.inputs.to(net_.device()));
  const Tensor loss =
      frozen_cross_entropy(hidden, net_.output(), batch.targets.to(net_.device())) / static_cast<double>(live);
  loss.backward();
  const auto value = loss.item<double>();
  norm_ = optimizer_.step(rate(done));
  if (!std::isfinite(value) || !std::isfinite(norm_))
    return Error{ErrorCode::kVerification, "training diverged at step " + std::to_string(optimizer_.steps) +
                                               " (loss " + std::to_string(value) + "): lower --lr. Nothing was written"};
  net_.merge();
  loss_ += value * static_cast<double>(live);
  loss_tokens_ += live;
  tokens_ += live;
  places_ += static_cast<double>(batch.tokens);
  return {};
}

Status AdaptRun::report() {
  const double now = seconds(), done = progress();
  report_at_ = now + kReportSeconds;
  if (loss_tokens_ == 0) return {};
  const double loss = loss_ / static_cast<double>(loss_tokens_), speed = places_ / (now - report_from_);
  const double left = (now - seconds_before_) * (1 - done) / std::max(done - first_progress_, 1e-9);
  if (!o_.quiet)
    std::printf("%5.1f%% step %ld  epoch %.1f  loss %.3f  norm %.2f  %.0f tokens/s  %.4f bits per byte  %.1f min left\n",
                100 * std::min(done, 1.0), static_cast<long>(optimizer_.steps),
                static_cast<double>(optimizer_.steps) / static_cast<double>(batches_.batches_per_epoch()), loss, norm_,
                speed, last_score_, std::max(left, 0.0) / 60);
  std::fflush(stdout);
  loss_ = places_ = 0;
  loss_tokens_ = 0;
  report_from_ = now;
  return log({{"step", optimizer_.steps},
              {"seconds", now},
              {"progress", done},
              {"tokens", tokens_},
              {"loss", loss},
              {"norm", norm_},
              {"tokens_per_second", speed}});
}

Result<AdaptResult> AdaptRun::train() {
  if (!o_.log.empty()) {
    log_.open(o_.log, std::ios::app);
    if (!log_) return Error{ErrorCode::kIo, o_.log + ": cannot be written"};
  }
  start_ = Clock::now();
  if (optimizer_.steps == 0) {
    before_ = best_score_ = last_score_ = measure();
    if (!o_.quiet) std::printf("base model: held-out %.4f bits per byte\n", before_);
    std::fflush(stdout);
    keep_best();
    KOAN_TRY(log({{"step", 0}, {"seconds", seconds()}, {"tokens", 0}, {"bits_per_byte", before_}}));
  }
  first_progress_ = progress();
  report_from_ = seconds();
  report_at_ = report_from_ + kReportSeconds;
  save_at_ = report_from_ + kSaveSeconds;
  const double every = 1.0 / std::max(1, o_.evaluations);
  while (progress() < 1 && !g_stop) {
    KOAN_TRY(step());
    if (seconds() >= report_at_) KOAN_TRY(report());
    if (progress() >= static_cast<double>(evaluations_ + 1) * every) KOAN_TRY(evaluate());
    if (without_gain_ >= o_.patience && o_.patience > 0) {
      if (!o_.quiet) std::printf("no gain in %d measurements: stopped early\n", o_.patience);
      break;
    }
    if (seconds() >= save_at_) {
      KOAN_TRY(save());
      save_at_ = seconds() + kSaveSeconds;
    }
  }
  if (g_stop) {
    KOAN_TRY(save());
    return Error{ErrorCode::kCancelled, "stopped at step " + std::to_string(optimizer_.steps) + "; what is there is in " +
                                            checkpoint_path(o_) + ": give --resume to go on"};
  }
  KOAN_TRY(report());
  restore_best();
  AdaptResult out{optimizer_.steps, tokens_, before_, measure_requantised()};
  KOAN_TRY(log({{"step", out.steps}, {"seconds", seconds()}, {"tokens", out.tokens}, {"bits_per_byte_requantised", out.after}}));
  return out;
}

}  // namespace koan::train
