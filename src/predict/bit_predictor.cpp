#include "predict/bit_predictor.h"

#include <algorithm>
#include <bit>

#include "predict/hash.h"

namespace koan {
namespace {

// Evidence that start values count for, and the most that is counted: how fast what was learned can change.
constexpr std::uint32_t kStartSeen = 60, kHistoryLimit = 255, kBothLimit = 1023, kMatchLimit = 1023, kPlaceLimit = 255;
constexpr std::int32_t kModelBuckets = 24;
constexpr std::size_t kPlaces = std::size_t{1} << 15, kEndHistories = std::size_t{1} << 16;
constexpr std::size_t kCalibrationContexts = std::size_t{1} << 12;
constexpr std::uint32_t kEndNode = 256;  // stands for the partial byte in decisions about a token's end

// Where the inputs of the mixer are.
constexpr std::size_t kInModel = 0, kInBias = 1, kInMatch = 2, kInPlace = 4, kInContexts = 5;
static_assert(kInContexts + 2 * kMaxContexts <= kMixInputs);

std::size_t slots_for(std::uint64_t bytes) noexcept {
  return std::clamp<std::uint64_t>(std::bit_ceil(bytes), 1u << 12, 1u << 22);
}

std::int32_t bucket_of(std::int32_t logit, std::int32_t buckets) noexcept {
  return std::clamp((logit + kStretchLimit) * buckets / (2 * kStretchLimit), 0, buckets - 1);
}

std::int32_t bucket_centre(std::int32_t bucket, std::int32_t buckets) noexcept {
  return (2 * bucket + 1) * kStretchLimit / buckets - kStretchLimit;
}

std::int16_t limited(std::int32_t x) noexcept {
  return static_cast<std::int16_t>(std::clamp(x, -kStretchLimit, kStretchLimit));
}

// How sure a probability is, linear where the logit is logarithmic.
std::int16_t sureness(std::uint32_t p16) noexcept {
  return static_cast<std::int16_t>((static_cast<std::int32_t>(p16) - 32768) >> 4);
}

std::vector<AdaptiveProbability> start_by_history(const StartValues& start) {
  const HistoryTable& states = history_table();
  std::vector<AdaptiveProbability> out;
  out.reserve(2 * kMaxContexts * kHistoryStates);
  for (const auto& decisions : start.by_history) {
    for (const auto& context : decisions) {
      for (std::size_t s = 0; s < kHistoryStates; ++s) {
        const std::uint32_t zeros = states.zeros[s] * 5u + 2, ones = states.ones[s] * 5u + 2;
        out.push_back(context[s] != 0 ? AdaptiveProbability(context[s], kStartSeen)
                                      : AdaptiveProbability(65536 * ones / (zeros + ones), 2));
      }
    }
  }
  return out;
}

std::vector<AdaptiveProbability> start_by_both(const StartValues& start) {
  constexpr auto kSteps = static_cast<std::int32_t>(kModelSteps);
  std::vector<AdaptiveProbability> out;
  out.reserve(2 * kMaxContexts * kHistoryStates * kModelSteps);
  for (const auto& decisions : start.by_both) {
    for (const auto& context : decisions) {
      for (std::size_t i = 0; i < context.size(); ++i) {
        const auto step = static_cast<std::int32_t>(i % kModelSteps);
        out.push_back(context[i] != 0 ? AdaptiveProbability(context[i], kStartSeen)
                                      : AdaptiveProbability(squash(bucket_centre(step, kSteps)), 1));
      }
    }
  }
  return out;
}

}  // namespace

BitPredictor::BitPredictor(const PredictorSetup& setup, std::uint64_t bytes, const StartValues& start)
    : mode_(setup.mode),
      predictors_(setup.predictors),
      set_(&context_set(mode_)),
      states_(&history_table()),
      slots_(slots_for(bytes)),
      end_histories_(mode_ == PredictorMode::kTokens ? kEndHistories : 0),
      match_(bytes),
      by_history_(start_by_history(start)),
      by_both_(start_by_both(start)),
      by_place_(mode_ == PredictorMode::kTokens ? kPlaces : 0),
      mixer_(start.weights, *setup.kernels),
      calibrate_node_(kEndNode + 1),
      calibrate_context_(kCalibrationContexts) {
  history_.hashes(mode_, hashes_);
}

std::uint64_t BitPredictor::memory_bytes(std::uint64_t bytes) noexcept {
  // Slots, bytes and token ends, the match table, and what does not depend on the length.
  return slots_for(bytes) * SlotTable::kSlotBytes + 6 * bytes + (std::uint64_t{1} << 20);
}

int BitPredictor::bits_done() const noexcept { return std::bit_width(partial_) - 1; }

// Histories of four bits share a slot: nodes 1, 2..3, 4..7, 8..15.
std::uint32_t BitPredictor::node() const noexcept {
  const int in_nibble = bits_done() & 3;
  return (1u << in_nibble) | (partial_ & ((1u << in_nibble) - 1));
}

void BitPredictor::enter_nibble() noexcept {
  std::array<std::uint32_t, kMaxContexts> hashes = hashes_;
  if (bits_done() >= 4) {
    const std::uint32_t first_nibble = partial_ >> (bits_done() & 3);
    for (std::size_t i = 0; i < set_->size; ++i) {
      hashes[i] = hash_pair(hashes_[i], first_nibble + 0x1234567);
      slots_.prefetch(hashes[i]);
    }
  }
  for (std::size_t i = 0; i < set_->size; ++i) {
    if (is_on(i)) slot_[i] = slots_.find(hashes[i]);
  }
  nibble_ready_ = true;
}

std::size_t BitPredictor::place_index(std::uint32_t place, std::int32_t logit) noexcept {
  return (place * kModelBuckets + static_cast<std::uint32_t>(bucket_of(logit, kModelBuckets))) * 0x9E3779B1u >> 17;
}

void BitPredictor::prefetch(const ModelOpinion& model) const noexcept {
  if (!by_place_.empty()) __builtin_prefetch(&by_place_[place_index(model.place, stretch(model.p16))]);
}

void BitPredictor::gather(const ModelOpinion& model, bool end) noexcept {
  end_ = end;
  inputs_ = {};
  const bool has_model = mode_ == PredictorMode::kTokens;
  model_logit_ = has_model ? stretch(model.p16) : 0;
  inputs_[kInModel] = static_cast<std::int16_t>(model_logit_);
  inputs_[kInBias] = 256;

  expected_ = -1;
  match_bit_ = nullptr;
  if (predictors_ & kPredictMatch) expected_ = end ? match_.expected_end() : match_.expected_bit(partial_);
  if (expected_ >= 0) {
    match_bit_ = &by_match_[(match_.length_step() * 2 + (end ? 1 : 0)) * 2 + static_cast<std::uint32_t>(expected_)];
    inputs_[kInMatch] = static_cast<std::int16_t>(stretch(match_bit_->p16()));
    inputs_[kInMatch + 1] = sureness(match_bit_->p16());
  }

  place_ = model.place;
  place_bit_ = nullptr;
  if (has_model && (predictors_ & kPredictBias)) {
    place_bit_ = &by_place_[place_index(place_, model_logit_)];
    if (place_bit_->seen() == 0) {
      *place_bit_ = AdaptiveProbability(model.p16, 0);
    } else {
      inputs_[kInPlace] = static_cast<std::int16_t>(stretch(place_bit_->p16()));
    }
  }

  constexpr auto kSteps = static_cast<std::int32_t>(kModelSteps);
  const std::int32_t step = bucket_of(model_logit_, kSteps);
  const std::int32_t centre = bucket_centre(step, kSteps);
  const std::size_t decision = end ? kMaxContexts : 0;
  const std::uint32_t at = end ? 0 : node();
  if (!end && !nibble_ready_) enter_nibble();
  seen_ = 0;
  for (std::size_t i = 0; i < set_->size; ++i) {
    histories_[i] = nullptr;
    if (!is_on(i)) continue;
    std::uint8_t* const history = end ? &end_history(i) : slot_[i] + at;
    const std::size_t state = (decision + i) * kHistoryStates + *history;
    histories_[i] = history;
    history_bits_[i] = &by_history_[state];
    both_bits_[i] = &by_both_[state * kModelSteps + static_cast<std::size_t>(step)];
    if (*history == 0) continue;
    ++seen_;
    inputs_[kInContexts + i] = static_cast<std::int16_t>(stretch(history_bits_[i]->p16()));
    // What the history adds to the model's opinion. Without a model: how sure it is.
    inputs_[kInContexts + kMaxContexts + i] =
        has_model ? limited(stretch(both_bits_[i]->p16()) - centre) : sureness(history_bits_[i]->p16());
  }
}

std::uint32_t BitPredictor::predict(const ModelOpinion& model, bool end) noexcept {
  const std::size_t context = (end ? model.place * 31 : partial_ + 256 * history_.last_byte()) * 0x9E3779B1u >> 20;
  if (predictors_ & kPredictCalibration) calibrate_context_.prefetch(context);
  gather(model, end);
  const std::uint32_t e = end ? 1 : 0;
  const std::uint32_t match = expected_ < 0 ? 0 : 1 + match_.length_step();
  const std::uint32_t agrees = expected_ < 0 ? 0 : (expected_ == 1) == (model_logit_ > 0) ? 1 : 2;
  const auto done = static_cast<std::uint32_t>(bits_done());
  std::array<std::uint32_t, kMixSets> selectors{};
  if (mode_ == PredictorMode::kTokens) {
    selectors[0] = static_cast<std::uint32_t>(bucket_of(model_logit_, kModelBuckets)) * 2 + e;
    selectors[3] = std::min(history_.bytes_in_token(), 7u) * 8 + std::min(seen_, 7u);
  } else {
    selectors[0] = done * 6 + std::min(seen_ / 2, 5u);
    selectors[3] = (match_.size() & 7) * 8 + done;
  }
  selectors[1] = match * 6 + agrees * 2 + e;
  selectors[2] = end ? kEndNode : partial_;
  selectors[4] = history_.last_byte() * 3 + static_cast<std::uint32_t>(expected_ + 1);
  const std::int32_t logit = mixer_.mix(inputs_, selectors, match * 2 + e);
  const std::uint32_t p = squash(logit);
  if ((predictors_ & kPredictCalibration) == 0) return std::clamp(p, 1u, 65535u);
  const std::uint32_t by_node = calibrate_node_.refine(logit, end ? kEndNode : partial_);
  const std::uint32_t by_context = calibrate_context_.refine(logit, context);
  return std::clamp((2 * p + by_node + by_context + 2) >> 2, 1u, 65535u);
}

std::uint32_t BitPredictor::predict_bit(const ModelOpinion& model) noexcept { return predict(model, false); }
std::uint32_t BitPredictor::predict_end(const ModelOpinion& model) noexcept { return predict(model, true); }

void BitPredictor::update(bool bit) noexcept {
  mixer_.update(inputs_, bit);
  if (predictors_ & kPredictCalibration) {
    calibrate_node_.update(bit);
    calibrate_context_.update(bit);
  }
  if (match_bit_) match_bit_->update(bit, kMatchLimit);
  if (place_bit_) place_bit_->update(bit, kPlaceLimit);
  for (std::size_t i = 0; i < set_->size; ++i) {
    if (histories_[i] == nullptr) continue;
    history_bits_[i]->update(bit, kHistoryLimit);
    if (mode_ == PredictorMode::kTokens) both_bits_[i]->update(bit, kBothLimit);
    *histories_[i] = states_->next[*histories_[i]][bit ? 1 : 0];
  }
  if (!end_) advance(bit);
}

void BitPredictor::skip_bit(bool bit) noexcept { advance(bit); }

void BitPredictor::advance(bool bit) noexcept {
  partial_ = partial_ * 2 + (bit ? 1 : 0);
  const int done = bits_done();
  if (done == 4) nibble_ready_ = false;
  if (done == 8) finish_byte();
}

void BitPredictor::finish_byte() noexcept {
  const auto byte = static_cast<std::uint8_t>(partial_);
  partial_ = 1;
  nibble_ready_ = false;
  match_.add(byte);
  history_.add(byte, match_);
  renew_hashes();
}

void BitPredictor::renew_hashes() noexcept {
  history_.hashes(mode_, hashes_);
  for (std::size_t i = 0; i < set_->size; ++i) {
    if (is_on(i)) slots_.prefetch(hashes_[i]);
  }
}

void BitPredictor::end_token(std::uint32_t token) noexcept {
  match_.end_token();
  history_.end_token(token);
  renew_hashes();
  nibble_ready_ = false;
}

void BitPredictor::observe(std::uint8_t byte) noexcept {
  for (int shift = 7; shift >= 0; --shift) {
    const bool bit = (byte >> shift & 1) != 0;
    if (!nibble_ready_) enter_nibble();
    const std::uint32_t at = node();
    for (std::size_t i = 0; i < set_->size; ++i) {
      if (!is_on(i)) continue;
      slot_[i][at] = states_->next[slot_[i][at]][bit ? 1 : 0];
    }
    advance(bit);
  }
}

void BitPredictor::observe_end(bool end) noexcept {
  for (std::size_t i = 0; i < set_->size; ++i) {
    if (!is_on(i)) continue;
    std::uint8_t& history = end_history(i);
    history = states_->next[history][end ? 1 : 0];
  }
}

void BitPredictor::add_to(Learned& sums, double weight) const {
  const auto add = [](const std::vector<AdaptiveProbability>& bits, std::vector<double>& sum, std::vector<double>& n) {
    sum.resize(bits.size());
    n.resize(bits.size());
    for (std::size_t i = 0; i < bits.size(); ++i) {
      // One or two is what a probability starts with: nothing was seen.
      const double seen = bits[i].seen() > 2 ? bits[i].seen() : 0;
      sum[i] += seen * bits[i].p16();
      n[i] += seen;
    }
  };
  add(by_history_, sums.by_history, sums.by_history_n);
  add(by_both_, sums.by_both, sums.by_both_n);
  sums.weights.resize(kMixWeights);
  for (std::size_t i = 0; i < kMixWeights; ++i) sums.weights[i] += weight * mixer_.weights()[i];
  sums.n += weight;
}

}  // namespace koan
