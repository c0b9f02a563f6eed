// tokenizer.json: both kinds of vocabulary, both spellings of merges, real files where they are, what is refused.
#include "text/hf_tokenizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "text/byte_unicode.h"
#include "text/test_vectors.h"

namespace koan {
namespace {

using Json = nlohmann::ordered_json;

// The bytes, then what the merges make, then <|end|> and <think>.
Json byte_level(bool pairs = true) {
  Json vocab = Json::object();
  for (int b = 0; b < 256; ++b) {
    const auto byte = static_cast<std::uint8_t>(b);
    vocab[bytes_to_unicode({&byte, 1})] = b;
  }
  Json merges = Json::array();
  for (const auto& [left, right] :
       std::vector<std::pair<std::string, std::string>>{{"t", "h"}, {"th", "e"}, {"\xC4\xA0", "the"}, {"1", "2"}}) {
    vocab[left + right] = vocab.size();
    merges.push_back(pairs ? Json::array({left, right}) : Json(left + " " + right));
  }
  const std::size_t size = vocab.size();
  return {{"added_tokens", Json::array({{{"id", size}, {"content", "<|end|>"}, {"special", true}},
                                        {{"id", size + 1}, {"content", "<think>"}, {"special", false}}})},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}}}};
}

Result<Tokenizer> read(const Json& json, const Json& config = {{"eos_token", "<|end|>"}}) {
  GgufFile file;
  KOAN_TRY(read_hf_tokenizer(as_bytes(json.dump()), as_bytes(config.dump()), file));
  return Tokenizer::from_gguf(file);
}

TEST(HfTokenizer, ReadsByteLevelVocabularies) {
  for (const bool pairs : {true, false}) {
    const auto tokenizer = read(byte_level(pairs));
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    EXPECT_EQ(tokenizer->encode(as_bytes(std::string_view("the the12<think><|end|>"))),
              (std::vector<Token>{257, 258, 259, 261, '<', '|', 'e', 'n', 'd', '|', '>'}));
    EXPECT_EQ(tokenizer->bos(), 260u);
  }
}

TEST(HfTokenizer, KnowsPreTokenizersByTheirParts) {
  Json json = byte_level();
  json["pre_tokenizer"] = {{"type", "Sequence"},
                           {"pretokenizers", Json::array({{{"type", "Digits"}, {"individual_digits", true}},
                                                          {{"type", "ByteLevel"}, {"use_regex", true}}})}};
  EXPECT_EQ(read(json).value().parts().pre, PreTokenizer::kSmollm);
  const auto split = [](const std::string& pattern) -> Json {
    return {{"type", "Sequence"},
            {"pretokenizers",
             Json::array(
                 {{{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}},
                  {{"type", "ByteLevel"}, {"use_regex", false}}})}};
  };
  const std::string tail = R"(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
                    head = R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|)";
  json["pre_tokenizer"] = split(head + R"(\p{N}{1,3})" + tail);
  EXPECT_EQ(read(json).value().parts().pre, PreTokenizer::kLlama3);
  EXPECT_TRUE(read(json).value().parts().ignore_merges);
  json["pre_tokenizer"] = split(head + R"(\p{N})" + tail);
  EXPECT_EQ(read(json).value().parts().pre, PreTokenizer::kQwen2);
  json["pre_tokenizer"] = split("\\d+");
  const auto other = read(json);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kNotSupported);
  EXPECT_NE(other.error().message.find("pattern \\d+"), std::string::npos) << other.error().message;
}

TEST(HfTokenizer, ReadsVocabulariesWithByteFallback) {
  Json vocab = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
  for (unsigned b = 0; b < 256; ++b) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", b);
    vocab[name] = b + 3;
  }
  for (const char* text : {"a", "b", "\xE2\x96\x81", "ab", "\xE2\x96\x81\x61", "\xE2\x96\x81\x61\x62"})
    vocab[text] = vocab.size();
  const Json json = {{"added_tokens", Json::array({{{"id", 1}, {"content", "<s>"}, {"special", true}},
                                                   {{"id", 2}, {"content", "</s>"}, {"special", true}}})},
                     {"pre_tokenizer", nullptr},
                     {"model",
                      {{"type", "BPE"},
                       {"byte_fallback", true},
                       {"unk_token", "<unk>"},
                       {"vocab", vocab},
                       {"merges", Json::array({"a b", "\xE2\x96\x81 a", "\xE2\x96\x81 ab", "\xE2\x96\x81\x61 b"})}}}};
  const auto tokenizer = read(json, {{"bos_token", {{"content", "<s>"}}}, {"eos_token", "</s>"}});
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->bos(), 1u);
  EXPECT_EQ(tokenizer->encode(as_bytes(std::string_view(" ab a!"))), (std::vector<Token>{264, 263, 3 + '!'}));
}

