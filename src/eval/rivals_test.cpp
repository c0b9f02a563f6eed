#include "eval/rivals.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "eval/measure.h"
#include "base/spawn.h"
#include "eval/test_folder.h"

namespace koan {
namespace {

// Sentences of a small vocabulary: what a dictionary is good for.
std::vector<std::string> sentences(std::size_t n, unsigned seed) {
  static const char* const kWords[] = {"the order ",       "was shipped ", "to the customer ", "on Monday, ",
                                       "because of rain ", "it arrived ",  "in good order ",   "with an invoice ",
                                       "of 42 euros ",     "and a letter "};
  std::mt19937 random(seed);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < n; ++i) {
    std::string text;
    while (text.size() < 150) text += kWords[random() % std::size(kWords)] + std::to_string(random() % 1000) + " ";
    out.push_back(std::move(text));
  }
  return out;
}

TestSet test_set(const std::vector<std::string>& texts) {
  TestSet out;
  out.texts = texts;
  for (const std::string& text : texts) out.text_bytes += text.size();
  return out;
}

std::uint64_t total(const Measured& measured) { return measured.text_coded_bytes(); }

TEST(Rivals, CodeAnythingAndMakeTextSmaller) {
  std::mt19937 random(3);
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise += static_cast<char>(random());
  std::string joined;
  for (const std::string& text : sentences(50, 1)) joined += text;
  std::size_t seen = 0;
  for (const Rival& rival : rivals()) {
    if (!rival.program.empty() && !is_installed(rival.program)) continue;
    ++seen;
    for (const std::string& text : {std::string(), std::string("x"), noise, joined}) {
      const auto coded = rival.compress(as_bytes(text), nullptr);
      ASSERT_TRUE(coded) << rival.title << ": " << coded.error().message;
      EXPECT_FALSE(coded->empty());
      EXPECT_LT(coded->size(), text.size() + 128);
    }
    EXPECT_LT(rival.compress(as_bytes(joined), nullptr)->size(), joined.size() / 2) << rival.title;
  }
  EXPECT_GE(seen, 2u);  // those that are libraries
}

TEST(Rivals, AProgramThatDecodesSomethingElseIsFoundOut) {
  const TestFolder folder;
  folder.script("gzip", "case \"$*\" in *d*) echo other ;; *) cat ;; esac\n");
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", (folder.path() + ":" + before).c_str(), 1);
  const std::vector<Rival> all = rivals();
  const auto coded = all[0].compress(as_bytes("some text"), nullptr);
  ::setenv("PATH", before.c_str(), 1);
  ASSERT_EQ(all[0].condition, "gzip");
  ASSERT_FALSE(coded);
  EXPECT_EQ(coded.error().code, ErrorCode::kVerification);
}

TEST(Rivals, AreMeasuredByRecordInOneStreamAndAsAFile) {
  const Rival count_half{"half", "half", "",
                         [](ByteView text, StopFlag) -> Result<Bytes> { return Bytes(text.size() / 2); }};
  const auto measured =
      measure_rival(count_half, test_set({"four", "twelve bytes"}), as_bytes("a whole file of 24 bytes"), nullptr);
  ASSERT_TRUE(measured);
  EXPECT_EQ(measured->record_bytes, (std::vector<std::uint64_t>{2, 6}));
  EXPECT_EQ(measured->joined_bytes, 8u);
  EXPECT_EQ(measured->file_bytes, 12u);
  EXPECT_EQ(measured->side_bytes, 0u);
  const volatile std::sig_atomic_t stop = 1;
  const auto stopped = measure_rival(count_half, test_set({"four"}), {}, &stop);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

TEST(Dictionary, KeepsItsSizeAndHelpsRecordsLikeTheOnesItKnows) {
  const std::vector<std::string> train = sentences(400, 1);
  const TestSet test = test_set(sentences(40, 2));
  const auto dictionary = train_dictionary(train, 4096);
  ASSERT_TRUE(dictionary) << dictionary.error().message;
  EXPECT_LE(dictionary->size(), 4096u);
  const auto trained = measure_dictionary(test, train, 4096),
             everything = measure_dictionary(test, train, std::nullopt);
  ASSERT_TRUE(trained);
  ASSERT_TRUE(everything);
  const auto plain = measure_rival(rivals()[2], test, {}, nullptr);
  ASSERT_EQ(rivals()[2].condition, "zstd");
  EXPECT_EQ(trained->side_bytes, dictionary->size());
  EXPECT_EQ(trained->record_bytes.size(), 40u);
  EXPECT_LT(total(*trained), total(*plain));
  EXPECT_LT(total(*everything), total(*plain));
  EXPECT_EQ(everything->side_bytes, raw_dictionary(train).size());
}

TEST(Dictionary, RawIsTheTextItself) {
  EXPECT_EQ(raw_dictionary({"one ", "two"}), Bytes({'o', 'n', 'e', ' ', 't', 'w', 'o'}));
  const std::vector<std::string> train = sentences(100, 1);
  auto coder = DictionaryCoder::create(raw_dictionary(train));
  ASSERT_TRUE(coder);
  const auto known = coder->compress(as_bytes(train[50]));
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_LT(known->size(), 30u);  // a reference to where it is
}

TEST(Dictionary, TooLittleTextIsAnErrorThatSaysSo) {
  const auto dictionary = train_dictionary({"a", "b"}, 100000);
  ASSERT_FALSE(dictionary);
  EXPECT_EQ(dictionary.error().code, ErrorCode::kUsage);
  EXPECT_NE(dictionary.error().message.find("100000 bytes from 2 bytes"), std::string::npos)
      << dictionary.error().message;
}

}  // namespace
}  // namespace koan
