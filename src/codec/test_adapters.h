// Adapters for tests, here and in tests/: random ones of a given strength, the same bytes on every machine, with the
// profiles of given texts.
#pragma once

#include <string>

#include "base/hash.h"
#include "model/model.h"

namespace koan {

struct TestAdapter {
  unsigned seed = 1;
  double strength = 0.02;  // of the change of a weight, as its standard deviation; those of tiny.gguf have about 0.1
  std::string base_sha256 = {};            // as in the file; empty: that of the model, "none": it does not say
  Bytes like_text = {}, like_prompt = {};  // what the profiles are made of; empty: no profile
  std::string note = {};                   // any text, to make another file of the same weights
};

// The file. Two of the seven matrices of each block are adapted, which ones depends on the seed.
Bytes make_adapter(const Model& base, const TestAdapter& options);

}  // namespace koan
