#include "route/corpus_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zstd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/utf8.h"

namespace koan {
namespace {

namespace fs = std::filesystem;

class CorpusReader : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "koan-corpus-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string put(const std::string& name, const std::string& content) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  static std::string packed(const std::string& content) {
    std::string out(ZSTD_compressBound(content.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), content.data(), content.size(), 3));
    return out;
  }
  Result<CorpusCount> read(const std::vector<std::string>& paths, const CorpusFields& fields = {}) {
    texts_.clear();
    contexts_.clear();
    lines_.clear();
    return visit_corpus(paths, fields, [&](const CorpusDocument& document) -> Status {
      texts_.emplace_back(document.text);
      contexts_.emplace_back(document.context);
      lines_.emplace_back(document.line);
      return {};
    });
  }
  void expect_error(const Result<CorpusCount>& result, ErrorCode code, const std::string& part) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code) << result.error().message;
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  }

  fs::path folder_;
  std::vector<std::string> texts_, contexts_, lines_;
};

const std::string kRecords =
    "{\"text\": \"one \\u00e9\\n\", \"prompt\": "
    "\"p1\"}\r\n\n{\"response\":\"two\",\"n\":3}\n{\"other\":\"x\"}\n{\"text\":\"\"}\n{\"prompt\":"
    "\"p3\",\"text\":\"three\"}";

TEST_F(CorpusReader, TakesTheFieldsOfRecords) {
  auto count = read({put("a.jsonl", kRecords)}, {"", "prompt"});
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(texts_, (std::vector<std::string>{"one é\n", "two", "three"}));
  EXPECT_EQ(contexts_, (std::vector<std::string>{"p1", "", "p3"}));
  EXPECT_EQ(lines_[1], "{\"response\":\"two\",\"n\":3}");
  EXPECT_EQ(lines_[0].back(), '}') << "without the line end";
  EXPECT_EQ(count->documents, 3u);
  EXPECT_EQ(count->text_bytes, 7u + 3 + 5);
  EXPECT_EQ(count->without_text, 2u);

  ASSERT_TRUE(read({(folder_ / "a.jsonl").string()}, {"prompt", ""}));
  EXPECT_EQ(texts_, (std::vector<std::string>{"p1", "p3"}));
  ASSERT_TRUE(read({put("chat.jsonl", "{\"messages\":[{\"content\":\"q\"},{\"content\":\"a\"}]}\n")},
                   {"messages.-1.content", "messages.0.content"}));
  EXPECT_EQ(texts_, std::vector<std::string>{"a"});
  EXPECT_EQ(contexts_, std::vector<std::string>{"q"});
  ASSERT_TRUE(read({(folder_ / "chat.jsonl").string()}, {"messages.-1.content", "messages"}));
  EXPECT_EQ(contexts_, std::vector<std::string>{"[{\"content\":\"q\"},{\"content\":\"a\"}]"});
  ASSERT_TRUE(read({(folder_ / "chat.jsonl").string()}, {"messages", ""}));
  EXPECT_TRUE(texts_.empty()) << "a text is a string";
}

TEST_F(CorpusReader, ReadsWhatZstdCompressed) {
  ASSERT_TRUE(read({put("a.jsonl", kRecords)}));
  const auto plain = texts_;
  auto count = read({put("a.jsonl.zst", packed(kRecords) + packed("\n{\"text\":\"four\"}"))});
  ASSERT_TRUE(count) << count.error().message;
  ASSERT_EQ(texts_.size(), 4u);
  EXPECT_EQ(texts_[3], "four");
  texts_.pop_back();
  EXPECT_EQ(texts_, plain);
  ASSERT_TRUE(read({put("b.txt.zst", packed("some text\n"))}));
  EXPECT_EQ(texts_, std::vector<std::string>{"some text\n"});

  const std::string whole = packed(kRecords);
  expect_error(read({put("cut.jsonl.zst", whole.substr(0, whole.size() - 3))}), ErrorCode::kCorrupt, "ends early");
  expect_error(read({put("not.jsonl.zst", kRecords)}), ErrorCode::kCorrupt, "not.jsonl.zst");
}

