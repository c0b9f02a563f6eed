// PEFT adapters against weights: what export and import lead to is merged bit for bit alike, and what import makes of a
// file adds what PEFT defines, in binary64.
#include "formats/peft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "base/half.h"
#include "model/merge.h"
#include "model/test_peft.h"

namespace koan {
namespace {

constexpr const char* kParts[] = {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"};

AdapterTensor random_pair(TestModel& model, const std::string& target, std::uint32_t rank, std::mt19937& random) {
  const GgufTensor& tensor = model.tensor(target);
  AdapterTensor out{
      target, rank, static_cast<std::uint32_t>(tensor.shape[0]), static_cast<std::uint32_t>(tensor.shape[1]), {}, {}};
  out.a = random_values(std::size_t{rank} * out.in, random);
  out.b = random_values(std::size_t{rank} * out.out, random);
  return out;
}

// All matrices of both blocks; `ranks` by turns.
Adapter random_adapter(TestModel& model, const TestShape& shape, const std::vector<std::uint32_t>& ranks, float alpha) {
  std::mt19937 random(7);
  Adapter out;
  out.name = "tales";
  out.architecture = shape.architecture;
  out.alpha = alpha;
  for (std::uint64_t layer = 0; layer < shape.layers; ++layer) {
    for (const char* part : kParts) {
      const std::string target = "blk." + std::to_string(layer) + "." + part + ".weight";
      out.tensors.push_back(random_pair(model, target, ranks[out.tensors.size() % ranks.size()], random));
    }
  }
  // As files have them.
  for (AdapterTensor& tensor : out.tensors) {
    for (float& v : tensor.a) v = half_to_float(float_to_half(v));
  }
  out.metadata = {{"general.name", std::string("tales")},
                  {"koan.adapter.base_sha256", std::string(kHash)},
                  {"koan.adapter.base_name", std::string("the base")},
                  {"koan.adapter.documents", std::uint64_t{12}},
                  {"koan.adapter.heldout_bits_before", 2.5},
                  {"koan.router.text", std::vector<std::int64_t>{1, -2, 3}}};
  return out;
}

bool same(const PackedStorage& a, const PackedStorage& b) {
  const PackedMatrix x = a.matrix(), y = b.matrix();
  const std::size_t blocks = static_cast<std::size_t>(x.row_blocks) * static_cast<std::size_t>(x.groups);
  return x.row_blocks == y.row_blocks && x.groups == y.groups && std::memcmp(x.quants, y.quants, blocks * 512) == 0 &&
         std::memcmp(x.scales, y.scales, blocks * 64) == 0;
}

bool same(const Weights& a, const Weights& b) {
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    for (const Weights::Linear& linear : a.linear_layers()) {
      if (!same(a.layers[i].*linear.matrix, b.layers[i].*linear.matrix)) return false;
    }
  }
  return true;
}

const TestShape kShapes[] = {{},
                             {.architecture = "qwen3", .seed = 2},
                             {.heads = 6, .kv_heads = 3, .head_dim = 8, .type = GgmlType::kF32, .seed = 3},
                             {.architecture = "qwen2", .seed = 4},
                             {.architecture = "gemma2", .type = GgmlType::kQ4_0, .seed = 5},
                             {.architecture = "gemma3", .head_dim = 48, .type = GgmlType::kQ5_1, .seed = 6}};

TEST(Peft, ExportThenImportMergesToTheSameBits) {
  for (const TestShape& shape : kShapes) {
    TestModel model(shape);
    const Weights base = Weights::from_gguf(model.file).value();
    for (const auto& ranks : {std::vector<std::uint32_t>{4}, {3, 4, 4, 1}}) {
      for (const float alpha : {0.0f, 8.0f, 0.1f}) {
        const Adapter adapter = random_adapter(model, shape, ranks, alpha);
        const auto files = export_peft(adapter, base_of(shape));
        ASSERT_TRUE(files) << files.error().message;
        const auto back = import_peft({files->config, files->tensors, "folder"}, base_of(shape));
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(back->metadata, adapter.metadata);
        EXPECT_EQ(back->name, "tales");
        EXPECT_EQ(back->architecture, shape.architecture);
        const auto before = merge(base, adapter), after = merge(base, *back);
        ASSERT_TRUE(before) << before.error().message;
        ASSERT_TRUE(after) << after.error().message;
        EXPECT_FALSE(same(base, *before));
        EXPECT_TRUE(same(*before, *after)) << shape.architecture << " alpha " << alpha;
        // And through the file that the command writes.
        const auto stored = parse_adapter(write_adapter(*back, AdapterPrecision::kExact));
        ASSERT_TRUE(stored) << stored.error().message;
        EXPECT_TRUE(same(*before, merge(base, *stored).value()));
        EXPECT_EQ(export_peft(*back, base_of(shape))->tensors, files->tensors);
      }
    }
  }
}

TEST(Peft, ExportSaysWhatPeftNeeds) {
  const TestShape shape;
  TestModel model(shape);
  Adapter adapter = random_adapter(model, shape, {4, 4, 2}, 8);
  auto config = nlohmann::json::parse(export_peft(adapter, base_of(shape))->config);
  EXPECT_EQ(config["peft_type"], "LORA");
  EXPECT_EQ(config["task_type"], "CAUSAL_LM");
  EXPECT_EQ(config["base_model_name_or_path"], "the base");
  EXPECT_EQ(config["r"], 4);
  EXPECT_EQ(config["lora_alpha"], 8);
  EXPECT_EQ(config["rank_pattern"].size(), 4u);
  EXPECT_EQ(config["rank_pattern"]["model.layers.0.self_attn.v_proj"], 2);
  EXPECT_EQ(config["target_modules"],
            (std::vector<std::string>{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}));
  adapter.tensors.erase(adapter.tensors.begin(), adapter.tensors.begin() + 12);  // some layers: whole names
  config = nlohmann::json::parse(export_peft(adapter, base_of(shape))->config);
  EXPECT_EQ(config["target_modules"],
            (std::vector<std::string>{"model.layers.1.mlp.up_proj", "model.layers.1.mlp.down_proj"}));
}

// --- What a file means in binary64 ---

// Row of the model's matrix in GGUF's order that a row of the Hugging Face model's matrix is.
std::uint64_t gguf_row(std::uint64_t row, const TestShape& shape, const std::string& gguf) {
  if (shape.architecture != "llama" ||
      (gguf.find("attn_q") == std::string::npos && gguf.find("attn_k") == std::string::npos))
    return row;
  const std::uint64_t d = shape.head_dim, head = row / d, within = row % d;
  return head * d + (within < d / 2 ? 2 * within : 2 * (within - d / 2) + 1);
}

void expect_definition(const Written& in, const TestShape& shape, const std::vector<Module>& modules) {
  const auto adapter = in.import(base_of(shape));
  ASSERT_TRUE(adapter) << adapter.error().message;
  ASSERT_EQ(adapter->tensors.size(), modules.size());
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const Module& m = modules[i];
    const AdapterTensor& got = adapter->tensors[i];
    ASSERT_EQ(got.target, m.gguf);
    const auto a = in.file.tensors[2 * i].values().value(), b = in.file.tensors[2 * i + 1].values().value();
    double worst = 0;
    for (std::uint64_t o = 0; o < got.out; ++o) {
      for (std::uint64_t c = 0; c < got.in; ++c) {
        double expected = 0, sum = 0;
        for (std::uint64_t r = 0; r < m.rank; ++r) {
          expected += m.scale * double{b[o * m.rank + r]} * double{a[r * got.in + c]};
          sum += double{got.b[gguf_row(o, shape, m.gguf) * m.rank + r]} * double{got.a[r * got.in + c]};
        }
        worst = std::max(worst, std::fabs(double{adapter->scale(got)} * sum - expected));
      }
    }
    EXPECT_LT(worst, 1e-6 * std::fabs(m.scale) * m.rank) << m.name;
  }
}

TEST(Peft, ImportAddsWhatPeftDefines) {
  for (const TestShape& shape : kShapes) {
    std::vector<Module> modules = {{"model.layers.0.self_attn.q_proj", "blk.0.attn_q.weight", 3, 16.0 / 3},
                                   {"model.layers.0.self_attn.k_proj", "blk.0.attn_k.weight", 3, 16.0 / 3},
                                   {"model.layers.0.mlp.gate_proj", "blk.0.ffn_gate.weight", 3, 16.0 / 3},
                                   {"model.layers.1.self_attn.v_proj", "blk.1.attn_v.weight", 3, 16.0 / 3},
                                   {"model.layers.1.self_attn.o_proj", "blk.1.attn_output.weight", 3, 16.0 / 3},
                                   {"model.layers.1.mlp.down_proj", "blk.1.ffn_down.weight", 3, 16.0 / 3}};
    expect_definition(written(shape, modules, R"({"peft_type":"LORA","r":3,"lora_alpha":16})"), shape, modules);
    for (Module& m : modules) m.scale = 16 / std::sqrt(3.0);
    expect_definition(written(shape, modules, R"({"peft_type":"LORA","r":3,"lora_alpha":16,"use_rslora":true})"), shape,
                      modules);
    modules[1].rank = 5;
    modules[4].rank = 2;
    for (Module& m : modules) m.scale = 16 / std::sqrt(static_cast<double>(m.rank));
    modules[3].scale = 7 / std::sqrt(3.0);
    expect_definition(written(shape, modules, R"({"peft_type":"LORA","r":3,"lora_alpha":16,"use_rslora":true,
        "rank_pattern":{"k_proj":5,"layers.1.self_attn.o_proj":2},"alpha_pattern":{"v_proj":7}})"),
                      shape, modules);
    for (Module& m : modules) m.scale = 16.0 / m.rank;
    modules[3].scale = -8.0 / 3;
    expect_definition(written(shape, modules, R"({"peft_type":"LORA","r":3,"lora_alpha":16,
        "rank_pattern":{"k_proj":5,"layers.1.self_attn.o_proj":2},"alpha_pattern":{"v_proj":-8}})"),
                      shape, modules);
  }
}

