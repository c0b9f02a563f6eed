#include "codec/token_coder.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "codec/token_step.h"

namespace koan {
namespace {

// Positions of cache that a thread's streams hold together, one stream's window apart: what a file asks for must not
// set our memory.
constexpr unsigned kMaxPositions = 65536;
constexpr unsigned kMaxRows = 16;  // rows per forward pass from which more rows make a pass hardly faster per row

// One text on one stream while it is being encoded.
struct EncodeLane {
  EncodeJob* job = nullptr;
  std::vector<Token> tokens;
  std::size_t coded = 0;  // tokens already coded
  RangeEncoder coder;
  std::optional<TokenStep> step;
};

struct DecodeLane {
  DecodeJob* job = nullptr;
  RangeDecoder coder{ByteView{}};
  Token last = 0;
  std::optional<TokenStep> step;
};

class EncodeWorker {
 public:
  EncodeWorker(const CoderSetup& setup, Streams& streams, unsigned n_lanes)
      : setup_(setup), streams_(streams), lanes_(n_lanes) {}

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
      lane.step.emplace(*setup_.kernels, lane.job->text.size());
      lane.tokens = setup_.model->tokenizer().encode(lane.job->text);
      KOAN_TRY(check_tokens(lane));
      streams_.reset(i);
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
        rows_.push_back({i, t == 0 ? setup_.model->tokenizer().bos() : lane.tokens[t - 1]});
        targets_.push_back(lane.tokens[t]);
      }
    }
  }

  void code_rows(Progress& progress) {
    for (std::uint32_t r = 0; r < rows_.size(); ++r) {
      EncodeLane& lane = lanes_[rows_[r].stream];
      const NextToken next = streams_.next(r);
      const Token token = targets_[r];
      lane.job->ideal_bits += lane.step->encode({next.freqs, next.total}, token, lane.coder);
      progress.done(setup_.model->tokenizer().bytes(token).size());
      if (++lane.coded == lane.tokens.size()) {
        lane.coder.finish();
        lane.job->tokens = lane.tokens.size();
        lane.job->coded = lane.coder.take();
        lane.job = nullptr;
      }
    }
  }

  const CoderSetup& setup_;
  Streams& streams_;
  std::vector<EncodeLane> lanes_;
  std::vector<Row> rows_;
  std::vector<Token> targets_;
};

class DecodeWorker {
 public:
  DecodeWorker(const CoderSetup& setup, Streams& streams, unsigned n_lanes)
      : setup_(setup), streams_(streams), lanes_(n_lanes) {}

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
    lanes_[i].step.emplace(*setup_.kernels, jobs[j].text_bytes);
    lanes_[i].last = setup_.model->tokenizer().bos();
    streams_.reset(i);
  }

  void decode_row(std::uint32_t r, Progress& progress) {
    DecodeLane& lane = lanes_[rows_[r].stream];
    DecodeJob& job = *lane.job;
    const NextToken next = streams_.next(r);
    const Token token = lane.step->decode({next.freqs, next.total}, lane.coder);
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

  const CoderSetup& setup_;
  Streams& streams_;
  std::vector<DecodeLane> lanes_;
  std::vector<Row> rows_;
};

}  // namespace

Result<unsigned> TokenCoder::prepare(std::size_t jobs) {
  const auto threads = static_cast<unsigned>(std::min<std::size_t>(setup_.threads, std::max<std::size_t>(jobs, 1)));
  const unsigned most = std::max(1u, std::min(setup_.streams, kMaxPositions / setup_.window.size));
  const auto per_worker = static_cast<unsigned>(std::min<std::size_t>(most, (jobs + threads - 1) / threads));
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
  KOAN_ASSIGN(const unsigned threads, prepare(jobs.size()));
  std::atomic<std::size_t> next_job{0};
  const auto lanes = static_cast<unsigned>((jobs.size() + threads - 1) / threads);
  return run_workers(threads, [&](unsigned w) {
    return EncodeWorker(setup_, workers_[w], std::min(streams_per_worker_, lanes))
        .run(jobs, next_job, progress, w == 0);
  });
}

Status TokenCoder::decode(std::span<DecodeJob> jobs, Progress& progress) {
  KOAN_ASSIGN(const unsigned threads, prepare(jobs.size()));
  std::atomic<std::size_t> next_job{0};
  const auto lanes = static_cast<unsigned>((jobs.size() + threads - 1) / threads);
  return run_workers(threads, [&](unsigned w) {
    return DecodeWorker(setup_, workers_[w], std::min(streams_per_worker_, lanes))
        .run(jobs, next_job, progress, w == 0);
  });
}

}  // namespace koan
