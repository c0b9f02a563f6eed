#include "adapt/documents.h"

#include "adapt/test_pack.h"

namespace koan {
namespace {

class Documents : public FolderTest {
 protected:
  std::string text_file(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    return write(name, as_bytes(content));
  }
  void expect_error(const std::vector<std::string>& inputs, const CorpusFields& fields, ErrorCode code,
                    const std::string& part) const {
    const auto corpus = read_corpus(inputs, fields);
    ASSERT_FALSE(corpus.has_value()) << part;
    EXPECT_EQ(corpus.error().code, code) << corpus.error().message;
    EXPECT_NE(corpus.error().message.find(part), std::string::npos) << corpus.error().message;
  }
};

TEST_F(Documents, GathersFilesFoldersAndRecords) {
  text_file("c/b.txt", "second");
  text_file("c/a/deep.md", "first");
  text_file("c/.hidden", "not read");
  text_file("c/picture", std::string_view("\x89PNG\0\1", 6));
  text_file("c/empty.txt", "");
  text_file("c/z.jsonl", "{\"text\":\"third\",\"p\":\"q\"}\n{\"other\":1}\n");
  const std::string records = write("r.jsonl.zst", zstd_frame("{\"response\":\"fourth\",\"p\":[1]}\n"));
  const auto corpus = read_corpus({path("c"), records}, {"", "p", false});
  ASSERT_TRUE(corpus.has_value()) << corpus.error().message;
  std::vector<std::string> texts, contexts;
  for (const Document& document : corpus->documents) {
    texts.push_back(document.text);
    contexts.push_back(document.context);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "second", "third", "fourth"}));
  EXPECT_EQ(contexts, (std::vector<std::string>{"", "", "q", "[1]"}));
  EXPECT_EQ(corpus->bytes, 5u + 6 + 5 + 6);
  EXPECT_EQ(corpus->files, 5u);
  EXPECT_EQ(corpus->hidden, 1u);
  EXPECT_EQ(corpus->binary, 1u);
  EXPECT_EQ(corpus->without_text, 1u);
}

// The codec codes CR LF of a text as LF; an adapter that has learned CR would be wrong about every line.
TEST_F(Documents, TextsHaveTheLineEndsThatTheModelSees) {
  text_file("c/a.txt", "one\r\ntwo\r\n");
  text_file("c/b.txt", "mixed\r\nends\n");
  text_file("c/c.jsonl", "{\"text\":\"in a record\\r\\n\"}\n");
  const auto corpus = read_corpus({path("c")}, {});
  ASSERT_TRUE(corpus.has_value()) << corpus.error().message;
  std::vector<std::string> texts;
  for (const Document& document : corpus->documents) texts.push_back(document.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"one\ntwo\n", "mixed\r\nends\n", "in a record\r\n"}));
}

TEST_F(Documents, TakesTheFieldsThatAreNamed) {
  const std::string chat = text_file("chat.log", "{\"m\":[{\"c\":\"question\"},{\"c\":\"answer\"}]}\n");
  const auto corpus = read_corpus({chat}, {"m.-1.c", "m.0.c", true});
  ASSERT_TRUE(corpus.has_value()) << corpus.error().message;
  ASSERT_EQ(corpus->documents.size(), 1u);
  EXPECT_EQ(corpus->documents[0].text, "answer");
  EXPECT_EQ(corpus->documents[0].context, "question");
}

TEST_F(Documents, SaysWhichFileAndLineIsWrong) {
  const std::string good = text_file("good.jsonl", "{\"text\":\"x\"}\n");
  const std::string bad = text_file("bad.jsonl", "{\"text\":\"x\"}\n{\"text\":\"cut\n");
  expect_error({good, bad}, {}, ErrorCode::kCorrupt, "bad.jsonl: line 2 ");
  expect_error({good, text_file("odd.jsonl", "{\"text\":\"\xFF\"}\n")}, {}, ErrorCode::kCorrupt, "odd.jsonl: line 1 ");
  expect_error({good, text_file("other.jsonl", "{\"body\":\"x\"}\n")}, {}, ErrorCode::kUsage,
               "other.jsonl: no record has text in a field \"text\" or \"response\"");
  expect_error({good}, {"body", "", false}, ErrorCode::kUsage, "good.jsonl: no record has text in a field \"body\"");
  expect_error({good, path("none.txt")}, {}, ErrorCode::kIo, "none.txt");
  expect_error({text_file("latin.txt", "caf\xE9 olé")}, {}, ErrorCode::kUsage, "latin.txt: is binary data (byte 3 ");
  expect_error({text_file("b.bin", std::string_view("ab\0", 3))}, {}, ErrorCode::kUsage, "b.bin: is binary data");
  const Bytes frame = zstd_frame("{\"text\":\"x\"}\n");
  expect_error({write("cut.jsonl.zst", ByteView(frame).first(frame.size() - 2))}, {}, ErrorCode::kCorrupt,
               "cut.jsonl.zst: ends early");
}

TEST_F(Documents, NothingToTrainOnIsAnError) {
  expect_error({text_file("empty.txt", "")}, {}, ErrorCode::kUsage, "no text to train on");
  expect_error({text_file("blank.txt", " \n\n")}, {}, ErrorCode::kUsage, "no text to train on");
  std::filesystem::create_directories(path("folder"));
  expect_error({path("folder")}, {}, ErrorCode::kUsage, "no text to train on");
  text_file("folder/x", std::string_view("\0", 1));
  expect_error({path("folder")}, {}, ErrorCode::kUsage, "1 files that are no text in UTF-8 passed over");
}

TEST(DocumentsHash, KnowsEveryByteAndItsPlace) {
  const std::vector<Document> documents = {{"ab", "c"}, {"d", ""}};
  const Sha256 hash = corpus_sha256(documents);
  EXPECT_EQ(corpus_sha256(documents), hash);
  for (const std::vector<Document>& other : {std::vector<Document>{{"ab", "c"}},
                                             {{"a", "bc"}, {"d", ""}},
                                             {{"ab", "c"}, {"", "d"}},
                                             {{"d", ""}, {"ab", "c"}}})
    EXPECT_NE(corpus_sha256(other), hash);
}

}  // namespace
}  // namespace koan
