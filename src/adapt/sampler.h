// Rows of training text: every row is the start token and text of one source, drawn by the weights of the mixture.
// A row begins at a document's start or somewhere inside a long one, and continues with further documents when short.
#pragma once

#include <cstdint>
#include <vector>

#include "adapt/pack.h"

namespace koan {

class Sampler {
 public:
  // `pack` outlives the sampler and has text in every source, as read_pack() checks.
  Sampler(const Pack& pack, std::uint64_t seed);

  // Changing the row length starts every source's order anew.
  void set_length(std::size_t length);
  // inputs: length tokens; targets: the token after each, or -1 where it is a start token (never coded, so not
  // learned) or part of a prompt.
  void next_row(std::int64_t* inputs, std::int64_t* targets);

  // Everything the next rows depend on.
  std::vector<std::int64_t> state() const;
  Status restore(const std::vector<std::int64_t>& state);

 private:
  struct Unit {
    std::uint32_t document, window;
  };
  struct Stream {
    const PackedSource* source;
    double until;  // cumulative weight
    std::vector<Unit> units;
    std::size_t cursor = 0;
    std::uint64_t epoch = 0;
  };
  std::uint64_t draw() noexcept;
  void shuffle(std::size_t stream);
  void append_unit(std::size_t stream);

  const Pack& pack_;
  std::uint64_t seed_;
  std::uint64_t random_;
  std::size_t length_ = 0;
  std::vector<Stream> streams_;
  std::vector<Token> row_;
  std::vector<bool> learned_;  // of row_
};

}  // namespace koan
