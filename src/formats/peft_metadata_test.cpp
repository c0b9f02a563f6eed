#include "formats/peft_metadata.h"

#include <gtest/gtest.h>

#include <limits>

namespace koan {
namespace {

using Metadata = std::map<std::string, GgufValue>;

TEST(PeftMetadata, RoundTripsEveryType) {
  const Metadata in = {{"a", std::uint64_t{18446744073709551615u}},
                       {"b", std::int64_t{-5}},
                       {"c", std::int64_t{5}},
                       {"d", 0.1},
                       {"e", 2.0},
                       {"f", true},
                       {"g", std::string("\"\n\xC3\xBC")},
                       {"h", std::vector<std::string>{"x", "y"}},
                       {"i", std::vector<std::string>{}},
                       {"j", std::vector<std::int64_t>{1, -2, std::numeric_limits<std::int64_t>::min()}},
                       {"k", std::vector<double>{1.0, -0.25, 1e-7}},
                       {"koan.adapter.base_sha256", std::string("00")}};
  const auto text = metadata_to_json(in);
  ASSERT_TRUE(text) << text.error().message;
  const auto out = metadata_from_json(*text);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(*out, in);
}

TEST(PeftMetadata, NamesWhatJsonCannotHold) {
  const auto fails = [](const GgufValue& value) {
    const auto text = metadata_to_json({{"the.key", value}});
    ASSERT_FALSE(text);
    EXPECT_NE(text.error().message.find("'the.key'"), std::string::npos) << text.error().message;
  };
  fails(std::string("\xFF"));
  fails(std::vector<std::string>{"x", "\x80"});
  fails(std::numeric_limits<double>::infinity());
  fails(std::vector<double>{std::numeric_limits<double>::quiet_NaN()});
}

TEST(PeftMetadata, RefusesOtherForms) {
  for (const char* text :
       {"", "[]", R"({"k":1})", R"({"k":{}})", R"({"k":{"uint":1,"int":2}})", R"({"k":{"uint":-1}})",
        R"({"k":{"int":9223372036854775808}})", R"({"k":{"int":1.5}})", R"({"k":{"float":"1"}})",
        R"({"k":{"float":1e39}})", R"({"k":{"bool":1}})", R"({"k":{"text":1}})", R"({"k":{"texts":"x"}})",
        R"({"k":{"ints":[1,[2]]}})", R"({"k":{"kind":1}})", R"({"":{"uint":1}})",
        R"({"general.architecture":{"text":"x"}})", R"({"adapter.lora.alpha":{"float":1}})"}) {
    const auto out = metadata_from_json(text);
    ASSERT_FALSE(out) << text;
    EXPECT_EQ(out.error().code, ErrorCode::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace koan
