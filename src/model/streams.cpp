#include "model/streams.h"

#include <algorithm>
#include <cassert>

#include "model/forward.h"

namespace koan {
namespace {

constexpr std::uint32_t kMinWindow = 16;
constexpr std::uint32_t kMaxWindow = 65536;
constexpr std::uint32_t kMaxSinks = kRowBlock;  // they live in one block
constexpr std::uint32_t kMaxStreams = 65536;
constexpr std::uint32_t kMaxRows = 65536;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 36;

Error too_large(const std::string& what, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  return Error{ErrorCode::kLimit, what + " is " + std::to_string(value) + ", not within " + std::to_string(low) + ".." +
                                      std::to_string(high)};
}

Status check(Window window, std::uint32_t n_streams, std::uint32_t max_rows) {
  if (window.size < kMinWindow || window.size > kMaxWindow)
    return too_large("window", window.size, kMinWindow, kMaxWindow);
  if (window.sinks > kMaxSinks) return too_large("number of sinks", window.sinks, 0, kMaxSinks);
  if (n_streams < 1 || n_streams > kMaxStreams) return too_large("number of streams", n_streams, 1, kMaxStreams);
  if (max_rows < 1 || max_rows > kMaxRows) return too_large("number of rows", max_rows, 1, kMaxRows);
  return {};
}

}  // namespace

// Elements per row, the widest use of each buffer.
struct Streams::Impl::Sizes {
  explicit Sizes(const Weights& weights) {
    const ModelConfig& c = weights.config;
    width = weights.embedding.padded_in();
    group = std::uint64_t{c.heads / c.kv_heads} * weights.head_stride;
    hidden = std::max<std::uint64_t>(
        {width, weights.feed_forward_stride, round_up(std::uint64_t{c.heads} * c.head_dim, kGroup)});
    result = std::max<std::uint64_t>({width, std::uint64_t{2} * weights.feed_forward_stride,
                                      std::uint64_t{weights.head_stride} * (c.heads + 2 * c.kv_heads)});
    vocabulary = weights.output_layer().padded_rows();
  }
  std::uint64_t width, group, hidden, result, vocabulary;
};

// A local layer never looked further than its window, so it needs no sinks where that is the narrower one (numerics
// section 8).
void Streams::Impl::make_reaches(Window window) {
  const ModelConfig& c = weights->config;
  reaches.resize(c.local.window == 0 ? 1 : 2);
  reaches[0].window = window;
  reaches[0].rope = Rope(c.rope_base, c.head_dim, c.rope_factor, weights->rope_divisors);
  if (c.local.window == 0) return;
  reaches[1].window = window.size < c.local.window ? window : Window{c.local.window, 0};
  reaches[1].rope = Rope(c.local.rope_base, c.head_dim, c.local.rope_factor, weights->rope_divisors);
}

Status Streams::Impl::allocate(std::uint32_t n_streams, Window window) {
  const ModelConfig& c = weights->config;
  const Sizes size(*weights);
  const std::uint64_t n = max_rows;
  const KvCache::Shape shape{c.layers, n_streams, c.kv_heads, weights->head_stride};
  const std::uint64_t row_bytes = 4 * size.width + 9 * size.hidden + 4 * size.result + 8 * size.vocabulary;
  // The second limit keeps the element counts that kernels get as int32 in range.
  if (KvCache::memory_needed(shape, window) + n * row_bytes > kMaxBytes || n * size.hidden > INT32_MAX) {
    return Error{ErrorCode::kLimit, std::to_string(n_streams) + " streams with a window of " +
                                        std::to_string(window.size) + " and " + std::to_string(max_rows) +
                                        " rows at a time need more memory than koan takes"};
  }
  KOAN_ASSIGN(cache, KvCache::create(shape, window));
  bool ok = true;
  const auto take = [&](auto& buffer, std::uint64_t count) {
    ok = ok && buffer.allocate(static_cast<std::size_t>(count));
    scratch_bytes += buffer.bytes();
  };
  make_reaches(window);
  for (Reach& reach : reaches) {
    take(reach.blocks, n * cache.max_blocks());
    take(reach.cosine, (n + 1) * reach.rope.half());
    take(reach.sine, (n + 1) * reach.rope.half());
    reach.n_blocks.resize(max_rows);
  }
  take(x, n * size.width);
  take(hidden, n * size.hidden);
  take(quants, n * size.hidden);
  take(quant_scales, n * size.hidden / kGroup);
  take(result, n * size.result);
  take(logits, n * size.vocabulary);
  take(freqs, n * size.vocabulary);
  if (weights->head_stride != c.head_dim) take(mixed, n * c.heads * weights->head_stride);
  if (!ok) return Error{ErrorCode::kLimit, "not enough memory for " + std::to_string(max_rows) + " rows at a time"};
  scratch_bytes += KvCache::memory_needed(shape, window);
  rows.reserve(max_rows);
  lengths.assign(n_streams, 0);
  for (Reach& reach : reaches) {
    const std::size_t last = static_cast<std::size_t>(n) * reach.rope.half();
    reach.rope.angles(sink_position(reach.window), reach.cosine.data() + last, reach.sine.data() + last);
  }
  return use_threads(1);
}

Status Streams::Impl::use_threads(unsigned n) {
  const Sizes size(*weights);
  const std::uint64_t head = weights->head_stride, scores = size.group / head * cache.max_blocks() * kRowBlock;
  for (std::size_t i = head_scratch.size(); i < n; ++i) {
    HeadScratch scratch;
    bool ok = true;
    const auto take = [&](auto& buffer, std::uint64_t count) {
      ok = ok && buffer.allocate(static_cast<std::size_t>(count));
      scratch_bytes += buffer.bytes();
    };
    take(scratch.rotated, size.group);
    take(scratch.query, size.group);
    take(scratch.sink_query, size.group);
    take(scratch.query_scale, size.group / kGroup);
    take(scratch.sink_query_scale, size.group / kGroup);
    take(scratch.key, head);
    take(scratch.key_scale, head / kGroup);
    take(scratch.value, head);
    take(scratch.value_scale, head / kGroup);
    take(scratch.scores, scores);
    if (!ok) return Error{ErrorCode::kLimit, "not enough memory for " + std::to_string(n) + " threads"};
    head_scratch.push_back(std::move(scratch));
  }
  if (n == members()) return {};
  team.reset();
  if (n > 1) team = std::make_unique<Team>(n);
  return {};
}

Streams::Streams(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Streams::~Streams() = default;
Streams::Streams(Streams&&) noexcept = default;
Streams& Streams::operator=(Streams&&) noexcept = default;

Result<Streams> Streams::create(std::shared_ptr<const Model> model, const Kernels* kernels, Window window,
                                std::uint32_t n_streams, std::uint32_t max_rows) {
  const Weights* weights = &model->weights();
  return create(std::shared_ptr<const Weights>(std::move(model), weights), kernels, window, n_streams, max_rows);
}

Result<Streams> Streams::create(std::shared_ptr<const Weights> weights, const Kernels* kernels, Window window,
                                std::uint32_t n_streams, std::uint32_t max_rows) {
  KOAN_TRY(check(window, n_streams, max_rows));
  auto impl = std::make_unique<Impl>();
  impl->weights = std::move(weights);
  impl->kernels = kernels;
  impl->max_rows = max_rows;
  KOAN_TRY(impl->allocate(n_streams, window));
  return Streams(std::move(impl));
}

unsigned threads_for(const Model& model, unsigned threads, unsigned worker, unsigned workers) noexcept {
  constexpr std::uint64_t kParameters = 2 << 20;  // of a member: some ten microseconds between two steps
  const Piece share = piece_of(threads, worker, workers);
  return static_cast<unsigned>(
      std::clamp<std::uint64_t>(model.parameters() / kParameters, 1, std::max(share.last - share.first, 1u)));
}

Status Streams::use_threads(unsigned n) { return impl_->use_threads(std::max(n, 1u)); }

void Streams::reset(std::uint32_t stream) noexcept {
  assert(stream < impl_->lengths.size());
  impl_->lengths[stream] = 0;
}

void Streams::forward(std::span<const Row> rows) noexcept {
  assert(!rows.empty() && rows.size() <= impl_->max_rows);
  assert(std::all_of(rows.begin(), rows.end(), [&](const Row& row) {
    return row.stream < impl_->lengths.size() && row.token < impl_->weights->config.vocabulary;
  }));
  impl_->forward(rows);
}

NextToken Streams::next(std::uint32_t row) noexcept {
  assert(row < impl_->rows.size());
  const std::size_t stride = impl_->weights->output_layer().padded_rows();
  if (impl_->rows[row].total == 0) impl_->count_frequencies(row);
  return {std::span<std::uint32_t>(impl_->freqs.data() + row * stride, impl_->weights->config.vocabulary),
          impl_->rows[row].total};
}

std::uint64_t Streams::memory_bytes() const noexcept { return impl_->scratch_bytes; }

}  // namespace koan
