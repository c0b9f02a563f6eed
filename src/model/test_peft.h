// Adapter files as PEFT writes them, for the tests of this module.
#pragma once

#include <cstdlib>
#include <cstring>
#include <deque>
#include <random>

#include "formats/peft.h"
#include "formats/safetensors.h"
#include "model/test_models.h"

namespace koan {

inline constexpr const char* kHash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

inline PeftBase base_of(const TestShape& shape) {
  return {shape.architecture,
          static_cast<std::uint32_t>(shape.layers),
          static_cast<std::uint32_t>(shape.heads),
          static_cast<std::uint32_t>(shape.kv_heads),
          static_cast<std::uint32_t>(shape.head_dim),
          "the base",
          *sha256_from_hex(kHash)};
}

inline std::vector<float> random_values(std::size_t n, std::mt19937& random) {
  std::uniform_real_distribution<float> uniform(-0.5f, 0.5f);
  std::vector<float> out(n);
  for (float& v : out) v = uniform(random);
  return out;
}

struct Written {
  std::deque<Bytes> memory;
  SafetensorsFile file;
  std::string config;

  SafetensorsTensor& add(const std::string& module, const char* suffix, std::uint64_t rows, std::uint64_t columns,
                         std::mt19937& random) {
    const std::vector<float> values = random_values(rows * columns, random);
    file.tensors.push_back({"base_model.model." + module + suffix,
                            "F32",
                            {rows, columns},
                            memory.emplace_back(encode_values(values, GgmlType::kF32))});
    return file.tensors.back();
  }
  SafetensorsTensor& tensor(const std::string& end) {
    for (SafetensorsTensor& t : file.tensors) {
      if (t.name.ends_with(end)) return t;
    }
    std::abort();
  }
  void set(SafetensorsTensor& t, std::size_t at, float value) {
    Bytes& bytes = memory.emplace_back(t.data.begin(), t.data.end());
    const auto bits = std::bit_cast<std::uint32_t>(value);
    std::memcpy(bytes.data() + 4 * at, &bits, 4);
    t.data = bytes;
  }
  Result<Adapter> import(const PeftBase& base) const {
    const Bytes bytes = write_safetensors(file).value();
    return import_peft({config, bytes, "folder"}, base);
  }
};

struct Module {
  std::string name, gguf;
  std::uint32_t rank;
  double scale;
};

inline Written written(const TestShape& shape, const std::vector<Module>& modules, const std::string& config) {
  std::mt19937 random(11);
  TestModel model(shape);
  Written out;
  out.config = config;
  for (const Module& m : modules) {
    const GgufTensor& tensor = model.tensor(m.gguf);
    out.add(m.name, ".lora_A.weight", m.rank, tensor.shape[0], random);
    out.add(m.name, ".lora_B.weight", tensor.shape[1], m.rank, random);
  }
  return out;
}

}  // namespace koan
