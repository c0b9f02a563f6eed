#include "formats/gguf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "base/half.h"

namespace koan {
namespace {

struct Sample {
  Bytes floats = Bytes(64 * 4, 1);
  Bytes quants = quantize_q8_0(std::vector<float>(96, 0.5f));
  GgufFile file;
  Sample() {
    file.metadata["general.architecture"] = std::string("qwen3");
    file.metadata["a.count"] = std::uint64_t{7};
    file.metadata["a.big"] = std::uint64_t{1} << 40;
    file.metadata["a.signed"] = std::int64_t{-3};
    file.metadata["a.float"] = 0.5;
    file.metadata["a.flag"] = true;
    file.metadata["a.names"] = std::vector<std::string>{"x", "", "zz"};
    file.metadata["a.types"] = std::vector<std::int64_t>{1, -2, 3};
    file.metadata["a.scores"] = std::vector<double>{0.25, -1};
    file.tensors.push_back({"t.f32", {64}, GgmlType::kF32, floats});
    file.tensors.push_back({"t.q8", {32, 3}, GgmlType::kQ8_0, quants});
  }
};

TEST(Gguf, RoundTrips) {
  const Sample sample;
  const Bytes bytes = write_gguf(sample.file);
  auto parsed = parse_gguf(bytes);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(parsed->metadata, sample.file.metadata);
  ASSERT_EQ(parsed->tensors.size(), 2u);
  const GgufTensor* q8 = parsed->find("t.q8");
  ASSERT_NE(q8, nullptr);
  EXPECT_EQ(q8->shape, (std::vector<std::uint64_t>{32, 3}));
  EXPECT_TRUE(std::equal(q8->data.begin(), q8->data.end(), sample.quants.begin(), sample.quants.end()));
  EXPECT_EQ(parsed->find("nope"), nullptr);
  EXPECT_EQ(write_gguf(*parsed), bytes);
  EXPECT_EQ(*parsed->get_uint("a.count"), 7u);
  EXPECT_FALSE(parsed->get_uint("a.signed").has_value());
  EXPECT_EQ(parsed->get_string("a.count").error().code, ErrorCode::kCorrupt);
}

TEST(Gguf, EveryTruncationIsRefused) {
  const Bytes bytes = write_gguf(Sample().file);
  const std::size_t last_data = bytes.size() - (32 - (3 * 34) % 32);  // what follows is padding
  for (std::size_t n = 0; n < last_data; ++n) EXPECT_FALSE(parse_gguf(ByteView(bytes).first(n)).has_value()) << n;
}

TEST(Gguf, FlippedBytesNeverCrash) {
  const Bytes bytes = write_gguf(Sample().file);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const std::uint8_t flip : {0x01, 0x80, 0xFF}) {
      Bytes changed = bytes;
      changed[i] ^= flip;
      auto parsed = parse_gguf(changed);
      if (!parsed) continue;
      for (const GgufTensor& tensor : parsed->tensors)
        EXPECT_EQ(tensor.data.size(), ggml_size_bytes(tensor.type, tensor.element_count(), tensor.shape[0]));
    }
  }
}

// One tensor 't' of 32 values, with the fields a hostile file would choose.
Bytes raw_file(const std::vector<std::uint64_t>& shape, std::uint32_t type, std::uint64_t offset, std::size_t data) {
  Bytes out;
  append_fixed(out, std::uint32_t{0x46554747});  // "GGUF"
  append_fixed(out, std::uint32_t{3});
  append_fixed(out, std::uint64_t{1});
  append_fixed(out, std::uint64_t{0});
  append_fixed(out, std::uint64_t{1});
  out.push_back('t');
  append_fixed(out, static_cast<std::uint32_t>(shape.size()));
  for (const std::uint64_t extent : shape) append_fixed(out, extent);
  append_fixed(out, type);
  append_fixed(out, offset);
  while (out.size() % 32 != 0) out.push_back(0);
  out.resize(out.size() + data);
  return out;
}

ErrorCode code_of(const Bytes& bytes) {
  auto parsed = parse_gguf(bytes);
  return parsed ? ErrorCode::kInternal : parsed.error().code;
}

