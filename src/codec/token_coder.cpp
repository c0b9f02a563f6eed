#include "codec/token_coder.h"

#include <algorithm>
#include <atomic>
#include <bit>

namespace koan {
namespace {

// Positions of cache that a thread's streams hold together, one stream's window apart: what a file asks for must not
// set our memory.
constexpr unsigned kMaxPositions = 65536;
// Memory of the adaptive predictors that a thread's streams hold together, for the same reason.
constexpr std::uint64_t kPredictorBudget = std::uint64_t{192} << 20;
constexpr unsigned kMaxRows = 16;  // rows per forward pass from which more rows make a pass hardly faster per row

// One text on one stream while it is being encoded.
struct EncodeLane {
  EncodeJob* job = nullptr;
  std::vector<Token> tokens;
  std::size_t coded = 0;  // tokens already coded
  Token first = 0;        // what the model is fed before the first token of the text
  RangeEncoder coder;
  std::optional<TokenStep> step;
};

struct DecodeLane {
  DecodeJob* job = nullptr;
  RangeDecoder coder{ByteView{}};
  Token last = 0;
  std::optional<TokenStep> step;
};

TokenTables tables_of(const TokenCoder& coder) {
  return {coder.setup().kernels, &coder.tree(), &coder.setup().model->tokenizer(), {}};
}

class EncodeWorker {
 public:
  EncodeWorker(const TokenCoder& coder, Streams& streams, unsigned n_lanes)
      : coder_(coder), setup_(coder.setup()), streams_(streams), lanes_(n_lanes), tables_(tables_of(coder)) {}

  Status run(std::span<EncodeJob> jobs, std::atomic<std::size_t>& next_job, Progress& progress, bool reports) {
    for (;;) {
      KOAN_TRY(refill(jobs, next_job));
      plan_rows();
      if (rows_.empty()) return {};
      if (progress.cancelled()) return Error{ErrorCode::kCancelled, "stopped"};
      streams_.forward(rows_);
      code_rows(progress);
      if (reports) progress.tick();
    }
  }

 private:
  Status refill(std::span<EncodeJob> jobs, std::atomic<std::size_t>& next_job) {
    for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
      EncodeLane& lane = lanes_[i];
      if (lane.job) continue;
      const std::size_t j = next_job.fetch_add(1);
      if (j >= jobs.size()) continue;
      lane = EncodeLane{};
      lane.job = &jobs[j];
      lane.step = coder_.start_step(lane.job->text.size());
      lane.tokens = setup_.model->tokenizer().encode(lane.job->text);
      // Of tokens with equal bytes only one can be coded.
      for (Token& token : lane.tokens) token = coder_.tree().token_at(coder_.tree().rank_of(token));
      KOAN_TRY(check_tokens(lane));
      lane.first = coder_.start_stream(streams_, i);
    }
    return {};
  }

  // The encoding verifies itself: what the decoder will concatenate must be the text.
  Status check_tokens(const EncodeLane& lane) const {
    Bytes back;
    back.reserve(lane.job->text.size());
    for (Token t : lane.tokens) setup_.model->tokenizer().append_decoded(t, back);
    if (back.size() != lane.job->text.size() || !std::equal(back.begin(), back.end(), lane.job->text.begin())) {
      return Error{ErrorCode::kInternal, "the tokenizer does not reproduce the text"};
    }
    return {};
  }

  void plan_rows() {
    rows_.clear();
    targets_.clear();
    const auto active =
        static_cast<unsigned>(std::count_if(lanes_.begin(), lanes_.end(), [](const EncodeLane& l) { return l.job; }));
    if (active == 0) return;
    const std::size_t per_lane = std::max(1u, kMaxRows / active);
    for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
      const EncodeLane& lane = lanes_[i];
      if (!lane.job) continue;
      const std::size_t end = std::min(lane.tokens.size(), lane.coded + per_lane);
      for (std::size_t t = lane.coded; t < end; ++t) {
        rows_.push_back({i, t == 0 ? lane.first : lane.tokens[t - 1]});
        targets_.push_back(lane.tokens[t]);
      }
    }
  }

