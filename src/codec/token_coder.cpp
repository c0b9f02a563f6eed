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
constexpr std::uint64_t kCachedParameters = 32 << 20;  // above that, weights come from memory for every pass
constexpr std::uint32_t kLargeVocabulary = 1 << 16;    // its logits would take more memory than 128 rows are worth

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

// Small models want few streams, whose predictors stay in the cache; large ones want each read of the weights to serve
// many (bench/token_speed).
unsigned default_streams(const Model& model) noexcept { return model.parameters() > kCachedParameters ? 64 : 16; }

// Rows per forward pass from which more rows make a pass hardly faster per row.
unsigned rows_per_pass(const Model& model) noexcept {
  return model.parameters() > kCachedParameters && model.tokenizer().size() <= kLargeVocabulary ? 128 : 64;
}

constexpr std::size_t kUnusable = 64;

class EncodeWorker {
 public:
  EncodeWorker(const TokenCoder& coder, Streams& streams, unsigned n_lanes)
      : coder_(coder),
        setup_(coder.setup()),
        streams_(streams),
        max_rows_(rows_per_pass(*setup_.model)),
        lanes_(n_lanes),
        tables_(tables_of(coder)) {}

  Status run(std::span<EncodeJob> jobs, std::atomic<std::size_t>& next_job, Progress& progress, bool reports) {
    for (;;) {
      KOAN_TRY(plan_rows(jobs, next_job));
      if (rows_.empty()) return {};
      if (progress.cancelled()) return Error{ErrorCode::kCancelled, "stopped"};
      streams_.forward(rows_);
      code_rows(progress);
      if (reports) progress.tick();
    }
  }

 private:
  // As many rows of the first lane as a pass takes; others join only where that is too few, so that one text's caches
  // and predictor serve many rows before the next text's push them out.
  Status plan_rows(std::span<EncodeJob> jobs, std::atomic<std::size_t>& next_job) {
    rows_.clear();
    targets_.clear();
    for (std::uint32_t i = 0; i < lanes_.size() && rows_.size() < max_rows_; ++i) {
      EncodeLane& lane = lanes_[i];
      if (!lane.job) KOAN_TRY(begin(lane, i, take_job(jobs, next_job)));
      if (!lane.job) continue;
      const std::size_t end = std::min(lane.tokens.size(), lane.coded + max_rows_ - rows_.size());
      for (std::size_t t = lane.coded; t < end; ++t) {
        rows_.push_back({i, t == 0 ? lane.first : lane.tokens[t - 1]});
        targets_.push_back(lane.tokens[t]);
      }
    }
    return {};
  }

  // `job` may be null: there is none left.
  Status begin(EncodeLane& lane, std::uint32_t stream, EncodeJob* job) {
    if (job == nullptr) return {};
    lane = EncodeLane{};
    lane.job = job;
    lane.tokens = setup_.model->tokenizer().encode(lane.job->text);
    // Of tokens with equal bytes only one can be coded.
    for (Token& token : lane.tokens) token = coder_.tree().token_at(coder_.tree().rank_of(token));
    KOAN_TRY(check_tokens(lane));
    TokenCoder::Start start = coder_.start(lane.job->text.size(), lane.job->context, streams_, stream);
    lane.step = std::move(start.step);
    lane.first = start.first;
    return {};
  }

