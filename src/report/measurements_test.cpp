#include "report/measurements.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace koan::report {
namespace {

class MeasurementFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "koan-report-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Result<Measurements> read(const std::string& text) {
    std::ofstream(folder_ + "/m", std::ios::binary) << text;
    return read_measurements(folder_ + "/m");
  }
  std::string folder_;
};

TEST_F(MeasurementFiles, PeersWithoutProcessorTime) {
  const auto m = read(
      "status,file,tool,options,bytes_in,bytes_out,compress_seconds,decompress_seconds,model_bytes\n"
      "measured,\"a,b\",koan,-6,1000,100,2,3,5000\n"
      "measured,\"a,b\",koan,-1,1000,200,1,1,0\n"
      "published,\"a,b\",cmix,,1000,90,,,\n"
      "measured,\"a,b\",xz,-9e,1000,300,0.1,0.05,\n");
  ASSERT_TRUE(m) << m.error().message;
  ASSERT_EQ(m->rows.size(), 3u);
  EXPECT_EQ(m->rows[0].file, "a,b");
  EXPECT_EQ(m->rows[0].group, "koan");
  EXPECT_EQ(m->rows[1].group, "koan without a model");
  EXPECT_EQ(m->rows[2].group, "others");
  EXPECT_DOUBLE_EQ(m->rows[0].bits_per_byte(), 0.8);
  EXPECT_FALSE(m->rows[0].has_cpu());
  EXPECT_EQ(m->sha256.size(), 64u);
}

TEST_F(MeasurementFiles, FrontierHasGroupsAndProcessorTime) {
  const auto m = read(
      "file,tool,options,group,bytes_in,bytes_out,compress_seconds,decompress_seconds,compress_cpu_seconds,decompress_"
      "cpu_seconds\n"
      "f,koan,-6,koan nano,1000,100,2,3,1.5,2.5\n");
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_EQ(m->rows[0].group, "koan nano");
  EXPECT_TRUE(m->rows[0].has_cpu());
}

TEST_F(MeasurementFiles, Domains) {
  const auto m = read("domain,condition,adapter,bits_per_byte,low,high\nchat,adapter:chat,chat,0.9,0.8,1.0\n");
  ASSERT_TRUE(m) << m.error().message;
  ASSERT_EQ(m->domains.size(), 1u);
  EXPECT_DOUBLE_EQ(m->domains[0].high, 1.0);
}

TEST_F(MeasurementFiles, BenchAsJson) {
  const auto m = read(
      R"({"koan": "0.1.0", "command": "bench", "files": [{"file": "f", "raw_bytes": 1000,
          "koan": {"name": "koan -6", "coded_bytes": 100, "encode": {"median_bytes_per_second": 500}, "decode": {"median_bytes_per_second": 250}},
          "peers": [{"name": "xz -9e", "coded_bytes": 300, "encode": {}, "decode": {}}, {"name": "zstd", "missing": "not installed"}]}]})");
  ASSERT_TRUE(m) << m.error().message;
  ASSERT_EQ(m->rows.size(), 2u);
  EXPECT_DOUBLE_EQ(m->rows[0].encode_seconds, 2);
  EXPECT_DOUBLE_EQ(m->rows[0].decode_seconds, 4);
  EXPECT_EQ(m->rows[1].tool, "xz -9e");
  EXPECT_EQ(m->rows[1].group, "others");
}

TEST_F(MeasurementFiles, WhatIsNoneIsRefusedWithAPlace) {
  const std::string header = "file,tool,options,bytes_in,bytes_out,compress_seconds,decompress_seconds\n";
  for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "empty"},
           {"a,b\n1,2\n", "neither"},
           {header, "no measurements"},
           {header + "f,xz,,1000,x,1,1\n", "line 2: bytes_out: not a number: x"},
           {header + "f,xz,,1000\n", "line 2"},
           {"{}", "not what koan bench --json writes"},
           {"{\"files\": [", "not JSON"}}) {
    const auto m = read(text);
    ASSERT_FALSE(m) << text;
    EXPECT_EQ(m.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(m.error().message.find(said), std::string::npos) << m.error().message;
  }
}

TEST(Frontier, KeepsWhatNothingBeats) {
  //                                   slow, small   fast, large   beaten      as slow, larger
  const std::vector<Place> places = {{10, 1.0}, {1, 3.0}, {5, 3.5}, {10, 2.0}, {4, 2.0}, {4, 2.0}};
  EXPECT_EQ(frontier(places), (std::vector<std::size_t>{1, 4, 0}));
  EXPECT_TRUE(frontier({}).empty());
}

}  // namespace
}  // namespace koan::report
