#include <gtest/gtest.h>

#include <set>

#include "adapt/documents.h"
#include "base/split_mix.h"

namespace koan {
namespace {

// Words that no other call with another seed makes.
std::string words(std::size_t bytes, std::uint64_t seed) {
  std::string out;
  while (out.size() < bytes) out.append("w").append(std::to_string(split_mix(seed) % 100000000)).append(" ");
  return out;
}

std::vector<Document> many(std::size_t count, std::size_t bytes) {
  std::vector<Document> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({words(bytes, i * 7919 + 1), ""});
  return out;
}

std::set<std::string> texts(const std::vector<Document>& documents) {
  std::set<std::string> out;
  for (const Document& document : documents) out.insert(document.text);
  return out;
}

TEST(Divide, HoldsOutTheShareByTheSeed) {
  const auto all = many(400, 500);
  const Division division = divide(all, 0.1, 1).value();
  const double share = static_cast<double>(division.held_out_bytes) /
                       static_cast<double>(division.held_out_bytes + division.train_bytes);
  EXPECT_NEAR(share, 0.1, 0.005);
  EXPECT_EQ(division.near_duplicates, 0u);
  std::set<std::string> both = texts(division.train);
  both.merge(texts(division.held_out));
  EXPECT_EQ(both, texts(all)) << "every document is on one side";
  EXPECT_EQ(division.train.size() + division.held_out.size(), all.size());
  EXPECT_EQ(texts(divide(all, 0.1, 1)->held_out), texts(division.held_out));
  EXPECT_NE(texts(divide(all, 0.1, 2)->held_out), texts(division.held_out));
}

TEST(Divide, HoldsOutEnoughToMeasureAndNotTooMuch) {
  EXPECT_GE(divide(many(100, 200), 0.001, 1)->held_out_bytes, 2048u);
  EXPECT_LT(divide(many(300, 20000), 0.5, 1)->held_out_bytes, (512u << 10) + 20100);
}

TEST(Divide, OneContextGoesToOneSide) {
  std::vector<Document> documents;
  for (std::size_t i = 0; i < 300; ++i) documents.push_back({words(400, i + 1), "prompt " + std::to_string(i / 5)});
  documents.push_back({words(9000, 999), "prompt 7"});  // long enough to be cut
  const Division division = divide(documents, 0.2, 3).value();
  std::set<std::string> held;
  std::string held_text;
  for (const Document& document : division.held_out) {
    held.insert(document.context);
    held_text += document.text;
  }
  EXPECT_GT(held.size(), 5u);
  std::string train_text;
  for (const Document& document : division.train) {
    if (!document.context.empty()) {
      EXPECT_EQ(held.count(document.context), 0u) << document.context;
    }
    train_text += document.text;
  }
  // The parts of the long document follow their context too.
  const std::string beginning = documents.back().text.substr(0, 40), end = documents.back().text.substr(8900);
  const auto in = [](const std::string& all, const std::string& part) { return all.find(part) != std::string::npos; };
  EXPECT_NE(in(held_text, beginning), in(train_text, beginning));
  EXPECT_EQ(in(held_text, beginning), in(held_text, end));
}

TEST(Divide, OneContextForEverythingIsAnError) {
  std::vector<Document> documents = many(100, 300);
  for (Document& document : documents) document.context = "the same";
  const auto division = divide(documents, 0.1, 1);
  ASSERT_FALSE(division.has_value());
  EXPECT_EQ(division.error().code, ErrorCode::kUsage);
  EXPECT_NE(division.error().message.find("--context-field"), std::string::npos);
}

TEST(Divide, NearDuplicatesAreTakenOut) {
  std::vector<Document> documents = many(200, 600);
  for (std::size_t i = 0; i < 60; ++i) documents.push_back({documents[i].text + words(60, 5000 + i), ""});
  const Division division = divide(documents, 0.2, 1).value();
  EXPECT_GT(division.near_duplicates, 5u);
  EXPECT_FALSE(division.duplicates_kept);
  EXPECT_EQ(division.train.size() + division.held_out.size() + division.near_duplicates, documents.size());
  for (const Document& held : division.held_out)
    for (const Document& train : division.train)
      EXPECT_NE(held.text.substr(0, 400), train.text.substr(0, 400)) << "a copy is on the other side";
}

TEST(Divide, TextThatRepeatsItselfKeepsItsDuplicates) {
  const std::string one = words(500, 1);
  const Division division = divide(std::vector<Document>(100, {one, ""}), 0.1, 1).value();
  EXPECT_TRUE(division.duplicates_kept);
  EXPECT_GT(division.near_duplicates, 0u);
  EXPECT_GE(division.held_out_bytes, 2048u);
}

TEST(Divide, OneLongDocumentIsCut) {
  std::string lines;
  for (std::uint64_t i = 0; lines.size() < 60000; ++i) lines += words(50, i + 1) + "\xC3\xA9\n";
  std::string solid;
  for (std::uint64_t i = 0; solid.size() < 60000; ++i) solid += words(30, i + 1) + "\xE2\x82\xAC";
  const std::string other = words(70000, 77);
  for (const std::string& whole : {lines, solid}) {
    const Division division = divide({{whole, "context of the beginning"}, {other, ""}}, 0.1, 1).value();
    EXPECT_GT(division.train.size(), 20u);
    std::size_t bytes = 0;
    for (const std::vector<Document>* side : {&division.train, &division.held_out})
      for (const Document& document : *side) {
        EXPECT_NE(static_cast<unsigned char>(document.text[0]) & 0xC0, 0x80) << "cut inside a character";
        bytes += document.text.size();
      }
    EXPECT_EQ(bytes, whole.size() + other.size());
    EXPECT_EQ(bytes, division.train_bytes + division.held_out_bytes);
    EXPECT_GT(division.held_out_bytes, 5000u);
  }
}

TEST(Divide, TooLittleTextIsAnError) {
  const auto division = divide({{words(5000, 1), ""}}, 0.05, 1);
  ASSERT_FALSE(division.has_value());
  EXPECT_EQ(division.error().code, ErrorCode::kUsage);
  EXPECT_NE(division.error().message.find("only 50"), std::string::npos) << division.error().message;
}

}  // namespace
}  // namespace koan
