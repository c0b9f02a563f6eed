// Trains a byte-level BPE vocabulary: pre-tokenise (text/pretokenizer.h), count distinct pieces, merge the most
// frequent pair until the vocabulary is full (Sennrich et al. 2016, on bytes). Deterministic: ties go to the pair with
// the smaller ids.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "text/tokenizer.h"

namespace koan {

class BpeTrainer {
 public:
  BpeTrainer();
  ~BpeTrainer();
  void add(ByteView text, std::uint64_t weight = 1);
  // vocab_size counts the special token(s) and 256 bytes; at least 257. Pieces seen in total fewer than 2 times are
  // ignored.
  Result<Tokenizer> train(std::size_t vocab_size) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace koan