  // One whose text the vocabulary lacks bytes for comes out too large for anybody to choose it.
  EncodeJob* take_job(std::span<EncodeJob> jobs, std::atomic<std::size_t>& next_job) const {
    for (std::size_t j; (j = next_job.fetch_add(1)) < jobs.size();) {
      if (setup_.model->tokenizer().covers(jobs[j].text)) return &jobs[j];
      jobs[j].coded.assign(jobs[j].text.size() + kUnusable, 0);
    }
    return nullptr;
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
  const unsigned max_rows_;
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
    TokenCoder::Start start = coder_.start(jobs[j].text_bytes, jobs[j].context, streams_, i);
    lanes_[i].step = std::move(start.step);
    lanes_[i].last = start.first;
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

TokenCoder::TokenCoder(CoderSetup setup)
    : setup_(std::move(setup)),
      streams_(setup_.streams != 0 ? setup_.streams : default_streams(*setup_.model)),
      tree_(setup_.model->tokenizer()) {
  if (setup_.context) context_ = tokens_of(*setup_.context);
}

std::vector<Token> TokenCoder::tokens_of(ByteView context) const {
  std::vector<Token> out = setup_.model->tokenizer().encode(context);
  for (Token& token : out) token = tree_.token_at(tree_.rank_of(token));
  return out;
}

std::uint64_t TokenCoder::size_class(const Demand& demand) const noexcept {
  return std::bit_ceil(demand.text_bytes + demand.context_bytes.value_or(setup_.context ? setup_.context->size() : 0));
}

BitPredictor TokenCoder::predictor(std::uint64_t size, std::span<const Token> context) const {
  BitPredictor out({PredictorMode::kTokens, setup_.predictors, setup_.kernels}, size);
  const TokenTables tables = tables_of(*this);
  for (const Token token : context) observe_token(out, tables, token);
  return out;
}

TokenCoder::Start TokenCoder::start(std::uint64_t text_bytes, const std::optional<ByteView>& context, Streams& streams,
                                    std::uint32_t stream) const {
  std::vector<Token> own;
  if (context) own = tokens_of(*context);
  const std::span<const Token> before = context ? own : context_;
  const Token first = feed(before, streams, stream);
  if (setup_.predictors == 0) return {TokenStep(std::nullopt), first};
  const std::uint64_t size = size_class({text_bytes, context ? std::optional(context->size()) : std::nullopt});
  const auto primed = context ? primed_.end() : primed_.find(size);
  return {TokenStep(primed != primed_.end() ? primed->second : predictor(size, before)), first};
}

Token TokenCoder::feed(std::span<const Token> context, Streams& streams, std::uint32_t stream) const {
  streams.reset(stream);
  Token last = setup_.model->tokenizer().bos();
  std::vector<Row> rows;
  const unsigned max_rows = rows_per_pass(*setup_.model);
  const std::size_t begin = context.size() - std::min<std::size_t>(context.size(), setup_.window.size);
  for (std::size_t i = begin; i < context.size(); ++i) {
    rows.push_back({stream, last});
    last = context[i];
    if (rows.size() == max_rows || i + 1 == context.size()) {
      streams.forward(rows);
      rows.clear();
    }
  }
  return last;
}

Result<unsigned> TokenCoder::prepare(std::span<const Demand> demands) {
  const std::size_t jobs = demands.size();
  const auto threads = static_cast<unsigned>(std::min<std::size_t>(setup_.threads, std::max<std::size_t>(jobs, 1)));
  std::uint64_t longest = 1;
  for (const Demand& demand : demands) {
    const std::uint64_t size = size_class(demand);
    longest = std::max(longest, size);
    // What all texts of this size continue is learned once.
    if (!demand.context_bytes && setup_.predictors != 0 && !context_.empty() && !primed_.contains(size))
      primed_.emplace(size, predictor(size, context_));
  }
  const std::uint64_t affordable = kPredictorBudget / BitPredictor::memory_bytes(longest);
  const auto most = static_cast<unsigned>(
      std::clamp<std::uint64_t>(std::min<std::uint64_t>(affordable, kMaxPositions / setup_.window.size), 1, streams_));
  const auto per_worker = static_cast<unsigned>(std::min<std::size_t>(most, (jobs + threads - 1) / threads));
  lanes_per_worker_ = per_worker;
  if (per_worker > streams_per_worker_) {
    workers_.clear();
    streams_per_worker_ = per_worker;
  }
  while (workers_.size() < threads) {
    KOAN_ASSIGN(Streams streams, Streams::create(setup_.model, setup_.kernels, setup_.window, streams_per_worker_,
                                                 std::max(rows_per_pass(*setup_.model), streams_per_worker_)));
    workers_.push_back(std::move(streams));
  }
  // Where there are fewer texts than threads, the others help with the texts there are.
  for (unsigned w = 0; w < threads; ++w)
    KOAN_TRY(workers_[w].use_threads(threads_for(*setup_.model, setup_.threads, w, threads)));
  return threads;
}

Status TokenCoder::encode(std::span<EncodeJob> jobs, Progress& progress) {
  std::vector<Demand> demands;
  for (const EncodeJob& job : jobs)
    demands.push_back({job.text.size(), job.context ? std::optional(job.context->size()) : std::nullopt});
  KOAN_ASSIGN(const unsigned threads, prepare(demands));
  std::atomic<std::size_t> next_job{0};
  return run_workers(threads, [&](unsigned w) {
    return EncodeWorker(*this, workers_[w], lanes_per_worker_).run(jobs, next_job, progress, w == 0);
  });
}

Status TokenCoder::decode(std::span<DecodeJob> jobs, Progress& progress) {
  std::vector<Demand> demands;
  for (const DecodeJob& job : jobs)
    demands.push_back({job.text_bytes, job.context ? std::optional(job.context->size()) : std::nullopt});
  KOAN_ASSIGN(const unsigned threads, prepare(demands));
  std::atomic<std::size_t> next_job{0};
  return run_workers(threads, [&](unsigned w) {
    return DecodeWorker(*this, workers_[w], lanes_per_worker_).run(jobs, next_job, progress, w == 0);
  });
}

}  // namespace koan
