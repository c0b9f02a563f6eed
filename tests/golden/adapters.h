// The recipes of models/*.lora.gguf: random adapters of tiny.gguf, strong enough to change the coded bytes and weak enough
// that a trial prefers now one, now the other, now neither. golden_test compares the files with what these make.
#pragma once

#include "codec/test_adapters.h"

namespace koan {

struct GoldenAdapter {
  const char* file;  // in models/
  TestAdapter recipe;
};

inline const GoldenAdapter kGoldenAdapters[] = {
    {"tiny.lora.gguf", {.seed = 3, .strength = 0.01}},
    {"tiny2.lora.gguf", {.seed = 4, .strength = 0.01}},
};

}  // namespace koan
