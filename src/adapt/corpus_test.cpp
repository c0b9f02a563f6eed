#include "adapt/corpus.h"

#include "adapt/test_pack.h"

namespace koan {
namespace {

class Corpus : public FolderTest {
 protected:
  // The documents of a file, or the error.
  Status read(ByteView file) {
    documents_.clear();
    return read_documents(write("c.jsonl.zst", file), {}, [this](std::string_view text, std::string_view) {
      documents_.emplace_back(text);
      return true;
    });
  }
  std::vector<std::string> documents_;
};

using Strings = std::vector<std::string>;

TEST_F(Corpus, ReadsTextOrResponse) {
  ASSERT_TRUE(read(
      zstd_frame("{\"text\": \"a\\nb\"}\n{\"id\": 1}\n\n{\"response\": \"c\", \"text\": 5}\r\n{\"text\": \"last\"}")));
  EXPECT_EQ(documents_, (Strings{"a\nb", "c", "last"}));
}

TEST_F(Corpus, ReadsLongWindowsAndSeveralFrames) {
  std::string line = "{\"text\": \"";
  for (unsigned i = 0; i < 1u << 20; ++i) line.push_back(static_cast<char>('a' + (i / 7 + i) % 23));
  line += "\"}\n";
  Bytes file = zstd_frame(line + line, true);
  const auto header = ZSTD_getFrameContentSize(file.data(), file.size());
  EXPECT_EQ(header, ZSTD_CONTENTSIZE_UNKNOWN);  // so that the window is the 2^27 that was asked for
  append_bytes(file, zstd_frame("{\"text\": \"second frame\"}\n"));
  ASSERT_TRUE(read(file));
  ASSERT_EQ(documents_.size(), 3u);
  EXPECT_EQ(documents_[0].size(), std::size_t{1} << 20);
  EXPECT_EQ(documents_[1], documents_[0]);
  EXPECT_EQ(documents_[2], "second frame");
}

// The decoder's output buffer is full exactly when the frame ends: nothing is missing then.
TEST_F(Corpus, FrameAsLongAsTheBufferIsComplete) {
  const std::string frame = "{\"text\": \"\"}\n";
  const std::size_t size = ZSTD_DStreamOutSize() - frame.size();
  ASSERT_TRUE(read(zstd_frame("{\"text\": \"" + std::string(size, 'x') + "\"}\n")));
  ASSERT_EQ(documents_.size(), 1u);
  EXPECT_EQ(documents_[0].size(), size);
}

TEST_F(Corpus, EveryTruncationIsRefused) {
  const Bytes file = zstd_frame("{\"text\": \"one\"}\n{\"text\": \"two, a little longer\"}\n");
  for (std::size_t n = 1; n < file.size(); ++n) {
    const Status status = read(ByteView(file).first(n));
    ASSERT_FALSE(status) << n;
    EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(status.error().message.find("c.jsonl.zst"), std::string::npos) << status.error().message;
  }
}

TEST_F(Corpus, BadLineIsAnErrorWithItsPlace) {
  for (const char* bad : {"{\"text\": \"cut", "[1]", "plain", "{\"text\": \"\xFF\"}"}) {
    const Status status = read(zstd_frame(std::string("{\"text\": \"a\"}\n\n") + bad + "\n{\"text\": \"b\"}\n"));
    ASSERT_FALSE(status) << bad;
    EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(status.error().message.find("c.jsonl.zst: line 3 "), std::string::npos) << status.error().message;
    EXPECT_EQ(documents_, Strings{"a"});
  }
}

TEST_F(Corpus, StopsWhenTheSinkHasEnough) {
  const std::string file =
      write("c.jsonl.zst", zstd_frame("{\"text\": \"a\"}\n{\"text\": \"b\"}\nnot read any more\n"));
  int seen = 0;
  EXPECT_TRUE(read_documents(file, {}, [&](std::string_view, std::string_view) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

TEST_F(Corpus, MissingAndForeignFiles) {
  const auto all = [](std::string_view, std::string_view) { return true; };
  EXPECT_EQ(read_documents(path("none"), {}, all).error().code, ErrorCode::kIo);
  EXPECT_EQ(read_documents(write("x.jsonl.zst", as_bytes("{\"text\": \"not compressed\"}\n")), {}, all).error().code,
            ErrorCode::kCorrupt);
}

TEST(CorpusSource, ParsesPathAndWeight) {
  const auto spec = parse_source("/data/train__code.jsonl.zst:2.5");
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(spec->name, "code");
  EXPECT_EQ(spec->path, "/data/train__code.jsonl.zst");
  EXPECT_EQ(spec->weight, 2.5);
  EXPECT_EQ(parse_source("a.jsonl.zst")->weight, 1);
  for (const char* bad : {"a.zst:0", "a.zst:-1", "a.zst:x", "a.zst:", "a.zst:inf", ".zst", "folder/"})
    EXPECT_FALSE(parse_source(bad).has_value()) << bad;
}

TEST_F(Corpus, FailedWriteKeepsTheOldFile) {
  const std::string file = write("kept", as_bytes("old"));
  EXPECT_FALSE(write_file(path("no/such/folder"), as_bytes("new")));
  if (std::filesystem::exists("/dev/full")) {
    EXPECT_EQ(write_file("/dev/full", as_bytes("new")).error().code, ErrorCode::kIo);
  }
  EXPECT_TRUE(write_file(file, as_bytes("new")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);  // no temporary file stays
}

}  // namespace
}  // namespace koan
