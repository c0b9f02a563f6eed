// With a shell script in koan's place: what it is asked to do, and what becomes of its answers. tests/cli/eval.sh has
// the real one.
#include "eval/record_coder.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "eval/test_folder.h"

namespace koan {
namespace {

using Json = nlohmann::json;

// Copies for compression, and writes down what it was given: a line a call, words in brackets.
constexpr const char* kFakeKoan = R"(
here=$(dirname "$0")
for word; do printf '[%s]' "$word"; done >>"$here/calls"
echo " $KOAN_MODELS $XDG_DATA_HOME" >>"$here/calls"
verb=$1
for word; do
  [ "$previous" = -o ] && out=$word
  previous=$word
done
case $verb in
  compress) cat "$previous" >"$out" ;;
  decompress) cat "$here/instead" 2>/dev/null >"$out" || cat "$previous" >"$out" ;;
  list) cat "$here/listing" ;;
  adapt) echo trained >"$out" ;;
esac
)";

Json record(std::uint64_t line, std::uint64_t coded, const std::string& adapter) {
  return {{"line", line}, {"text_bytes", 9}, {"coded_bytes", coded}, {"adapter", adapter}, {"stored", false}};
}

class KoanRecordCoderTest : public testing::Test {
 protected:
  KoanRecordCoderTest() {
    program_.koan = folder_.script("koan", kFakeKoan);
    program_.fields = {"text", "prompt", "group"};
    program_.threads = 3;
    program_.work = folder_.path("work");
    source_ = folder_.write("source", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
    list({record(1, 2, ""), record(2, 3, std::string(64, 'a'))});
  }
  void list(const std::vector<Json>& records) {
    folder_.write("listing",
                  Json{{"files", {{{"records", records}, {"block_bytes", 20}, {"skeleton_bytes", 11}}}}}.dump());
  }
  AdapterChoice routed(AdapterChoice::Kind kind) const {
    return {kind, {{"chat", "chat.gguf", std::string(64, 'a'), 100}, {"code", "code.gguf", std::string(64, 'b'), 100}}};
  }
  Result<CodedFile> code(const AdapterChoice& choice) {
    return KoanRecordCoder(program_).code(source_, folder_.path("coded"), choice);
  }

  TestFolder folder_;
  KoanProgram program_;
  std::string source_;
};

TEST_F(KoanRecordCoderTest, GivesWhatEachRecordCosts) {
  const auto coded = code(routed(AdapterChoice::Kind::kByText));
  ASSERT_TRUE(coded) << coded.error().message;
  EXPECT_EQ(coded->record_bytes, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(coded->adapters, (std::vector<std::string>{"", "chat"}));
  EXPECT_EQ(coded->skeleton_bytes, 11u);
  EXPECT_EQ(coded->file_bytes, std::filesystem::file_size(source_));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("work/decoded")));
}

TEST_F(KoanRecordCoderTest, AsksForRecordsWithTheAdaptersOnBothSides) {
  ASSERT_TRUE(code(routed(AdapterChoice::Kind::kByTrial)));
  const std::string coded = folder_.path("coded"), alone = "  " + folder_.path("work") + "\n";
  const std::string adapters = "[--adapter][chat.gguf][--adapter][code.gguf]";
  EXPECT_EQ(folder_.read("calls"),
            "[compress]" + adapters +
                "[--route][trial][--jsonl][--field][text][--context-field][prompt][-T][3][-f][-q][-o][" + coded + "][" +
                source_ + "]" + alone + "[decompress]" + adapters + "[-T][3][-f][-q][-o][" +
                folder_.path("work/decoded") + "][" + coded + "]" + alone + "[list][--records][--json][" + coded + "]" +
                alone);
}

TEST_F(KoanRecordCoderTest, RoutesAsItIsTold) {
  for (const auto& [kind, words] : {std::pair{AdapterChoice::Kind::kByPrompt, "[--route][prompt]"},
                                    std::pair{AdapterChoice::Kind::kByText, "[--route][text]"}}) {
    folder_.write("calls", "");
    ASSERT_TRUE(code(routed(kind)));
    EXPECT_NE(folder_.read("calls").find(words), std::string::npos) << words;
  }
  folder_.write("calls", "");
  list({record(1, 2, ""), record(2, 3, "")});
  ASSERT_TRUE(code({}));
  EXPECT_EQ(folder_.read("calls").find("adapter"), std::string::npos);
  EXPECT_EQ(folder_.read("calls").find("route"), std::string::npos);
}

TEST_F(KoanRecordCoderTest, OtherDataThanWasEncodedIsFoundOut) {
  folder_.write("instead", "{\"text\": \"one\"}\n{\"text\": \"owt\"}\n");
  const auto coded = code(routed(AdapterChoice::Kind::kByText));
  ASSERT_FALSE(coded);
  EXPECT_EQ(coded.error().code, ErrorCode::kVerification);
  EXPECT_NE(coded.error().message.find(source_), std::string::npos) << coded.error().message;
}

TEST_F(KoanRecordCoderTest, DoubtfulListingsAreRefused) {
  list({record(1, 2, ""), record(3, 3, "")});  // line 2 is no record
  auto coded = code({});
  ASSERT_FALSE(coded);
  EXPECT_EQ(coded.error().code, ErrorCode::kVerification);
  EXPECT_NE(coded.error().message.find("line 2 "), std::string::npos) << coded.error().message;

  list({record(1, 2, std::string(64, 'c'))});
  coded = code(routed(AdapterChoice::Kind::kByText));
  ASSERT_FALSE(coded);
  EXPECT_EQ(coded.error().code, ErrorCode::kVerification);

  for (const char* listing : {"", "no JSON", "{\"files\": []}", "{\"files\": [{\"records\": []}]}"}) {
    folder_.write("listing", listing);
    coded = code({});
    ASSERT_FALSE(coded) << listing;
    EXPECT_NE(coded.error().message.find("koan list --records"), std::string::npos) << coded.error().message;
  }
}

TEST_F(KoanRecordCoderTest, AFailureKeepsItsCodeAndItsWords) {
  program_.koan = folder_.script("koan", "echo 'koan: no such adapter' >&2; exit 5\n");
  const auto coded = code({});
  ASSERT_FALSE(coded);
  EXPECT_EQ(coded.error().code, ErrorCode::kNeedsModel);
  EXPECT_EQ(coded.error().message, "koan compress: exit code 5: koan: no such adapter");
}

TEST_F(KoanRecordCoderTest, TrainsAndGoesOnWithWhatWasInterrupted) {
  program_.model = "other.gguf";
  KoanRecordCoder coder(program_);
  const std::string adapter = folder_.path("chat.lora.gguf");
  ASSERT_TRUE(coder.train("train.jsonl", adapter, {"--epochs", "2"}));
  EXPECT_EQ(folder_.read("chat.lora.gguf"), "trained\n");
  const std::string call =
      "[adapt][train.jsonl][--jsonl][--field][text][--context-field][prompt][-o][" + adapter + "][--epochs][2]";
  EXPECT_TRUE(folder_.read("calls").starts_with(call + "[--model][other.gguf]")) << folder_.read("calls");
  folder_.write("calls", "");
  folder_.write("chat.lora.gguf.checkpoint", "half");
  ASSERT_TRUE(coder.train("train.jsonl", adapter, {"--epochs", "2"}));
  EXPECT_TRUE(folder_.read("calls").starts_with(call + "[--resume]")) << folder_.read("calls");
}

}  // namespace
}  // namespace koan
