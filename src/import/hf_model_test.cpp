// Importing what was made of a known model gives back its weights, bit for bit.
#include "import/hf_model.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "formats/ggml_groups.h"
#include "import/test_hf.h"
#include "model/test_models.h"
#include "model/weights.h"

namespace koan {
namespace {

void expect_same_tensors(const GgufFile& made, const GgufFile& original) {
  EXPECT_EQ(made.tensors.size(), original.tensors.size());
  for (const GgufTensor& tensor : original.tensors) {
    const GgufTensor* const found = made.find(tensor.name);
    ASSERT_NE(found, nullptr) << tensor.name;
    EXPECT_EQ(found->shape, tensor.shape) << tensor.name;
    ASSERT_EQ(found->type, tensor.type) << tensor.name;
    EXPECT_TRUE(std::equal(found->data.begin(), found->data.end(), tensor.data.begin(), tensor.data.end()))
        << tensor.name;
  }
}

Result<HfModel> read_both(const HfFolder& folder, const ImportProgress& progress = {}) {
  KOAN_ASSIGN(const HfConfig config, read_hf_config(folder));
  return read_hf_model(folder, config, progress);
}

std::string message(const TestFolder& folder) {
  const auto made = read_both(folder.folder());
  return made ? "" : made.error().message;
}

TestShape shape_of(const std::string& architecture) {
  TestShape shape;
  shape.architecture = architecture;
  return shape;
}

class Import : public testing::TestWithParam<const char*> {};

TEST_P(Import, GivesTheWeightsBack) {
  for (const bool tied : {true, false}) {
    TestShape shape = shape_of(GetParam());
    shape.tied = tied;
    const TestModel model(shape);
    const TestFolder folder(model.file);
    const auto made = read_both(folder.folder());
    ASSERT_TRUE(made) << made.error().message;
    expect_same_tensors(made->file, model.file);
    const auto weights = Weights::from_gguf(made->file);
    ASSERT_TRUE(weights) << weights.error().message;
    // Nothing of what the model does is lost either.
    const auto original = Weights::from_gguf(model.file);
    ASSERT_TRUE(original);
    EXPECT_EQ(weights->config.head_dim, original->config.head_dim);
    EXPECT_EQ(weights->config.traits.score_scale, original->config.traits.score_scale);
    EXPECT_EQ(weights->config.traits.output_cap, original->config.traits.output_cap);
    EXPECT_EQ(weights->config.rope_base, original->config.rope_base);
    EXPECT_EQ(weights->config.norm_eps, original->config.norm_eps);
  }
}

TEST_P(Import, ShardsChangeNothing) {
  const TestModel model(shape_of(GetParam()));
  const TestFolder one(model.file), three(model.file, {.shards = 3});
  const auto a = read_both(one.folder()), b = read_both(three.folder());
  ASSERT_TRUE(a) << a.error().message;
  ASSERT_TRUE(b) << b.error().message;
  EXPECT_EQ(write_gguf(a->file), write_gguf(b->file));
}

INSTANTIATE_TEST_SUITE_P(Architectures, Import,
                         testing::Values("llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3"));

TEST(ImportModel, RowsThatAreNoGroupsStayFloats) {
  TestShape shape = shape_of("llama");
  shape.feed_forward = 100;  // rows of ffn_down; the test model has them in F16
  const TestModel model(shape);
  const auto made = read_both(TestFolder(model.file).folder());
  ASSERT_TRUE(made) << made.error().message;
  const GgufTensor& down = *made->file.find("blk.0.ffn_down.weight");
  EXPECT_EQ(down.type, GgmlType::kF32);
  std::vector<float> wanted(down.element_count()), have(down.element_count());
  const GgufTensor& from = *model.file.find("blk.0.ffn_down.weight");
  ASSERT_TRUE(read_ggml_values(from.type, from.data.data(), wanted));
  ASSERT_TRUE(read_ggml_values(down.type, down.data.data(), have));
  EXPECT_EQ(wanted, have);
}

TEST(ImportModel, HalfPrecisionIsWidened) {
  TestShape shape = shape_of("qwen3");
  shape.type = GgmlType::kBF16;
  shape.vector_type = GgmlType::kBF16;
  const TestModel model(shape);
  const auto narrow = read_both(TestFolder(model.file, {.dtype = "BF16"}).folder());
  const auto wide = read_both(TestFolder(model.file).folder());
  ASSERT_TRUE(narrow) << narrow.error().message;
  EXPECT_EQ(write_gguf(narrow->file), write_gguf(wide->file));
}

TEST(ImportModel, BiasesOfLlamaRotateWithTheirRows) {
  TestShape shape = shape_of("llama");
  shape.bias = true;
  const TestModel model(shape);
  const auto made = read_both(TestFolder(model.file).folder());
  ASSERT_TRUE(made) << made.error().message;
  expect_same_tensors(made->file, model.file);
}

TEST(ImportModel, MistralHasAWindow) {
  const TestModel model(shape_of("llama"));
  TestFolder folder(model.file);
  auto config = folder.config();
  config["model_type"] = "mistral";
  config["architectures"] = {"MistralForCausalLM"};
  config["sliding_window"] = 96;
  folder.set_config(config);
  const auto made = read_both(folder.folder());
  ASSERT_TRUE(made) << made.error().message;
  expect_same_tensors(made->file, model.file);
  const auto weights = Weights::from_gguf(made->file);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_EQ(weights->config.local.window, 96u);
  EXPECT_EQ(weights->config.local.which, (std::vector<std::uint8_t>{1, 1}));
}

TEST(ImportModel, NamesWhatIsWrong) {
  const TestModel model(shape_of("llama"));
  const std::string first = "model.layers.0.self_attn.q_proj.weight";
  {
    TestFolder folder(model.file);
    auto config = folder.config();
    config["hidden_size"] = 96;
    config["head_dim"] = 24;
    folder.set_config(config);
    EXPECT_NE(message(folder).find("has shape [200, 64] instead of [200, 96]"), std::string::npos) << message(folder);
  }
  {
    TestFolder folder(model.file);
    auto config = folder.config();
    config["num_hidden_layers"] = 3;
    folder.set_config(config);
    EXPECT_EQ(message(folder), "tensor 'model.layers.2.input_layernorm.weight' is missing");
    config["num_hidden_layers"] = 1;
    folder.set_config(config);
    EXPECT_NE(message(folder).find("model.safetensors: tensor 'model.layers.1."), std::string::npos) << message(folder);
  }
  {
    TestFolder folder(model.file);
    auto config = folder.config();
    config["tie_word_embeddings"] = false;
    folder.set_config(config);
    EXPECT_EQ(message(folder), "tensor 'lm_head.weight' is missing");
  }
  TestFolder folder(model.file);
  folder.files["model.safetensors"].resize(20);
  EXPECT_EQ(message(folder).find("model.safetensors: data ends early"), 0u) << message(folder);
  folder.files.erase("model.safetensors");
  EXPECT_EQ(message(folder), "there is neither model.safetensors nor model.safetensors.index.json");
  folder.files["pytorch_model.bin"] = Bytes{1};
  EXPECT_NE(message(folder).find("pytorch_model.bin is a pickle"), std::string::npos);
  EXPECT_NE(message(folder).find("convert it to safetensors"), std::string::npos);
  folder.files.erase("config.json");
  EXPECT_EQ(message(folder), "there is no config.json");
}

TEST(ImportModel, NamesWhatIsWrongInAnIndex) {
  const TestModel model(shape_of("llama"));
  TestFolder folder(model.file, {.shards = 2});
  Bytes& index = folder.files["model.safetensors.index.json"];
  const auto original = nlohmann::ordered_json::parse(as_text(index));
  const auto with = [&](const nlohmann::ordered_json& json) {
    const std::string text = json.dump();
    index = Bytes(text.begin(), text.end());
    return message(folder);
  };
  EXPECT_EQ(with(original), "");
  auto json = original;
  json.erase("weight_map");
  EXPECT_EQ(with(json), "model.safetensors.index.json: field 'weight_map' is missing or not an object");
  json = original;
  json["weight_map"]["model.norm.weight"] = "../../secret.safetensors";
  EXPECT_NE(with(json).find("'weight_map.model.norm.weight' names '../../secret.safetensors', which is not"),
            std::string::npos);
  json["weight_map"]["model.norm.weight"] = "pytorch_model.bin";
  EXPECT_NE(with(json).find("a pickle"), std::string::npos);
  json["weight_map"]["model.norm.weight"] = 3;
  EXPECT_NE(with(json).find("'weight_map.model.norm.weight' is not a string"), std::string::npos);
  json["weight_map"].erase("model.norm.weight");
  EXPECT_EQ(with(json), "model.safetensors.index.json: tensor 'model.norm.weight' is missing");
  json = original;
  json["weight_map"]["model.layers.0.experts.weight"] = "model-1.safetensors";
  EXPECT_NE(with(json).find("tensor 'model.layers.0.experts.weight' is not part of model type llama"),
            std::string::npos);
  // The index says the other file.
  json = original;
  const std::string other = json["weight_map"]["model.norm.weight"] == "model-1.safetensors" ? "2" : "1";
  json["weight_map"]["model.norm.weight"] = "model-" + other + ".safetensors";
  EXPECT_EQ(with(json), "tensor 'model.norm.weight' is missing");
}

TEST(ImportModel, RefusesWhatIsNotFinite) {
  TestModel model(shape_of("llama"));
  Bytes& norm = model.own_data("output_norm.weight");
  norm[2] = 0x80;
  norm[3] = 0x7F;
  TestFolder folder(model.file);
  // read_ggml_values refuses it, so the folder lacks it; put it in by hand.
  SafetensorsFile file = parse_safetensors(folder.files["model.safetensors"]).value();
  file.tensors.push_back({"model.norm.weight", "F32", {64}, norm});
  const Bytes bytes = write_safetensors(file).value();
  folder.files["model.safetensors"] = bytes;
  EXPECT_EQ(message(folder), "model.safetensors: tensor 'model.norm.weight' is not finite");
}

TEST(ImportModel, RefusesOtherTypes) {
  const TestModel model(shape_of("llama"));
  TestFolder folder(model.file);
  SafetensorsFile file = parse_safetensors(folder.files["model.safetensors"]).value();
  const Bytes bytes(64);
  for (SafetensorsTensor& tensor : file.tensors) {
    if (tensor.name != "model.norm.weight") continue;
    tensor.dtype = "F8_E4M3";
    tensor.data = bytes;
  }
  folder.files["model.safetensors"] = Bytes(write_safetensors(file).value());
  EXPECT_NE(message(folder).find("model.norm.weight"), std::string::npos);
  EXPECT_NE(message(folder).find("F8_E4M3"), std::string::npos) << message(folder);
}

TEST(ImportModel, StopsWhenAsked) {
  const TestModel model(shape_of("llama"));
  std::uint64_t last = 0, total = 0;
  const TestFolder folder(model.file);
  const auto all = read_both(folder.folder(), [&](std::uint64_t done, std::uint64_t of) {
    EXPECT_GT(done, last);
    last = done;
    total = of;
    return true;
  });
  ASSERT_TRUE(all);
  EXPECT_EQ(last, total);
  const auto stopped = read_both(folder.folder(), [](std::uint64_t, std::uint64_t) { return false; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

TEST(ImportModel, VocabularyFitsTheEmbedding) {
  const auto with = [](std::vector<std::int64_t> types) {
    GgufFile file;
    std::vector<std::string> tokens = {"t0", "t1", "t2", "t3"};
    tokens.resize(types.size());
    file.metadata["tokenizer.ggml.tokens"] = tokens;
    file.metadata["tokenizer.ggml.token_type"] = types;
    file.metadata["tokenizer.ggml.scores"] = std::vector<double>(types.size(), 1.0);
    return file;
  };
  GgufFile small = with({1, 1});
  ASSERT_TRUE(fit_vocabulary(small, 4));
  EXPECT_EQ(small.get_strings("tokenizer.ggml.tokens").value(),
            (std::vector<std::string>{"t0", "t1", "[PAD2]", "[PAD3]"}));
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(small.metadata["tokenizer.ggml.token_type"]),
            (std::vector<std::int64_t>{1, 1, 5, 5}));
  GgufFile large = with({1, 1, 1, 3});
  ASSERT_TRUE(fit_vocabulary(large, 3));
  EXPECT_EQ(large.get_strings("tokenizer.ggml.tokens").value().size(), 3u);
  EXPECT_EQ(std::get<std::vector<double>>(large.metadata["tokenizer.ggml.scores"]).size(), 3u);
  GgufFile wrong = with({1, 1, 1});
  EXPECT_FALSE(fit_vocabulary(wrong, 2));
}

// Real files: the folder of the corpus and the GGUF that was made of the same weights elsewhere.
class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("KOAN_CORPUS");
    root_ = std::string(folder ? folder : "/work/shared/corpus") + "/weights/";
    if (!std::ifstream(root_ + "stories260K/config.json"))
      GTEST_SKIP() << "stories260K is not here; set KOAN_CORPUS to the corpus folder";
  }
  HfFolder folder(const std::string& name, std::vector<std::string> names) const {
    HfFolder out;
    out.names = std::move(names);
    out.read = [path = root_ + name + "/"](const std::string& file, std::uint64_t) -> Result<Bytes> {
      std::ifstream in(path + file, std::ios::binary);
      return Bytes(std::istreambuf_iterator<char>(in), {});
    };
    return out;
  }
  std::string root_;
};

TEST_F(Corpus, Stories260KIsItsGguf) {
  const auto made = read_both(folder("stories260K", {"config.json", "model.safetensors"}));
  ASSERT_TRUE(made) << made.error().message;
  std::ifstream in(root_ + "stories260K/stories260K-F32.gguf", std::ios::binary);
  const Bytes bytes(std::istreambuf_iterator<char>(in), {});
  const auto original = parse_gguf(bytes);
  ASSERT_TRUE(original);
  std::size_t compared = 0;
  for (const GgufTensor& tensor : original->tensors) {
    const GgufTensor* const found = made->file.find(tensor.name);
    if (found == nullptr && tensor.name == "output.weight") continue;  // repeats the embedding
    ASSERT_NE(found, nullptr) << tensor.name;
    EXPECT_EQ(found->shape, tensor.shape) << tensor.name;
    std::vector<float> values(tensor.element_count());
    ASSERT_TRUE(read_ggml_values(tensor.type, tensor.data.data(), values));
    Bytes wanted;
    if (found->type == GgmlType::kQ8_0) {
      wanted = quantize_q8_0(values);
    } else {
      for (const float value : values) append_fixed(wanted, std::bit_cast<std::uint32_t>(value));
    }
    EXPECT_TRUE(std::equal(found->data.begin(), found->data.end(), wanted.begin(), wanted.end())) << tensor.name;
    ++compared;
  }
  EXPECT_EQ(compared, made->file.tensors.size());
  EXPECT_GT(compared, 40u);
}

TEST_F(Corpus, Minicpm3IsRefusedByName) {
  const auto made = read_both(folder("hf-safetensors/minicpm3-tiny", {"config.json", "model.safetensors"}));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kNotSupported);
  EXPECT_NE(made.error().message.find("config.json: field 'model_type' is 'minicpm3'"), std::string::npos)
      << made.error().message;
}

}  // namespace
}  // namespace koan
