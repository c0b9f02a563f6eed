// Streams of tokens that advance together through one model: the batched forward pass with its key/value caches.
// One Streams object belongs to one thread, which others may help (use_threads). Rows of different streams, and several
// rows of one stream, may share a call; the frequencies do not depend on how rows are grouped into calls
// (docs/numerics.md section 8).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "model/model.h"

namespace koan {

struct Window {
  std::uint32_t size = 0;   // W: positions a query looks back over, itself included; 16..65536
  std::uint32_t sinks = 0;  // S: first positions that stay visible for ever; 0..16
};

struct Row {
  std::uint32_t stream;
  Token token;
};

struct NextToken {
  std::span<std::uint32_t> freqs;  // one per token of the vocabulary, each >= 1; the caller may change them
  std::uint32_t total;             // their exact sum, below 2^31
};

class Streams {
 public:
  // max_rows: the most rows one forward() may get. Memory is taken here, once. Errors: kLimit, kMemory-like sizes as
  // kLimit.
  static Result<Streams> create(std::shared_ptr<const Model> model, const Kernels* kernels, Window window,
                                std::uint32_t n_streams, std::uint32_t max_rows);
  // The same on weights alone: a model without a tokenizer of ours.
  static Result<Streams> create(std::shared_ptr<const Weights> weights, const Kernels* kernels, Window window,
                                std::uint32_t n_streams, std::uint32_t max_rows);
  ~Streams();
  Streams(Streams&&) noexcept;
  Streams& operator=(Streams&&) noexcept;

  // From now on forward() shares its work with n - 1 threads more, for few streams on many cores; 1, as at first: with
  // none. The frequencies stay the same. Errors: kLimit (memory).
  Status use_threads(unsigned n);
  // Forgets a stream's history; its next row is position 0.
  void reset(std::uint32_t stream) noexcept;
  // Feeds rows in order (rows of one stream are consecutive positions of it). rows.size() in 1..max_rows; tokens below
  // the vocabulary.
  void forward(std::span<const Row> rows) noexcept;
  // Distribution after row i of the last forward(); valid until the next forward(). Computed on the first call for that
  // row: rows whose distribution nobody asks for still cost their output layer, because it runs batched in forward().
  NextToken next(std::uint32_t row) noexcept;

  std::uint64_t memory_bytes() const noexcept;

 private:
  struct Impl;
  explicit Streams(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The share of one of `workers` in `threads`, as far as it is worth using for a pass of few rows: what a member
// computes between two steps must be more than the steps cost.
unsigned threads_for(const Model& model, unsigned threads, unsigned worker = 0, unsigned workers = 1) noexcept;

// Runs a tiny built-in random model with these kernels and compares a hash of its frequencies with the constant of
// the numerics version. kVerification if this build on this machine does not reproduce it. Takes milliseconds.
Status known_answer_check(const Kernels& kernels);

}  // namespace koan