  void code_rows(Progress& progress) {
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      EncodeLane& lane = lanes_[rows_[r].stream];
      const NextToken next = streams_.next(r);
      const Token token = targets_[r];
      lane.job->ideal_bits += lane.step->encode(tables_, {next.freqs, next.total}, token, lane.coder);
      progress.done(setup_.model->tokenizer().bytes(token).size());
      if (++lane.coded == lane.tokens.size()) {
        lane.coder.finish();
        lane.job->tokens = lane.tokens.size();
        lane.job->coded = lane.coder.take();
        lane.job = nullptr;
      }
    }
  }

  const TokenCoder& coder_;
  const CoderSetup& setup_;
  Streams& streams_;
  std::vector<EncodeLane> lanes_;
  TokenTables tables_;
  std::vector<Row> rows_;
  std::vector<Token> targets_;
};

class DecodeWorker {
 public:
  DecodeWorker(const TokenCoder& coder, Streams& streams, unsigned n_lanes)
      : coder_(coder), setup_(coder.setup()), streams_(streams), lanes_(n_lanes), tables_(tables_of(coder)) {}

  Status run(std::span<DecodeJob> jobs, std::atomic<std::size_t>& next_job, Progress& progress, bool reports) {
    for (;;) {
      rows_.clear();
      for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
        if (!lanes_[i].job) start(i, jobs, next_job);
        if (lanes_[i].job) rows_.push_back({i, lanes_[i].last});
      }
      if (rows_.empty()) return {};
      if (progress.cancelled()) return Error{ErrorCode::kCancelled, "stopped"};
      streams_.forward(rows_);
      for (std::uint32_t r = 0; r < rows_.size(); ++r) decode_row(r, progress);
      if (reports) progress.tick();
    }
  }

 private:
  void start(std::uint32_t i, std::span<DecodeJob> jobs, std::atomic<std::size_t>& next_job) {
    const std::size_t j = next_job.fetch_add(1);
    if (j >= jobs.size()) return;
    lanes_[i].job = &jobs[j];
    lanes_[i].coder = RangeDecoder(jobs[j].coded);
    lanes_[i].step = coder_.start_step(jobs[j].text_bytes);
    lanes_[i].last = coder_.start_stream(streams_, i);
  }

  void decode_row(std::uint32_t r, Progress& progress) {
    DecodeLane& lane = lanes_[rows_[r].stream];
    DecodeJob& job = *lane.job;
    const NextToken next = streams_.next(r);
    const Token token = lane.step->decode(tables_, {next.freqs, next.total}, lane.coder);
    lane.last = token;
    const Tokenizer& tokenizer = setup_.model->tokenizer();
    const std::size_t size = tokenizer.bytes(token).size();
    // Without the last condition a short stream could claim, and cost, as many tokens as its text length says.
    if (size == 0 || size > job.text_bytes - job.text.size() || lane.coder.past_end()) {
      job.damaged = true;
      lane.job = nullptr;
      return;
    }
    tokenizer.append_decoded(token, job.text);
    ++job.tokens;
    progress.done(size);
    if (job.text.size() == job.text_bytes) {
      const auto end = lane.coder.finish();
      job.damaged = !end;
      job.consumed = end.value_or(0);
      lane.job = nullptr;
    }
  }

  const TokenCoder& coder_;
  const CoderSetup& setup_;
  Streams& streams_;
  std::vector<DecodeLane> lanes_;
  TokenTables tables_;
  std::vector<Row> rows_;
};

}  // namespace

TokenCoder::TokenCoder(CoderSetup setup) : setup_(std::move(setup)), tree_(setup_.model->tokenizer()) {
  if (!setup_.context) return;
  context_ = setup_.model->tokenizer().encode(*setup_.context);
  for (Token& token : context_) token = tree_.token_at(tree_.rank_of(token));
}

std::uint64_t TokenCoder::size_class(std::uint64_t text_bytes) const noexcept {
  return std::bit_ceil(text_bytes + (setup_.context ? setup_.context->size() : 0));
}