TEST(HfTokenizer, FillsGaps) {
  Json json = byte_level();
  json["added_tokens"].push_back({{"id", 299}, {"content", "<|last|>"}, {"special", true}});
  const auto tokenizer = read(json);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ(tokenizer->size(), 300u);
  EXPECT_TRUE(tokenizer->is_special(280));
}

TEST(HfTokenizer, TakesTheChatTemplate) {
  GgufFile file;
  const std::string json = byte_level().dump();
  ASSERT_TRUE(read_hf_tokenizer(as_bytes(json), as_bytes(std::string_view(R"({"chat_template": "{{ x }}"})")), file));
  EXPECT_EQ(file.get_string("tokenizer.chat_template").value(), "{{ x }}");
  const std::string_view list =
      R"({"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]})";
  ASSERT_TRUE(read_hf_tokenizer(as_bytes(json), as_bytes(list), file));
  EXPECT_EQ(file.get_string("tokenizer.chat_template").value(), "d");
}

TEST(HfTokenizer, NamesWhatIsWrong) {
  const auto expect = [](const Json& json, const std::string& says) {
    const auto result = read(json);
    ASSERT_FALSE(result) << says;
    EXPECT_NE(result.error().message.find(says), std::string::npos) << result.error().message;
  };
  Json json = byte_level();
  json["model"]["type"] = "Unigram";
  expect(json, "'model.type' = 'Unigram'");
  json = byte_level();
  json["model"]["vocab"]["new"] = -1;
  expect(json, "an id in 'model.vocab'");
  json["model"]["vocab"]["new"] = 1u << 30;
  expect(json, "an id in 'model.vocab'");
  json = byte_level();
  json["model"]["vocab"] = 3;
  expect(json, "'model.vocab'");
  json = byte_level();
  json["model"]["merges"].push_back(5);
  expect(json, "'model.merges'");
  json["model"].erase("merges");
  expect(json, "'model.merges'");
  json = byte_level();
  json["added_tokens"].push_back({{"id", 3}});
  expect(json, "'added_tokens' has one without 'content'");
  json = byte_level();
  json["pre_tokenizer"] = {{"type", "Whitespace"}};
  expect(json, "neither byte-level nor");
  expect(Json::array(), "not a JSON object");
}

// Real vocabularies: SmolLM2 has no test vectors here, so what is checked is that every text comes back and that the
// pieces are those of its merges; MPT codes with the vocabulary of GPT-NeoX.
TEST(HfTokenizer, ReadsRealFiles) {
  const std::string smollm = corpus_file("tokenizers/smollm2-tokenizer.json"),
                    neox = corpus_file("tokenizers/gpt-neox-20B_tokenizer.json");
  const auto vectors = test_vectors("mpt");
  if (smollm.empty() || neox.empty() || vectors.empty())
    GTEST_SKIP() << "real tokenizers are not here; set KOAN_CORPUS to the corpus folder";
  GgufFile file;
  ASSERT_TRUE(read_hf_tokenizer(as_bytes(smollm), {}, file));
  const auto small = Tokenizer::from_gguf(file);
  ASSERT_TRUE(small) << small.error().message;
  EXPECT_EQ(small->size(), 49152u);
  EXPECT_EQ(small->parts().pre, PreTokenizer::kSmollm);
  GgufFile other;
  ASSERT_TRUE(read_hf_tokenizer(as_bytes(neox), {}, other));
  const auto large = Tokenizer::from_gguf(other);
  ASSERT_TRUE(large) << large.error().message;
  for (const auto& [text, tokens] : vectors) {
    EXPECT_EQ(large->encode(as_bytes(text)), tokens) << "'" << text << "'";
    EXPECT_EQ(decoded(*large, large->encode(as_bytes(text))), text);
    EXPECT_EQ(decoded(*small, small->encode(as_bytes(text))), text);
  }
}

}  // namespace
}  // namespace koan
