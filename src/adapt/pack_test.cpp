#include "adapt/pack.h"

#include <nlohmann/json.hpp>

#include "adapt/test_pack.h"
#include "base/file.h"

namespace koan {
namespace {

class PackTest : public FolderTest {
 protected:
  std::string corpus(const std::string& name, const std::vector<std::string>& documents) {
    std::string lines;
    for (const std::string& text : documents) lines += nlohmann::json{{"text", text}}.dump() + "\n";
    return write(name + ".jsonl.zst", zstd_frame(lines));
  }
  Status pack(const std::vector<SourceSpec>& sources, std::uint64_t limit = 0) {
    return write_pack(byte_tokenizer(), sources, {limit, {}}, path("pack"));
  }
};

TEST_F(PackTest, KeepsDocumentsBehindStartTokens) {
  const std::vector<std::string> documents = {"one", "caf\xC3\xA9"};
  ASSERT_TRUE(pack({{"a", corpus("a", {"one", "", documents[1]}), 3}, {"b", corpus("b", {"z"}), 1}}));
  const auto read = read_pack(path("pack"));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ(read->sources.size(), 2u);
  const PackedSource& a = read->sources[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.weight, 3);
  ASSERT_EQ(a.documents.size(), documents.size());
  for (std::size_t d = 0; d < documents.size(); ++d) {
    const auto first = static_cast<std::size_t>(a.documents[d].first);
    EXPECT_EQ(a.documents[d].raw_bytes, documents[d].size());
    EXPECT_EQ(a.at(first), read->tokenizer->bos());
    Bytes text;
    for (std::size_t i = first + 1; i < a.document_end(d); ++i) read->tokenizer->append_decoded(a.at(i), text);
    EXPECT_EQ(as_text(text), documents[d]);
  }
  EXPECT_EQ(a.token_count(), 2u + 3 + 5);
}

TEST_F(PackTest, LimitEndsASource) {
  ASSERT_TRUE(pack({{"a", corpus("a", {"1234", "5678", "9"}), 1}}, 6));
  EXPECT_EQ(read_pack(path("pack"))->sources[0].documents.size(), 2u);
}

TEST_F(PackTest, KeepsHowLongPromptsAre) {
  const std::string lines = R"({"prompt":"Why?","text":" So."})"
                            "\n"
                            R"({"text":"alone"})"
                            "\n";
  const std::string file = write("a.jsonl", as_bytes(lines));
  ASSERT_TRUE(write_pack(byte_tokenizer(), {{"a", file, 1}}, {0, "prompt"}, path("pack")));
  const auto read = read_pack(path("pack"));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const PackedSource& a = read->sources[0];
  ASSERT_EQ(a.documents.size(), 2u);
  EXPECT_EQ(a.documents[0].prompt, 4u);
  EXPECT_EQ(a.documents[0].raw_bytes, 8u);
  EXPECT_EQ(a.documents[1].prompt, 0u);
  EXPECT_EQ(a.token_count(), 2u + 8 + 5);
  const Bytes whole = *koan::read_file(path("pack/a.prompts"), kMaxFile);
  write("pack/a.prompts", ByteView(whole).first(6));
  EXPECT_FALSE(read_pack(path("pack")).has_value());
  Bytes longer = whole;
  longer[0] = 9;
  write("pack/a.prompts", longer);
  EXPECT_EQ(read_pack(path("pack")).error().code, ErrorCode::kCorrupt);
}

TEST_F(PackTest, RefusesSourcesWithoutTextOrWithOneName) {
  EXPECT_EQ(pack({{"a", corpus("a", {"", ""}), 1}}).error().code, ErrorCode::kCorrupt);
  const std::string file = corpus("a", {"x"});
  EXPECT_EQ(pack({{"a", file, 1}, {"a", file, 1}}).error().code, ErrorCode::kUsage);
}

TEST_F(PackTest, RefusesDamagedPacks) {
  ASSERT_TRUE(pack({{"a", corpus("a", {"one", "two"}), 1}}));
  for (const char* name : {"a.tokens", "a.documents", "manifest.json", "tokenizer.gguf"}) {
    const std::string file = path("pack") + "/" + name;
    const Bytes whole = *koan::read_file(file, kMaxFile);
    for (const std::size_t cut : {whole.size() / 2, whole.size()}) {
      ASSERT_TRUE(write_file(file, ByteView(whole).first(whole.size() - cut)));
      EXPECT_FALSE(read_pack(path("pack")).has_value()) << name << " without " << cut << " bytes";
    }
    std::filesystem::remove(file);
    EXPECT_EQ(read_pack(path("pack")).error().code, ErrorCode::kIo) << name;
    ASSERT_TRUE(write_file(file, whole));
  }
  Bytes tokens = *koan::read_file(path("pack/a.tokens"), kMaxFile);
  tokens[1] = 0xFF;
  write("pack/a.tokens", tokens);
  EXPECT_EQ(read_pack(path("pack")).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace koan
