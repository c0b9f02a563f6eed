#include "ask/protocol_data.h"

#include <gtest/gtest.h>

#include <set>

namespace koan::ask {
namespace {

TEST(ProtocolData, EveryFileIsValidAndHasItsOwnHash) {
  std::set<Sha256> hashes;
  for (const ProtocolFile& file : protocol_files()) {
    for (const char* prompts : {"", "@plain", "@drill"}) {
      const auto found = find_protocol(std::string(file.name) + prompts);
      ASSERT_TRUE(found) << found.error().message;
      EXPECT_EQ(found->name, std::string(file.name) + prompts);
      EXPECT_FALSE(found->summary.empty());
      EXPECT_GE(found->prompts.standing.size(), found->per_round);
      hashes.insert(found->hash);
    }
  }
  EXPECT_EQ(hashes.size(), 2 * protocol_files().size());
  EXPECT_EQ(all_protocols().size(), hashes.size());
  std::set<std::pair<std::uint8_t, std::uint8_t>> starts;  // what an ask file names
  for (const Sha256& hash : hashes) starts.insert({hash[0], hash[1]});
  EXPECT_EQ(starts.size(), hashes.size());
  EXPECT_EQ(find_protocol("batch11").error().code, ErrorCode::kUsage);
  EXPECT_NE(find_protocol("batch11").error().message.find("batch10, iterative, 2x5"), std::string::npos);
  EXPECT_NE(find_protocol("batch10@Drill").error().message.find("plain, drill"), std::string::npos);
}

// A change of a released file or of its prompts is a new version: ask files name these hashes.
TEST(ProtocolData, HashesAreFrozen) {
  const std::pair<const char*, const char*> cases[] = {
      {"batch10", "ff671830"}, {"iterative", "01073ad2"}, {"2x5", "67218e27"},     {"demo", "aa7b7653"},
      {"select", "31452295"},  {"chosen", "ff42edcb"},    {"oracle10", "3d8c05e8"}};
  for (const auto& [name, hash] : cases) EXPECT_EQ(to_hex(find_protocol(name)->hash).substr(0, 8), hash) << name;
}

TEST(ProtocolData, WhatTheFilesSay) {
  EXPECT_EQ(find_protocol("batch10")->rounds, 1u);
  EXPECT_EQ(find_protocol("batch10")->per_round, 10u);
  EXPECT_EQ(find_protocol("iterative")->rounds, 10u);
  EXPECT_EQ(find_protocol("2x5")->per_round, 5u);
  EXPECT_EQ(find_protocol("2x5")->threshold, 7u);
  EXPECT_TRUE(find_protocol("demo")->verdict);
  EXPECT_TRUE(find_protocol("select")->select);
  EXPECT_EQ(find_protocol("chosen")->pool, 12u);
  EXPECT_TRUE(find_protocol("oracle10")->gold);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ProtocolData, EveryWrongMemberIsNamed) {
  const std::string good(protocol_files()[0].json);
  ASSERT_TRUE(parse_protocol(good, prompts_files()[0].json));
  const std::pair<std::string, std::string> cases[] = {
      {replaced(good, "\"rounds\": 1", "\"rounds\": 0"), "questions.rounds"},
      {replaced(good, "\"rounds\": 1", "\"round\": 1"), "questions.rounds"},
      {replaced(good, "\"rounds\": 1", "\"rounds\": 1, \"more\": 2"), "questions.more"},
      {replaced(good, "\"answer_tokens\": 1024", "\"answer_tokens\": \"many\""), "answer_tokens"},
      {replaced(good, "\"mode\": 57344", "\"mode\": 65536"), "frequencies.mode"},
      {replaced(good, "\"unanswered\": 256", "\"unanswered\": 60000"), "frequencies"},
      {replaced(good, "\"floor\": 1024", "\"floor\": 1024, \"stop\": 5"), "frequencies.stop"},
      {replaced(good, "\"version\": 1", "\"version\": 1, \"gold\": true"), "oracle"},
      {replaced(good, "plain 1", "plain 2"), "prompts"},
      {replaced(good, "\"version\": 1", "\"version\": 1, \"select\": true"), "select"},
      {"[]", "not a JSON object"},
      {good.substr(0, good.size() / 2), "not JSON"},
  };
  for (const auto& [text, what] : cases) {
    const auto parsed = parse_protocol(text, prompts_files()[0].json);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(parsed.error().message.find(what), std::string::npos) << parsed.error().message;
  }
}

TEST(ProtocolData, HashCoversProtocolAndPrompts) {
  const std::string good(protocol_files()[0].json), prompts(prompts_files()[0].json);
  const Sha256 hash = parse_protocol(good, prompts)->hash;
  EXPECT_NE(parse_protocol(good + "\n", prompts)->hash, hash);
  EXPECT_NE(parse_protocol(good, prompts + "\n")->hash, hash);
  EXPECT_NE(parse_protocol(good, replaced(prompts, "(none)", "(nothing)"))->hash, hash);
}

}  // namespace
}  // namespace koan::ask
