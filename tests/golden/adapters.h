// The recipes of models/*.lora.gguf: random adapters of tiny.gguf, strong enough to change the coded bytes, with
// profiles of two kinds of text between which records are divided. golden_test compares the files with what these make.
#pragma once

#include "codec/test_adapters.h"

namespace koan {

struct GoldenAdapter {
  const char* file;  // in models/
  TestAdapter recipe;
};

inline Bytes golden_text(std::string_view text) { return {as_bytes(text).begin(), as_bytes(text).end()}; }

inline const GoldenAdapter kGoldenAdapters[] = {
    {"tiny.lora.gguf",
     {.seed = 3,
      .strength = 0.01,
      .like_text =
          golden_text("We find the value of x: the equation y = 2 * x + 1 has a solution, so x = (y - 1) / 2 = 3. "
                      "The total number is 12, and 12 / 4 = 3. Therefore the answer is 100 - 3 * 12 = 64.")}},
    {"tiny2.lora.gguf",
     {.seed = 4,
      .strength = 0.01,
      .like_text =
          golden_text("She looked at the old house and said that they would come back. It is important to know what "
                      "people want, and you can help them with your story; their lives were never the same.")}},
};

}  // namespace koan