TEST_F(CorpusReader, TakesRecordsFromAnyNameWhenTold) {
  ASSERT_TRUE(read({put("log", kRecords), put("log.zst", packed(kRecords))}, {"", "prompt", true}));
  EXPECT_EQ(texts_.size(), 6u);
  EXPECT_EQ(contexts_[5], "p3");
  expect_error(read({put("plain.txt", "no record\n")}, {"", "", true}), ErrorCode::kCorrupt, "plain.txt: line 1 ");
}

TEST_F(CorpusReader, ReadsTheStandardInput) {
  const int kept = ::dup(STDIN_FILENO);
  const auto from = [&](const std::string& content, const CorpusFields& fields) {
    const FileHandle file = std::move(open_for_reading(put("in", content))).value();
    ::dup2(file.fd(), STDIN_FILENO);
    return read({"-"}, fields);
  };
  ASSERT_TRUE(from(kRecords, {"", "", true}));
  EXPECT_EQ(texts_, (std::vector<std::string>{"one é\n", "two", "three"}));
  ASSERT_TRUE(from("words\n", {}));
  EXPECT_EQ(texts_, std::vector<std::string>{"words\n"});
  ::dup2(kept, STDIN_FILENO);
  ::close(kept);
}

TEST_F(CorpusReader, FollowsLinksToFilesButNotToFolders) {
  put("c/a.txt", "ay");
  fs::create_symlink(folder_ / "c", folder_ / "c" / "loop");
  fs::create_symlink("a.txt", folder_ / "c" / "b.txt");
  fs::create_symlink("nowhere", folder_ / "c" / "c.txt");
  ASSERT_TRUE(read({(folder_ / "c").string()}));
  EXPECT_EQ(texts_, (std::vector<std::string>{"ay", "ay"}));
}

TEST_F(CorpusReader, GoesThroughFoldersByName) {
  put("c/b.txt", "bee");
  put("c/a.jsonl", "{\"text\":\"ay\"}\n");
  put("c/sub/z.md", "zed");
  put("c/.git/config", "hidden");
  put("c/.hidden.txt", "hidden");
  put("c/image.png", std::string("\x89PNG\0\0", 6));
  put("c/empty.txt", "");
  auto count = read({(folder_ / "c").string()});
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(texts_, (std::vector<std::string>{"ay", "bee", "zed"}));
  EXPECT_EQ(count->files, 4u) << "the empty one was read";
  EXPECT_EQ(count->hidden, 2u);
  ASSERT_EQ(count->passed_over.size(), 1u);
  EXPECT_TRUE(count->passed_over[0].ends_with("image.png"));
}

TEST_F(CorpusReader, CutsLongTextFilesWithoutLosingAByte) {
  std::string lines;
  while (lines.size() < 5 * kCorpusPart) lines += "line " + std::to_string(lines.size() * 7919 % 100003) + " with ü\n";
  std::string one_line;
  while (one_line.size() < 3 * kCorpusPart) one_line += "日本";
  for (const std::string& whole : {lines, one_line}) {
    ASSERT_TRUE(read({put("long.txt", whole)}));
    EXPECT_GE(texts_.size(), 3u);
    std::string joined;
    for (const std::string& text : texts_) {
      EXPECT_LE(text.size(), kCorpusPart);
      EXPECT_EQ(find_binary(as_bytes(text)), text.size()) << "cut inside a character";
      EXPECT_TRUE(&whole != &lines || text.back() == '\n');
      joined += text;
    }
    EXPECT_EQ(joined, whole);
  }
}

TEST_F(CorpusReader, SaysWhatIsWrongAndWhere) {
  expect_error(read({put("a.jsonl", "{\"text\":\"x\"}\n[1]\n")}), ErrorCode::kCorrupt, "a.jsonl: line 2 ");
  expect_error(read({put("a.jsonl", "{\"text\":\"x\"")}), ErrorCode::kCorrupt, "line 1 ");
  expect_error(read({put("a.bin", std::string("ab\0c", 4))}), ErrorCode::kUsage, "byte 2 ");
  expect_error(read({(folder_ / "none").string()}), ErrorCode::kIo, "none");
  const auto stopped = visit_corpus({put("a.jsonl", kRecords)}, {}, [](const CorpusDocument&) -> Status {
    return Error{ErrorCode::kCancelled, "enough"};
  });
  expect_error(stopped, ErrorCode::kCancelled, "enough");
}

}  // namespace
}  // namespace koan
