#include "adapt/adapt_run.h"

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <numbers>
#include <numeric>

#include "base/file.h"
#include "base/split_mix.h"

namespace koan::train {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kReportSeconds = 10, kSaveSeconds = 120;
constexpr double kLeastGain = 0.0005;  // bits per byte: less is noise
// Measuring may take this share of the run. A place that is measured costs this part of one that is trained on.
constexpr double kMeasuringShare = 0.1, kMeasuringCost = 0.4;
constexpr double kLeastMeasured = 4096;  // places: fewer say nothing
constexpr double kOverlap = 4.0 / 3;     // places for each token measured (RowBatches::for_measuring)
constexpr double kDiverged = 2;          // a loss above so many times the base model's, and worse than blind guessing

std::atomic<bool> g_stop{false};
extern "C" void stop_adapting(int) { g_stop = true; }

}  // namespace

Stop stop_on_signals() {
  g_stop = false;
  std::signal(SIGINT, stop_adapting);
  std::signal(SIGTERM, stop_adapting);
  return [] { return g_stop.load(); };
}

AdaptRun::AdaptRun(const AdaptOptions& options, LoraNet net, const AdaptData& data, std::string fingerprint)
    : o_(options),
      net_(std::move(net)),
      data_(data),
      fingerprint_(std::move(fingerprint)),
      optimizer_(net_, {options.lr, options.b_factor, options.weight_decay, options.clip}),
      batches_(data.train, data.bos, options.length, options.batch_tokens, options.seed) {
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

// Measuring must not cost much more than kMeasuringShare of the run, however short the run is: a sample of the held-out
// documents then stands for all. Decided once, before the first step, and by counts alone unless the run is limited by
// time.
void AdaptRun::choose_measured() {
  auto places = std::numeric_limits<double>::infinity();  // that the run will train on
  if (total_steps_ > 0) places = static_cast<double>(total_steps_ * o_.batch_tokens);
  if (o_.minutes > 0) places = std::min(places, o_.minutes * 60 * training_speed());
  // Besides the evaluations in the course of the run there are one before and one behind it.
  const double each = std::max(kLeastMeasured, kMeasuringShare * places / (kMeasuringCost * (o_.evaluations + 2)));
  double total = 0;
  for (const TokenDocument& document : data_.held_out)
    total += kOverlap * static_cast<double>(document.context.size() + document.text.size());
  // The order of measure_on is random, so a share of the documents is about that share of the places.
  const double share = std::min(1.0, each / total);
  measure_on(static_cast<std::size_t>(std::ceil(share * static_cast<double>(data_.held_out.size()))));
}

// On the first of the held-out documents in an order of their own.
void AdaptRun::measure_on(std::size_t documents) {
  std::vector<std::uint32_t> order(data_.held_out.size());
  std::iota(order.begin(), order.end(), 0u);
  std::uint64_t state = o_.seed;
  shuffle(order, state);
  order.resize(std::clamp<std::size_t>(documents, 1, order.size()));
  std::vector<TokenDocument> chosen;
  measured_bytes_ = measured_tokens_ = 0;
  for (const std::uint32_t d : order) {
    chosen.push_back(data_.held_out[d]);
    measured_bytes_ += chosen.back().bytes;
    measured_tokens_ += chosen.back().text.size();
  }
  measured_documents_ = chosen.size();
  held_out_ = RowBatches::for_measuring(chosen, data_.bos, o_.length, o_.batch_tokens);
}

// Places a second, from a short trial of the forward pass alone.
double AdaptRun::training_speed() {
  torch::NoGradGuard no_grad;
  const auto rows = std::max<std::int64_t>(1, o_.batch_tokens / o_.length);
  const Tensor tokens = torch::full({rows, o_.length}, static_cast<std::int64_t>(data_.bos), torch::kLong);
  double took = 0;
  for (int trial = 0; trial < 2; ++trial) {  // the first one prepares
    const auto from = Clock::now();
    frozen_cross_entropy(net_.hidden(tokens.to(net_.device())), net_.output(), tokens.reshape({-1}).to(net_.device()))
        .item();
    took = std::chrono::duration<double>(Clock::now() - from).count();
  }
  return static_cast<double>(rows * o_.length) / took * kMeasuringCost;
}

double AdaptRun::measure() {
  torch::NoGradGuard no_grad;
  double nats = 0;
  for (const RowBatch& batch : held_out_) {
    const Tensor hidden = net_.hidden(batch.inputs.to(net_.device()));
    nats += frozen_cross_entropy(hidden, net_.output(), batch.targets.to(net_.device())).item<double>();
  }
  return nats / std::numbers::ln2 / static_cast<double>(measured_bytes_);
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
  if (!std::isfinite(norm_) || !(value < most_loss_))
    return Error{ErrorCode::kVerification, "training diverged at step " + std::to_string(optimizer_.steps) + " (loss " +
                                               std::to_string(value) + "): lower --lr. No adapter was written"};
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
  const double left = (now - loop_from_) * (1 - done) / std::max(done - first_progress_, 1e-9);
  if (!o_.quiet)
    std::printf(
        "%5.1f%% step %ld  epoch %.1f  loss %.3f  norm %.2f  %.0f tokens/s  %.4f bits per byte  %.1f min left\n",
        100 * std::min(done, 1.0), static_cast<long>(optimizer_.steps),
        static_cast<double>(optimizer_.steps) / static_cast<double>(batches_.batches_per_epoch()), loss, norm_, speed,
        last_score_, std::max(left, 0.0) / 60);
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

Status AdaptRun::begin() {
  if (!o_.log.empty()) {
    log_.open(o_.log, std::ios::app);
    if (!log_) return Error{ErrorCode::kIo, o_.log + ": cannot be written"};
  }
  start_ = Clock::now();
  if (optimizer_.steps == 0) {
    choose_measured();
    before_ = best_score_ = last_score_ = measure();
    if (!o_.quiet)
      std::printf("base model: held-out %.4f bits per byte (of %.1f KB)\n", before_,
                  static_cast<double>(measured_bytes_) * 1e-3);
    std::fflush(stdout);
    keep_best();
    KOAN_TRY(log({{"step", 0}, {"seconds", seconds()}, {"tokens", 0}, {"bits_per_byte", before_}}));
  }
  const double base_loss =
      before_ * std::numbers::ln2 * static_cast<double>(measured_bytes_) / static_cast<double>(measured_tokens_);
  most_loss_ = std::max(kDiverged * base_loss, std::log(static_cast<double>(net_.config().vocab)));
  first_progress_ = progress();
  loop_from_ = report_from_ = seconds();
  report_at_ = loop_from_ + kReportSeconds;
  save_at_ = loop_from_ + kSaveSeconds;
  return {};
}

Result<AdaptResult> AdaptRun::train(const Stop& stop) {
  KOAN_TRY(begin());
  const double every = 1.0 / std::max(1, o_.evaluations);
  while (progress() < 1) {
    if (stop()) {
      KOAN_TRY(save());
      return Error{ErrorCode::kCancelled, "stopped at step " + std::to_string(optimizer_.steps) +
                                              "; what is there is in " + checkpoint_path(o_) +
                                              ": give --resume to go on"};
    }
    KOAN_TRY(step());
    if (seconds() >= report_at_) KOAN_TRY(report());
    const double done = progress();
    if (done >= 1 || done >= static_cast<double>(evaluations_ + 1) * every) KOAN_TRY(evaluate());
    if (without_gain_ >= o_.patience && o_.patience > 0) {
      if (!o_.quiet) std::printf("no gain in %d measurements: stopped early\n", o_.patience);
      break;
    }
    if (seconds() >= save_at_) {
      KOAN_TRY(save());
      save_at_ = seconds() + kSaveSeconds;
    }
  }
  return finish();
}

Result<AdaptResult> AdaptRun::finish() {
  KOAN_TRY(report());
  restore_best();
  const AdaptResult out{optimizer_.steps, tokens_, measured_bytes_, before_, measure_requantised()};
  if (!std::isfinite(out.after))
    return Error{ErrorCode::kVerification,
                 "the adapter's weights are too large for the form koan runs: lower --lr. "
                 "No adapter was written"};
  KOAN_TRY(log(
      {{"step", out.steps}, {"seconds", seconds()}, {"tokens", out.tokens}, {"bits_per_byte_requantised", out.after}}));
  return out;
}

}  // namespace koan::train
