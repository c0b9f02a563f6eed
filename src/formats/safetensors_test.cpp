#include "formats/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>

namespace koan {
namespace {

Bytes file_of(const std::string& header, std::size_t data_bytes) {
  Bytes out;
  append_fixed<std::uint64_t>(out, header.size());
  append_bytes(out, as_bytes(header));
  for (std::size_t i = 0; i < data_bytes; ++i) out.push_back(static_cast<std::uint8_t>(i));
  return out;
}

void expect_error(const std::string& header, std::size_t data_bytes, ErrorCode code, const std::string& words) {
  const Bytes bytes = file_of(header, data_bytes);
  const auto parsed = parse_safetensors(bytes);
  ASSERT_FALSE(parsed) << header;
  EXPECT_EQ(parsed.error().code, code) << parsed.error().message;
  EXPECT_NE(parsed.error().message.find(words), std::string::npos) << parsed.error().message;
}

const std::string kTensor = R"({"dtype":"F16","shape":[2,1],"data_offsets":[0,4]})";

TEST(Safetensors, Parses) {
  const Bytes bytes = file_of(
      R"({"__metadata__":{"format":"pt"},"b":{"data_offsets":[8,12],"dtype":"BF16","shape":[2]},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"e":{"dtype":"I64","shape":[0,3],"data_offsets":[12,12]}}   )",
      12);
  const auto file = parse_safetensors(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata, (std::map<std::string, std::string>{{"format", "pt"}}));
  ASSERT_EQ(file->tensors.size(), 3u);
  EXPECT_EQ(file->tensors[0].name, "a");
  EXPECT_EQ(file->tensors[1].name, "b");
  EXPECT_EQ(file->tensors[1].data.data(), bytes.data() + bytes.size() - 4);
  EXPECT_EQ(file->find("a")->shape, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(file->find("a")->element_count(), 2u);
  EXPECT_EQ(file->find("c"), nullptr);
  const auto values = file->find("b")->values();
  ASSERT_TRUE(values);
  EXPECT_EQ(std::bit_cast<std::uint32_t>((*values)[1]), 0x0B0A0000u);
  const auto refused = file->find("e")->values();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotSupported);
  EXPECT_NE(refused.error().message.find("'e' has dtype I64"), std::string::npos) << refused.error().message;
}

TEST(Safetensors, NoTensorsAndNoMetadata) {
  EXPECT_TRUE(parse_safetensors(file_of("{}", 0)));
  EXPECT_TRUE(parse_safetensors(file_of(R"({"__metadata__":null})", 0)));
}

TEST(Safetensors, RoundTrips) {
  const Bytes wide = {0, 0, 0x80, 0x3F}, narrow = {0, 0x3C, 0, 0xBC};
  SafetensorsFile file;
  file.metadata = {{"format", "pt"}, {"text", "\"quoted\" \n \xC3\xBC \xF0\x9F\x98\x80"}};
  file.tensors.push_back({"n.b", "F16", {2, 1}, narrow});
  file.tensors.push_back({"n.a", "BF16", {2}, narrow});
  file.tensors.push_back({"w", "F32", {}, wide});
  const auto bytes = write_safetensors(file);
  ASSERT_TRUE(bytes);
  const auto back = parse_safetensors(*bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->metadata, file.metadata);
  ASSERT_EQ(back->tensors.size(), 3u);
  EXPECT_EQ(back->tensors[0].name, "w");  // aligned: wider types first
  EXPECT_EQ(back->tensors[1].name, "n.a");
  EXPECT_EQ((back->tensors[0].data.data() - bytes->data()) % 8, 0);
  EXPECT_EQ(back->find("w")->values().value(), std::vector<float>{1});
  EXPECT_EQ(back->find("n.b")->values().value(), (std::vector<float>{1, -1}));
  EXPECT_EQ(write_safetensors(*back).value(), *bytes);
  for (std::size_t n = 0; n < bytes->size(); ++n) EXPECT_FALSE(parse_safetensors(ByteView(*bytes).first(n))) << n;
  file.metadata["bad"] = "\xFF";
  EXPECT_FALSE(write_safetensors(file));
}

TEST(Safetensors, RefusesDamage) {
  expect_error("[]", 0, ErrorCode::kCorrupt, "begin with {");
  expect_error(R"({"a":)", 0, ErrorCode::kCorrupt, "not JSON");
  expect_error("{\"\xFF\":1}", 0, ErrorCode::kCorrupt, "not JSON");
  expect_error("{} x", 0, ErrorCode::kCorrupt, "not JSON");
  expect_error(R"({"a":1e999})", 0, ErrorCode::kCorrupt, "not JSON");
  expect_error(R"({"a":3})", 0, ErrorCode::kCorrupt, "'a' is not an object");
  expect_error(R"({"a":null})", 0, ErrorCode::kCorrupt, "'a' is not an object");
  expect_error(R"({"__metadata__":[]})", 0, ErrorCode::kCorrupt, "__metadata__ is not an object");
  expect_error(R"({"__metadata__":{"k":1}})", 0, ErrorCode::kCorrupt, "'k' is not a string");
  expect_error(R"({"__metadata__":{"k":"","k":""}})", 0, ErrorCode::kCorrupt, "'k' twice");
  expect_error("{\"a\":" + kTensor + ",\"a\":" + kTensor + "}", 4, ErrorCode::kCorrupt, "'a' is there twice");
  expect_error("{\"" + std::string(2000, 'n') + "\":1}", 0, ErrorCode::kCorrupt, "2000 bytes");
}

TEST(Safetensors, RefusesBadTensors) {
  const auto bad = [](const std::string& tensor, std::size_t bytes, const std::string& words,
                      ErrorCode code = ErrorCode::kCorrupt) {
    expect_error("{\"t\":" + tensor + "}", bytes, code, "'t'");
    expect_error("{\"t\":" + tensor + "}", bytes, code, words);
  };
  bad(R"({"shape":[2],"data_offsets":[0,4]})", 4, "no dtype");
  bad(R"({"dtype":"F16","data_offsets":[0,4]})", 4, "no shape");
  bad(R"({"dtype":"F16","shape":[2]})", 4, "no data_offsets");
  bad(R"({"dtype":"F16","shape":[2],"data_offsets":[0]})", 4, "two numbers");
  bad(R"({"dtype":"F16","shape":[2],"data_offsets":[0,4,4]})", 4, "too many");
  bad(R"({"dtype":"F16","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,4]})", 4, "shape has too many");
  bad(R"({"dtype":"F16","shape":[-2],"data_offsets":[0,4]})", 4, "shape is of the wrong kind");
  bad(R"({"dtype":"F16","shape":[2.0],"data_offsets":[0,4]})", 4, "wrong kind");
  bad(R"({"dtype":"F16","shape":[[2]],"data_offsets":[0,4]})", 4, "wrong kind");
  bad(R"({"dtype":"F16","shape":2,"data_offsets":[0,4]})", 4, "wrong kind");
  bad(R"({"dtype":16,"shape":[2],"data_offsets":[0,4]})", 4, "dtype is of the wrong kind");
  bad(R"({"dtype":"F16","shape":[2],"offsets":[0,4]})", 4, "unknown field 'offsets'");
  bad(R"({"dtype":"F16","dtype":"F16","shape":[2],"data_offsets":[0,4]})", 4, "dtype twice");
  bad(R"({"dtype":"Q4","shape":[2],"data_offsets":[0,4]})", 4, "unknown dtype 'Q4'", ErrorCode::kNotSupported);
  bad(R"({"dtype":"F16","shape":[3],"data_offsets":[0,4]})", 4, "its shape needs 6");
  bad(R"({"dtype":"F4","shape":[3],"data_offsets":[0,1]})", 1, "whole bytes");
  bad(R"({"dtype":"F16","shape":[4294967296,4294967296],"data_offsets":[0,4]})", 4, "impossible shape");
  bad(R"({"dtype":"F16","shape":[2],"data_offsets":[4,0]})", 4, "does not begin");
  bad(R"({"dtype":"F16","shape":[2],"data_offsets":[0,4]})", 3, "ends outside");
  bad(R"({"dtype":"F16","shape":[2],"data_offsets":[1,5]})", 5, "does not begin");
  expect_error("{\"t\":" + kTensor + "}", 5, ErrorCode::kCorrupt, "1 bytes behind");
  expect_error("{\"t\":" + kTensor + ",\"u\":" + kTensor + "}", 4, ErrorCode::kCorrupt, "does not begin");
}

TEST(Safetensors, LimitsTheHeader) {
  Bytes bytes;
  append_fixed<std::uint64_t>(bytes, kMaxSafetensorsHeader + 1);
  const auto parsed = parse_safetensors(bytes);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kLimit);
  std::string many = "{";
  for (std::size_t i = 0; i <= kMaxSafetensorsTensors; ++i) {
    many.append(i == 0 ? "\"" : ",\"")
        .append(std::to_string(i))
        .append(R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})");
  }
  expect_error(many + "}", 0, ErrorCode::kLimit, "more than");
}

}  // namespace
}  // namespace koan
