// Split models: parts given one by one, or one after another.
#include <gtest/gtest.h>

#include <deque>

#include "formats/gguf.h"

namespace koan {
namespace {

// Three parts of a model of three tensors; the first part has metadata only, as gguf-split can make it.
struct Parts {
  std::deque<Bytes> data;
  std::vector<GgufFile> files{3};
  Parts() {
    for (std::uint64_t i = 0; i < 3; ++i) {
      files[i].metadata["split.no"] = i;
      files[i].metadata["split.count"] = std::uint64_t{3};
      files[i].metadata["split.tensors.count"] = std::int64_t{3};
    }
    files[0].metadata["general.architecture"] = std::string("llama");
    add(1, "a", 5);
    add(1, "b", 8);
    add(2, "c", 3);
  }
  void add(std::size_t part, const std::string& name, std::uint64_t size) {
    data.emplace_back(size * 4, static_cast<std::uint8_t>(name[0]));
    files[part].tensors.push_back({name, {size}, GgmlType::kF32, data.back()});
  }
  std::vector<Bytes> bytes() const {
    std::vector<Bytes> out;
    for (const GgufFile& file : files) out.push_back(write_gguf(file));
    return out;
  }
};

Result<GgufFile> parse_views(const std::vector<Bytes>& parts) {
  const std::vector<ByteView> views(parts.begin(), parts.end());
  return parse_gguf_parts(views);
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) append_bytes(out, part);
  return out;
}

void expect_whole(const Result<GgufFile>& file) {
  ASSERT_TRUE(file.has_value()) << file.error().message;
  EXPECT_EQ(*file->get_string("general.architecture"), "llama");
  ASSERT_EQ(file->tensors.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(file->tensors[i].name, std::string(1, static_cast<char>('a' + i)));
    EXPECT_EQ(file->tensors[i].data[0], 'a' + i);
  }
}

void expect_refused(const Parts& parts, const std::string& words) {
  const std::vector<Bytes> bytes = parts.bytes();
  const Bytes whole = joined(bytes);
  for (const auto& file : {parse_views(bytes), parse_gguf_model(whole)}) {
    ASSERT_FALSE(file.has_value()) << words;
    EXPECT_EQ(file.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(file.error().message.find(words), std::string::npos) << file.error().message;
  }
}

TEST(GgufSplit, PartsMakeOneModel) {
  const std::vector<Bytes> bytes = Parts().bytes();
  expect_whole(parse_views(bytes));
  const Bytes whole = joined(bytes);
  expect_whole(parse_gguf_model(whole));
}

// Writers differ in whether they pad the last tensor of a file.
TEST(GgufSplit, PartsNeedNoPaddingBetweenThem) {
  std::vector<Bytes> bytes = Parts().bytes();
  for (Bytes& part : bytes) part.resize(parse_gguf(part)->end);
  const Bytes whole = joined(bytes);
  expect_whole(parse_gguf_model(whole));
}

TEST(GgufSplit, AFileThatIsNotSplitIsItself) {
  GgufFile file;
  file.metadata["general.architecture"] = std::string("llama");
  const Bytes bytes = write_gguf(file);
  EXPECT_TRUE(parse_gguf_model(bytes).has_value());
  EXPECT_TRUE(parse_views({bytes}).has_value());
  EXPECT_FALSE(parse_views({bytes, bytes}).has_value());
  EXPECT_FALSE(parse_views({}).has_value());
}

TEST(GgufSplit, EveryMissingPartIsAnError) {
  const std::vector<Bytes> bytes = Parts().bytes();
  for (std::size_t gone = 0; gone < 3; ++gone) {
    std::vector<Bytes> some = bytes;
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(gone));
    EXPECT_FALSE(parse_views(some).has_value()) << gone;
    const Bytes whole = joined(some);
    const auto file = parse_gguf_model(whole);
    ASSERT_FALSE(file.has_value()) << gone;
    EXPECT_EQ(file.error().code, ErrorCode::kCorrupt);
  }
  const auto alone = parse_gguf_model(bytes[0]);
  ASSERT_FALSE(alone.has_value());
  EXPECT_NE(alone.error().message.find("split into 3 parts, and 1 is here"), std::string::npos);
  std::vector<Bytes> swapped = {bytes[0], bytes[2], bytes[1]};
  EXPECT_FALSE(parse_views(swapped).has_value());
}

TEST(GgufSplit, EveryTruncationIsRefused) {
  const Bytes whole = joined(Parts().bytes());
  const std::size_t padding = 32 - 3 * 4;
  for (std::size_t n = 0; n < whole.size() - padding; ++n)
    EXPECT_FALSE(parse_gguf_model(ByteView(whole).first(n)).has_value()) << n;
}

TEST(GgufSplit, WhatThePartsSayMustAgree) {
  Parts parts;
  parts.files[1].metadata["split.no"] = std::uint64_t{2};
  expect_refused(parts, "part 2 of 3 says that it is 3");
  parts = Parts();
  parts.files[2].metadata["split.count"] = std::uint64_t{4};
  expect_refused(parts, "part 3 of 3 says that there are 4");
  parts = Parts();
  parts.files[0].metadata["split.tensors.count"] = std::uint64_t{4};
  expect_refused(parts, "3 tensors together, not 4");
  parts = Parts();
  parts.files[2].tensors[0].name = "b";
  expect_refused(parts, "tensor 'b' is in two parts");
  parts = Parts();
  parts.files[2].metadata.erase("split.no");
  expect_refused(parts, "split.no");
  parts = Parts();
  parts.files[0].metadata["split.count"] = std::uint64_t{0};
  expect_refused(parts, "split into 0 parts");
  parts = Parts();
  parts.files[0].metadata["split.count"] = std::uint64_t{1} << 40;
  expect_refused(parts, "split into 1099511627776 parts");
}

}  // namespace
}  // namespace koan
