// The ladder of embedded models: which one a level codes with, and that any of them is found again.
#include "codec/levels.h"

#include <gtest/gtest.h>

#include "codec/codec.h"
#include "codec/inspect.h"

namespace koan {
namespace {

const std::string kText = [] {
  std::string out;
  for (int i = 0; i < 60; ++i)
    out += "Step " + std::to_string(i) + ": add the two numbers, then check that the sum is still below one hundred.\n";
  return out;
}();

struct Coded {
  Bytes bytes;
  std::optional<Sha256> model;  // that the frame names
};

Coded compress(Codec& codec, ByteView text, const CodecOptions& options) {
  MemorySource in(text);
  MemorySink out;
  EXPECT_TRUE(codec.compress(options, in, out));
  Coded coded{std::move(out.bytes), std::nullopt};
  MemorySource again(coded.bytes);
  EXPECT_TRUE(inspect(
      again,
      [&](const PartInfo& part) {
        if (part.model) coded.model = part.model->sha256;
      },
      [](const SegmentInfo&) {}));
  return coded;
}

Bytes decompress(ByteView coded) {
  auto codec = Codec::create().value();
  MemorySource in(coded);
  MemorySink out;
  auto stats = codec->decompress({}, in, out);
  EXPECT_TRUE(stats) << stats.error().message;
  return std::move(out.bytes);
}

TEST(Levels, CodeWithTheirEmbeddedModel) {
  ASSERT_GE(embedded_models().size(), 2u);
  auto codec = Codec::create().value();
  for (int level = 1; level <= 9; ++level) {
    SCOPED_TRACE(level);
    CodecOptions options;
    options.level = level;
    const Coded coded = compress(*codec, as_bytes(kText), options);
    const Level& l = level_of(level);
    ASSERT_EQ(coded.model.has_value(), l.use_model);
    if (coded.model) {
      EXPECT_EQ(*coded.model, sha256(embedded_models()[l.tier].gguf));
    }
    EXPECT_EQ(decompress(coded.bytes), Bytes(kText.begin(), kText.end()));
  }
}

TEST(Levels, MessagesOfEveryModelAreFoundByTheirId) {
  auto codec = Codec::create().value();
  const ByteView text = as_bytes(kText).first(900);
  Bytes last;
  for (const int level : {6, 9}) {
    CodecOptions options;
    options.level = level;
    const Coded coded = compress(*codec, text, options);
    EXPECT_NE(coded.bytes, last) << "another model, other bytes";
    EXPECT_EQ(decompress(coded.bytes), Bytes(text.begin(), text.end()));
    last = coded.bytes;
  }
}

TEST(Levels, AChosenModelServesAllOfThem) {
  auto codec = Codec::create().value();
  ASSERT_TRUE(codec->store().choose(0));
  CodecOptions options;
  options.level = 9;
  EXPECT_EQ(compress(*codec, as_bytes(kText), options).model, sha256(embedded_models()[0].gguf));
  // Given as a file it is the same model.
  auto other = Codec::create().value();
  ASSERT_TRUE(other->store().add(embedded_models()[1].gguf, true));
  EXPECT_EQ(other->store().size(), embedded_models().size());
  options.level = 3;
  EXPECT_EQ(compress(*other, as_bytes(kText), options).model, sha256(embedded_models()[1].gguf));
}

TEST(Levels, AnAdapterBringsItsOwnModel) {
  auto codec = Codec::create().value();
  const auto base = codec->store().model(1).value();
  const ModelConfig& c = base->config();
  const std::uint32_t out = c.heads * c.head_dim;
  Adapter adapter;
  adapter.architecture = c.architecture;
  adapter.alpha = 1;
  adapter.tensors.push_back({"blk.0.attn_q.weight", 1, c.width, out, std::vector<float>(c.width, 0.01f),
                             std::vector<float>(out, 0.01f)});
  adapter.metadata["koan.adapter.base_sha256"] = to_hex(base->sha256());
  const Bytes file = write_adapter(adapter);
  ASSERT_TRUE(codec->store().add_adapter(file));
  CodecOptions options;
  options.level = 3;
  options.adapters = {sha256(file)};
  EXPECT_EQ(compress(*codec, as_bytes(kText), options).model, base->sha256());
}

}  // namespace
}  // namespace koan