// In another order of rows the model's queries and keys would turn the wrong way, silently.
TEST(Peft, LlamaRowsAreThoseOfTheConverter) {
  const TestShape shape{.width = 32, .heads = 1, .kv_heads = 1, .head_dim = 8};
  Written in = written(shape, {{"model.layers.0.self_attn.q_proj", "blk.0.attn_q.weight", 1, 1}},
                       R"({"peft_type":"LORA","r":1,"lora_alpha":1})");
  for (std::size_t i = 0; i < 8; ++i) in.set(in.tensor(".lora_B.weight"), i, static_cast<float>(i));
  EXPECT_EQ(in.import(base_of(shape))->tensors[0].b, (std::vector<float>{0, 4, 1, 5, 2, 6, 3, 7}));
  PeftBase base = base_of(shape);
  base.architecture = "qwen3";
  EXPECT_EQ(in.import(base)->tensors[0].b, (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Peft, PatternsOfRanksKeepEveryBit) {
  const TestShape shape{.architecture = "qwen3"};
  const std::vector<Module> modules = {{"model.layers.0.self_attn.v_proj", "blk.0.attn_v.weight", 3, 0},
                                       {"model.layers.1.self_attn.v_proj", "blk.1.attn_v.weight", 7, 0}};
  const Written in = written(
      shape, modules, R"({"peft_type":"LORA","r":3,"lora_alpha":5,"rank_pattern":{"layers.1.self_attn.v_proj":7}})");
  const auto adapter = in.import(base_of(shape));
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ(adapter->alpha, 5);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(adapter->tensors[i].a, in.file.tensors[2 * i].values().value());
    EXPECT_EQ(adapter->tensors[i].b, in.file.tensors[2 * i + 1].values().value());
  }
  EXPECT_EQ(adapter->name, "folder");
  EXPECT_EQ(adapter->base_sha256(), base_of(shape).sha256);
}

TEST(Peft, ExportNamesWhatIsWrong) {
  const TestShape shape;
  TestModel model(shape);
  const PeftBase base = base_of(shape);
  const Adapter good = random_adapter(model, shape, {2}, 1);
  const auto fails = [&](auto spoil, ErrorCode code, const std::string& words) {
    Adapter adapter = good;
    spoil(adapter);
    const auto files = export_peft(adapter, base);
    ASSERT_FALSE(files) << words;
    EXPECT_EQ(files.error().code, code);
    EXPECT_NE(files.error().message.find(words), std::string::npos) << files.error().message;
  };
  fails([](Adapter& a) { a.tensors[0].target = "output.weight"; }, ErrorCode::kNotSupported, "'output.weight'");
  fails([](Adapter& a) { a.tensors[1] = a.tensors[0]; }, ErrorCode::kCorrupt, "'blk.0.attn_q.weight' is there twice");
  fails([](Adapter& a) { a.tensors[0].b.pop_back(); }, ErrorCode::kCorrupt, "size it claims");
  fails([](Adapter& a) { a.tensors[0].target = "blk.2.attn_q.weight"; }, ErrorCode::kNeedsModel, "does not fit");
  fails([](Adapter& a) { a.tensors.clear(); }, ErrorCode::kCorrupt, "no tensors");
  fails([](Adapter& a) { a.architecture = "qwen3"; }, ErrorCode::kNeedsModel, "'qwen3'");
  fails([](Adapter& a) { a.metadata["koan.adapter.base_sha256"] = std::string(64, 'b'); }, ErrorCode::kNeedsModel,
        std::string(64, 'b'));
  fails([](Adapter& a) { a.metadata["koan.note"] = std::string("\xFF"); }, ErrorCode::kCorrupt, "'koan.note'");
}

}  // namespace
}  // namespace koan