void TokenCoder::prepare_step(std::uint64_t text_bytes) {
  if (setup_.predictors == 0 || context_.empty()) return;
  const std::uint64_t size = size_class(text_bytes);
  if (primed_.contains(size)) return;
  BitPredictor predictor({PredictorMode::kTokens, setup_.predictors, setup_.kernels}, size);
  const TokenTables tables = tables_of(*this);
  for (const Token token : context_) observe_token(predictor, tables, token);
  primed_.emplace(size, std::move(predictor));
}

TokenStep TokenCoder::start_step(std::uint64_t text_bytes) const {
  if (setup_.predictors == 0) return TokenStep(std::nullopt);
  const std::uint64_t size = size_class(text_bytes);
  const auto primed = primed_.find(size);
  if (primed != primed_.end()) return TokenStep(primed->second);
  return TokenStep(BitPredictor({PredictorMode::kTokens, setup_.predictors, setup_.kernels}, size));
}

Token TokenCoder::start_stream(Streams& streams, std::uint32_t stream) const {
  streams.reset(stream);
  Token last = setup_.model->tokenizer().bos();
  std::vector<Row> rows;
  const std::size_t begin = context_.size() - std::min<std::size_t>(context_.size(), setup_.window.size);
  for (std::size_t i = begin; i < context_.size(); ++i) {
    rows.push_back({stream, last});
    last = context_[i];
    if (rows.size() == kMaxRows || i + 1 == context_.size()) {
      streams.forward(rows);
      rows.clear();
    }
  }
  return last;
}

Result<unsigned> TokenCoder::prepare(std::span<const std::uint64_t> text_bytes) {
  const std::size_t jobs = text_bytes.size();
  const auto threads = static_cast<unsigned>(std::min<std::size_t>(setup_.threads, std::max<std::size_t>(jobs, 1)));
  std::uint64_t longest = 0;
  for (const std::uint64_t bytes : text_bytes) {
    prepare_step(bytes);
    longest = std::max(longest, bytes);
  }
  const std::uint64_t affordable = kPredictorBudget / BitPredictor::memory_bytes(size_class(longest));
  const auto most = static_cast<unsigned>(std::clamp<std::uint64_t>(
      std::min<std::uint64_t>(affordable, kMaxPositions / setup_.window.size), 1, setup_.streams));
  const auto per_worker = static_cast<unsigned>(std::min<std::size_t>(most, (jobs + threads - 1) / threads));
  lanes_per_worker_ = per_worker;
  if (per_worker > streams_per_worker_) {
    workers_.clear();
    streams_per_worker_ = per_worker;
  }
  while (workers_.size() < threads) {
    KOAN_ASSIGN(Streams streams, Streams::create(setup_.model, setup_.kernels, setup_.window, streams_per_worker_,
                                                 std::max(kMaxRows, streams_per_worker_)));
    workers_.push_back(std::move(streams));
  }
  return threads;
}

Status TokenCoder::encode(std::span<EncodeJob> jobs, Progress& progress) {
  std::vector<std::uint64_t> sizes;
  for (const EncodeJob& job : jobs) sizes.push_back(job.text.size());
  KOAN_ASSIGN(const unsigned threads, prepare(sizes));
  std::atomic<std::size_t> next_job{0};
  return run_workers(threads, [&](unsigned w) {
    return EncodeWorker(*this, workers_[w], lanes_per_worker_).run(jobs, next_job, progress, w == 0);
  });
}

Status TokenCoder::decode(std::span<DecodeJob> jobs, Progress& progress) {
  std::vector<std::uint64_t> sizes;
  for (const DecodeJob& job : jobs) sizes.push_back(job.text_bytes);
  KOAN_ASSIGN(const unsigned threads, prepare(sizes));
  std::atomic<std::size_t> next_job{0};
  return run_workers(threads, [&](unsigned w) {
    return DecodeWorker(*this, workers_[w], lanes_per_worker_).run(jobs, next_job, progress, w == 0);
  });
}

}  // namespace koan
