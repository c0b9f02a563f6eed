// What the fuzz targets share. A property that does not hold ends the process, which is what libFuzzer and replay.cpp
// look for.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "codec/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace koan::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// Codes with tests/golden/models/tiny.gguf, and knows an adapter of it; kept, because the models take longer to load
// than an input to run.
inline Codec& tiny_codec() {
  static const std::unique_ptr<Codec> codec = [] {
    auto made = std::move(Codec::create().value());
    const auto read = [](const char* name) {
      std::ifstream in(std::string(KOAN_SOURCE_DIR "/tests/golden/models/") + name, std::ios::binary);
      return Bytes{std::istreambuf_iterator<char>(in), {}};
    };
    require(made->store().add(read("tiny.gguf"), true).has_value(), "tiny.gguf loads");
    require(made->store().add_adapter(read("tiny.lora.gguf")).has_value(), "tiny.lora.gguf loads");
    return made;
  }();
  return *codec;
}

}  // namespace koan::fuzz