TEST(Gguf, RefusesImpossibleTensors) {
  EXPECT_TRUE(parse_gguf(raw_file({32}, 0, 0, 128)).has_value());
  EXPECT_EQ(code_of(raw_file({32}, 0, 32, 256)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(raw_file({1, 1, 1, 1, 32}, 0, 0, 128)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(raw_file({}, 0, 0, 128)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(raw_file({0}, 0, 0, 128)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(raw_file({~std::uint64_t{0}, 8}, 0, 0, 128)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(raw_file({std::uint64_t{1} << 32, std::uint64_t{1} << 32}, 0, 0, 128)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(raw_file({16, 2}, 8, 0, 128)), ErrorCode::kCorrupt) << "Q8_0 rows are multiples of 32";
}

TEST(Gguf, TensorTypesByNumberAndName) {
  struct Known {
    std::uint32_t number;
    std::uint64_t row, bytes;
  };
  for (const auto& [number, row, bytes] : {Known{0, 256, 1024},
                                           {1, 256, 512},
                                           {30, 256, 512},
                                           {2, 256, 144},
                                           {3, 256, 160},
                                           {6, 256, 176},
                                           {7, 256, 192},
                                           {8, 256, 272},
                                           {12, 256, 144},
                                           {13, 256, 176},
                                           {14, 256, 210}}) {
    const auto parsed = parse_gguf(raw_file({row}, number, 0, bytes));
    ASSERT_TRUE(parsed.has_value()) << number << ": " << parsed.error().message;
    EXPECT_EQ(parsed->tensors[0].data.size(), bytes);
    EXPECT_EQ(code_of(raw_file({row}, number, 0, bytes - 1)), ErrorCode::kCorrupt) << number;
    const bool blocks = number != 0 && number != 1 && number != 30;
    EXPECT_EQ(code_of(raw_file({row - 1}, number, 0, bytes)), blocks ? ErrorCode::kCorrupt : ErrorCode::kInternal)
        << "rows are whole blocks";
  }
  for (const auto& [number, name] : {std::pair(10u, "Q2_K (10)"),
                                     {11u, "Q3_K (11)"},
                                     {20u, "IQ4_NL (20)"},
                                     {24u, "I8 (24)"},
                                     {28u, "F64 (28)"},
                                     {35u, "TQ2_0 (35)"},
                                     {39u, "MXFP4 (39)"},
                                     {40u, "NVFP4 (40)"},
                                     {4u, "unknown (4)"},
                                     {4096u, "unknown (4096)"}}) {
    const auto parsed = parse_gguf(raw_file({256}, number, 0, 4096));
    ASSERT_FALSE(parsed.has_value()) << name;
    EXPECT_EQ(parsed.error().code, ErrorCode::kNotSupported);
    EXPECT_NE(parsed.error().message.find(name), std::string::npos) << parsed.error().message;
    EXPECT_NE(parsed.error().message.find("'t'"), std::string::npos) << parsed.error().message;
  }
}

TEST(Gguf, VersionsAndByteOrder) {
  Bytes bytes = raw_file({32}, 0, 0, 128);
  bytes[4] = 2;
  EXPECT_TRUE(parse_gguf(bytes).has_value());
  for (const std::uint8_t version : {0, 1, 4}) {
    bytes[4] = version;
    EXPECT_EQ(code_of(bytes), ErrorCode::kNotSupported) << int{version};
  }
  bytes[4] = 0;
  bytes[7] = 3;
  const auto swapped = parse_gguf(bytes);
  ASSERT_FALSE(swapped.has_value());
  EXPECT_EQ(swapped.error().code, ErrorCode::kNotSupported);
  EXPECT_NE(swapped.error().message.find("big-endian"), std::string::npos) << swapped.error().message;
}

// Every count of the header and of what follows, claimed to be huge: an error, and no memory taken for it.
TEST(Gguf, LiesAboutSizesTakeNoMemory) {
  const Bytes whole = write_gguf(Sample().file);
  for (const std::uint64_t lie : {std::uint64_t{1} << 31, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    for (std::size_t at = 8; at + 8 <= 400; ++at) {
      Bytes bytes = whole;
      for (int i = 0; i < 8; ++i) bytes[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(lie >> (8 * i));
      (void)parse_gguf(bytes).has_value();
    }
  }
  EXPECT_EQ(code_of(raw_file({std::uint64_t{1} << 31}, 0, 0, 128)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(raw_file({256, std::uint64_t{1} << 23}, 12, 0, 144)), ErrorCode::kCorrupt);
}

TEST(Gguf, RefusesRepeatedNames) {
  Sample sample;
  sample.file.tensors[1].name = "t.f32";
  EXPECT_EQ(code_of(write_gguf(sample.file)), ErrorCode::kCorrupt);
  Bytes bytes;
  append_fixed(bytes, std::uint32_t{0x46554747});
  append_fixed(bytes, std::uint32_t{3});
  append_fixed(bytes, std::uint64_t{0});
  append_fixed(bytes, std::uint64_t{2});
  for (int i = 0; i < 2; ++i) {
    append_fixed(bytes, std::uint64_t{1});
    bytes.push_back('k');
    append_fixed(bytes, std::uint32_t{7});
    bytes.push_back(1);
  }
  EXPECT_EQ(code_of(bytes), ErrorCode::kCorrupt);
}

TEST(Gguf, QuantizesToTheNearest) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> values(64);
  for (float& v : values) v = normal(random);
  for (std::size_t i = 32; i < 64; ++i) values[i] = 0;
  const Bytes bytes = quantize_q8_0(values);
  ASSERT_EQ(bytes.size(), 68u);
  const float scale = half_to_float(static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8));
  for (std::size_t i = 0; i < 32; ++i)
    EXPECT_LE(std::fabs(static_cast<float>(static_cast<std::int8_t>(bytes[2 + i])) * scale - values[i]),
              scale * 0.51f + 1e-6f);
  for (std::size_t i = 34; i < 68; ++i) EXPECT_EQ(bytes[i], 0);
  const Bytes extreme = quantize_q8_0(std::vector<float>(32, INFINITY));
  EXPECT_EQ(static_cast<std::int8_t>(extreme[2]), 127);
}

// Files that other programs wrote (llama.cpp's converter and gguf-py).
class ForeignGguf : public testing::Test {
 protected:
  // False, and the test is skipped, when the file is not here.
  bool open(const std::string& name) {
    const char* folder = std::getenv("KOAN_CORPUS");
    std::ifstream in(std::string(folder ? folder : "/work/shared/corpus") + "/weights/" + name, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
    return !bytes_.empty();
  }
  Bytes bytes_;
};
#define KOAN_OPEN_OR_SKIP(name) \
  if (!open(name)) GTEST_SKIP() << name << " is not here; set KOAN_CORPUS to the corpus folder"

TEST_F(ForeignGguf, Stories260k) {
  KOAN_OPEN_OR_SKIP("stories260K/stories260K-F32.gguf");
  const auto file = parse_gguf(bytes_);
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(*file->get_string("general.architecture"), "llama");
  EXPECT_EQ(file->tensors.size(), 48u);
  EXPECT_EQ(file->get_strings("tokenizer.ggml.tokens")->size(), 512u);
  const GgufTensor* embedding = file->find("token_embd.weight");
  ASSERT_NE(embedding, nullptr);
  EXPECT_EQ(embedding->shape, (std::vector<std::uint64_t>{64, 512}));
  EXPECT_EQ(embedding->data.size(), 64u * 512 * 4);
}

TEST_F(ForeignGguf, Llama2TinyRandom) {
  KOAN_OPEN_OR_SKIP("llama-2-tiny-random-gguf/llama-2-tiny-random.gguf");
  const auto file = parse_gguf(bytes_);
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(*file->get_string("general.architecture"), "llama");
  EXPECT_EQ(file->tensors.size(), 12u);
  EXPECT_EQ(file->get_strings("tokenizer.ggml.tokens")->size(), 32000u);
}

}  // namespace
}  // namespace koan
