// What koan-train adapt refuses, with what code, and that nothing is left behind.
#include <limits>

#include "adapt/test_adapt.h"

namespace koan {
namespace {

class AdaptErrorTest : public AdaptTest {
 protected:
  // The base model with something changed, under another name.
  template <typename Change>
  std::string changed_model(const std::string& name, Change change) const {
    const Bytes bytes = *read_file(path("base.gguf"), kMaxFile);
    GgufFile file = *parse_gguf(bytes);
    change(file);
    return write(name, write_gguf(file));
  }
};

TEST_F(AdaptErrorTest, Texts) {
  AdaptOptions o = options("out.gguf");
  o.inputs = {write("empty.txt", {})};
  fails(o, ErrorCode::kUsage, "there is no text to train on");
  o.inputs = {write("tiny.txt", as_bytes("one sentence."))};
  fails(o, ErrorCode::kUsage, "only 13 bytes of text");
  o.inputs = {path("base.gguf")};
  fails(o, ErrorCode::kUsage, "base.gguf: is binary data");
  o.inputs = {write("bad.jsonl", as_bytes("{\"text\":\"x\"}\nno record\n"))};
  fails(o, ErrorCode::kCorrupt, "bad.jsonl: line 2 ");
  o.inputs = {path("text.txt"), path("none.txt")};
  fails(o, ErrorCode::kIo, "none.txt");
}

TEST_F(AdaptErrorTest, BaseModels) {
  AdaptOptions o = options("out.gguf");
  o.model = path("none.gguf");
  fails(o, ErrorCode::kIo, "none.gguf");
  o.model = path("text.txt");
  fails(o, ErrorCode::kCorrupt, "text.txt");
  o.model = changed_model("llama.gguf", [](GgufFile& f) { f.metadata["general.architecture"] = std::string("llama"); });
  fails(o, ErrorCode::kNotSupported, "llama.gguf: koan-train reads qwen3 models, not llama");
  o.model = changed_model("untied.gguf", [](GgufFile& f) {
    GgufTensor copy = *f.find("token_embd.weight");
    copy.name = "output.weight";
    f.tensors.push_back(copy);
  });
  fails(o, ErrorCode::kNotSupported, "output.weight");
  o.model =
      changed_model("odd.gguf", [](GgufFile& f) { f.metadata["qwen3.attention.key_length"] = std::uint64_t{24}; });
  fails(o, ErrorCode::kNotSupported, "multiples of 32");
  o.model = changed_model("less.gguf", [](GgufFile& f) { f.tensors.pop_back(); });
  fails(o, ErrorCode::kCorrupt, "is missing");
}

TEST_F(AdaptErrorTest, WeightsThatAreNoNumbers) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    train::Net net = random_net(7);
    {
      torch::NoGradGuard no_grad;
      for (train::Parameter& p : net.parameters())
        if (p.name == "blk.1.ffn_norm.weight") p.tensor[5] = bad;
    }
    write_model(net, path("nan.gguf"));
    AdaptOptions o = options("out.gguf");
    o.model = path("nan.gguf");
    fails(o, ErrorCode::kCorrupt, "nan.gguf: tensor 'blk.1.ffn_norm.weight'");
  }
}

TEST_F(AdaptErrorTest, Options) {
  const auto with = [&](auto change) {
    AdaptOptions o = options("out.gguf");
    change(o);
    return o;
  };
  fails(with([](AdaptOptions& o) { o.rank = 33; }), ErrorCode::kLimit, "rank 33 is too large for attn_q");
  fails(with([](AdaptOptions& o) { o.batch_tokens = std::int64_t{1} << 40; }), ErrorCode::kLimit, "GB of memory");
  fails(with([](AdaptOptions& o) { o.batch_tokens = 128; }), ErrorCode::kUsage, "--batch-tokens");
  fails(with([](AdaptOptions& o) { o.length = 100; }), ErrorCode::kUsage, "--length");
  fails(with([](AdaptOptions& o) { o.length = 8192; }), ErrorCode::kUsage, "--length");
  fails(with([](AdaptOptions& o) { o.targets = "q,embedding"; }), ErrorCode::kUsage, "'embedding'");
  fails(with([](AdaptOptions& o) { o.resume = true; }), ErrorCode::kUsage, "nothing to resume");
  if (!torch::cuda::is_available())
    fails(with([](AdaptOptions& o) { o.device = "cuda"; }), ErrorCode::kNotSupported, "CUDA");
}

// Before any training: a text that is missing would be the next error.
TEST_F(AdaptErrorTest, OutputsThatCannotBeWritten) {
  AdaptOptions o = options("no/such/folder/out.gguf");
  o.inputs = {path("none.txt")};
  fails(o, ErrorCode::kIo, "no/such/folder");
  o.out = write("there.gguf", as_bytes("kept"));
  fails(o, ErrorCode::kUsage, "there.gguf");
  EXPECT_EQ(as_text(*read_file(path("there.gguf"), kMaxFile)), "kept");
  o = options("out.gguf");
  o.log = path("no/such/log");
  fails(o, ErrorCode::kIo, "no/such/log");
}

}  // namespace
}  // namespace koan
