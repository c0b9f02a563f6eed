// Files that appear only when complete.
#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace koan {
namespace {

namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "koan-file-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void put(const std::string& name, const std::string& text, bool replace = false) {
    auto file = AtomicFile::create(at(name), replace);
    ASSERT_TRUE(file) << file.error().message;
    FileSink sink(file->fd(), name);
    ASSERT_TRUE(sink.write(as_bytes(text)));
    const Status done = file->commit();
    ASSERT_TRUE(done) << done.error().message;
  }
  std::string get(const std::string& name) const {
    auto bytes = read_file(at(name), 1 << 20);
    return bytes ? std::string(as_text(*bytes)) : "error: " + bytes.error().message;
  }
  std::size_t entries() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {})); }

  fs::path folder_;
};

TEST_F(FileTest, AppearsOnCommitOnly) {
  {
    auto file = AtomicFile::create(at("a"), false);
    ASSERT_TRUE(file);
    ASSERT_TRUE(FileSink(file->fd(), "a").write(as_bytes("text")));
    EXPECT_FALSE(fs::exists(at("a")));
    EXPECT_EQ(entries(), 1u);
  }
  EXPECT_EQ(entries(), 0u) << "what was not committed is removed";
  put("a", "text");
  EXPECT_EQ(get("a"), "text");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(FileTest, DoesNotOverwriteUnlessAsked) {
  put("a", "one");
  auto refused = AtomicFile::create(at("a"), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUsage);
  put("a", "two", true);
  EXPECT_EQ(get("a"), "two");
}

TEST_F(FileTest, LosesNoRaceForTheName) {
  auto file = AtomicFile::create(at("a"), false);
  ASSERT_TRUE(file);
  put("a", "first");
  const Status late = file->commit();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kUsage);
  EXPECT_EQ(get("a"), "first");
}

TEST_F(FileTest, KeepsModeAndTimes) {
  put("source", "x");
  ASSERT_EQ(::chmod(at("source").c_str(), 0640), 0);
  const struct timespec times[2] = {{1000000, 5}, {2000000, 7}};
  ASSERT_EQ(::utimensat(AT_FDCWD, at("source").c_str(), times, 0), 0);
  auto source = open_for_reading(at("source"));
  ASSERT_TRUE(source);
  auto file = AtomicFile::create(at("copy"), false);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->commit(source->fd()));
  struct stat info {};
  ASSERT_EQ(::stat(at("copy").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  EXPECT_EQ(info.st_mtim.tv_sec, 2000000);
  EXPECT_EQ(info.st_mtim.tv_nsec, 7);
}

TEST_F(FileTest, NewFileHasTheUsualMode) {
  put("a", "x");
  const mode_t mask = ::umask(0);
  ::umask(mask);
  struct stat info {};
  ASSERT_EQ(::stat(at("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0666u & ~mask);
}

TEST_F(FileTest, FollowsLinksAndDevices) {
  put("real", "old");
  fs::create_symlink("real", at("link"));
  put("link", "new", true);
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(get("real"), "new");
  auto null = AtomicFile::create("/dev/null", false);
  ASSERT_TRUE(null);
  EXPECT_TRUE(null->is_direct());
  EXPECT_TRUE(null->commit());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(FileTest, RestartForgets) {
  auto file = AtomicFile::create(at("a"), false);
  ASSERT_TRUE(file);
  ASSERT_TRUE(FileSink(file->fd(), "a").write(as_bytes("wrong and long")));
  ASSERT_TRUE(file->restart());
  ASSERT_TRUE(FileSink(file->fd(), "a").write(as_bytes("right")));
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(get("a"), "right");
}

TEST_F(FileTest, SaysWhatIsWrong) {
  const auto missing = open_for_reading(at("none"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, at("none") + ": No such file or directory");
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  EXPECT_EQ(open_for_reading(folder_.string()).error().message, folder_.string() + ": Is a directory");
  EXPECT_EQ(AtomicFile::create(folder_.string(), true).error().code, ErrorCode::kIo);
  EXPECT_EQ(AtomicFile::create(at("no/where"), true).error().message, at("no/where") + ": No such file or directory");
  put("five", "12345");
  EXPECT_EQ(read_file(at("five"), 4).error().code, ErrorCode::kLimit);
  EXPECT_TRUE(read_file(at("five"), 5));
  const FileHandle full(::open("/dev/full", O_WRONLY));
  if (full.is_open()) {
    EXPECT_EQ(FileSink(full.fd(), "full").write(as_bytes("x")).error().message, "full: No space left on device");
  }
}

TEST_F(FileTest, StopFlagCancels) {
  const volatile std::sig_atomic_t stop = 1;
  put("a", "x");
  auto handle = open_for_reading(at("a"));
  ASSERT_TRUE(handle);
  std::uint8_t byte = 0;
  EXPECT_EQ(FileSource(handle->fd(), "a", &stop).read({&byte, 1}).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(FileSink(handle->fd(), "a", &stop).write(as_bytes("x")).error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace koan
