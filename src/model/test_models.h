// Random small models for the tests of this module, as parsed GGUF files that own their data.
#pragma once

#include <deque>
#include <random>

#include "formats/gguf.h"
#include "model/test_quantise.h"

namespace koan {

struct TestShape {
  std::string architecture = "llama";
  std::uint64_t width = 64;
  std::uint64_t layers = 2;
  std::uint64_t feed_forward = 96;
  std::uint64_t heads = 4;
  std::uint64_t kv_heads = 2;
  std::uint64_t head_dim = 32;
  std::uint64_t vocabulary = 200;
  bool tied = true;
  GgmlType type = GgmlType::kQ8_0;
  std::uint64_t seed = 1;
  GgmlType vector_type = GgmlType::kF32;       // of norms and biases
  bool bias = false;                           // also where the architecture can do without
  bool divisors = false;                       // rope_freqs.weight, 1 to 8
  std::map<std::string, GgufValue> keys = {};  // after the architecture's name and a point
};

// Tensors and hyperparameters; no tokenizer. Its views point into itself.
class TestModel {
 public:
  explicit TestModel(const TestShape& shape);
  TestModel(const TestModel&) = delete;
  TestModel& operator=(const TestModel&) = delete;

  GgufFile file;

  GgufTensor& tensor(const std::string& name);
  // Gives a tensor its own copy of the data, to damage.
  Bytes& own_data(const std::string& name);

 private:
  void add_layer(const std::string& block);
  void add_matrix(const std::string& name, std::uint64_t in, std::uint64_t rows, double gain);
  void add_norm(const std::string& name, std::uint64_t width);
  void add_vector(const std::string& name, std::uint64_t width, double low, double high);

  TestShape shape_;
  std::mt19937_64 random_;
  std::deque<Bytes> data_;
};

// A model with each matrix as koan packs it, in F32: what of it is lost in packing, and nothing else. Its other views
// point into what `from` does.
class ConvertedModel {
 public:
  explicit ConvertedModel(const GgufFile& from);
  ConvertedModel(const ConvertedModel&) = delete;
  ConvertedModel& operator=(const ConvertedModel&) = delete;
  GgufFile file;

 private:
  std::deque<Bytes> data_;
};

}  // namespace koan
