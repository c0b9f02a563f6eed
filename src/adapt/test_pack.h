// What the trainer's tests share: a folder of their own, a byte tokenizer, corpus files and packs.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zstd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "adapt/pack.h"
#include "base/file.h"

namespace koan {

class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        testing::TempDir() + "koan_" + std::to_string(::getpid()) + "_" + info->test_suite_name() + "_" + info->name();
    std::filesystem::create_directories(folder_);
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, ByteView data) const {
    EXPECT_TRUE(write_file(path(name), data));
    return path(name);
  }

  std::string folder_;
};

// One frame, with a window of 2^27 bytes when `long_window`, as `zstd --long=27` writes it.
inline Bytes zstd_frame(std::string_view text, bool long_window = false) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  if (long_window) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1);
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  }
  Bytes out(ZSTD_compressBound(text.size()));
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  while (in.pos < in.size)
    ZSTD_compressStream2(context, &to, &in, ZSTD_e_continue);  // the size stays unknown until the end
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}

// Start token 0, then byte b as token b + 1: text can be read off the ids.
inline Tokenizer byte_tokenizer() {
  Tokenizer::Parts parts;
  parts.tokens = {"<|bos|>"};
  parts.is_special = {1};
  for (int b = 0; b < 256; ++b) {
    parts.tokens.emplace_back(1, static_cast<char>(b));
    parts.is_special.push_back(0);
  }
  return std::move(Tokenizer::from_parts(std::move(parts))).value();
}

inline PackedSource packed(const std::string& name, double weight, const std::vector<std::string>& documents) {
  PackedSource source;
  source.name = name;
  source.weight = weight;
  for (const std::string& text : documents) {
    source.documents.push_back({source.narrow.size(), text.size()});
    source.narrow.push_back(0);
    for (const char c : text) source.narrow.push_back(static_cast<std::uint16_t>(static_cast<std::uint8_t>(c) + 1));
  }
  return source;
}

inline Pack byte_pack(std::vector<PackedSource> sources) { return Pack{byte_tokenizer(), std::move(sources)}; }

}  // namespace koan
