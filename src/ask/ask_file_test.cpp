#include "ask/ask_file.h"

#include <gtest/gtest.h>

#include "ask/test_ask.h"
#include "base/split_mix.h"

namespace koan::ask {
namespace {

Decision answered(std::uint32_t yes, bool is_yes) {
  return {"answer", "?", answer_frequencies(yes, 256), answer_frequencies(kCertain / 2, 256), is_yes ? kYes : kNo};
}

void expect_round_trip(const std::vector<Decision>& decisions, const ProtocolData& data) {
  const Bytes payload = encode_decisions(decisions, data);
  EXPECT_EQ(encode_decisions(decisions, data), payload);
  DecisionReader reader(payload, data);
  if (!decisions.empty()) {
    EXPECT_EQ(reader.mode(), cheaper_mode(decisions, data));
  }
  for (const Decision& decision : decisions) ASSERT_EQ(reader.next(decision).value(), decision.symbol);
  EXPECT_TRUE(reader.finish());
  // One less or more is noticed.
  if (!decisions.empty()) {
    DecisionReader less(payload.empty() ? ByteView() : ByteView(payload).first(payload.size() - 1), data);
    bool failed = false;
    for (const Decision& decision : decisions) failed = failed || !less.next(decision);
    EXPECT_TRUE(failed || !less.finish());
  }
  Bytes more = payload;
  more.push_back(0);
  DecisionReader longer(more, data);
  for (const Decision& decision : decisions) ASSERT_TRUE(longer.next(decision));
  EXPECT_FALSE(longer.finish());
}

TEST(AskPayload, TenAnswersAreAtMostTwoBytesWhateverIsPredicted) {
  const ProtocolData data = protocol("batch10");
  std::uint64_t state = 11;
  SCOPED_TRACE("seed 11");
  for (int round = 0; round < 2000; ++round) {
    std::vector<Decision> decisions;
    for (int i = 0; i < 10; ++i)
      decisions.push_back(
          answered(static_cast<std::uint32_t>(1024 + split_mix(state) % 63488), split_mix(state) % 2 == 0));
    EXPECT_LE(encode_decisions(decisions, data).size(), 2u);
    expect_round_trip(decisions, data);
  }
}

TEST(AskPayload, GoodPredictionsMakeItShorter) {
  const ProtocolData data = protocol("batch10");
  std::uint64_t state = 12;
  SCOPED_TRACE("seed 12");
  double bits = 0, bytes = 0;
  constexpr int kRounds = 2000;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Decision> decisions;
    for (int i = 0; i < 10; ++i) {
      // Says 3/4 and is right three times of four.
      const bool says_yes = split_mix(state) % 2 == 0, right = split_mix(state) % 4 != 0;
      decisions.push_back(answered(says_yes ? kCertain * 3 / 4 : kCertain / 4, says_yes == right));
    }
    bits += to_bits(cost_of(decisions, cheaper_mode(decisions, data), data));
    bytes += static_cast<double>(encode_decisions(decisions, data).size());
  }
  EXPECT_LT(bits / kRounds, 8.5);  // the entropy is 8.11, the mode 0.19
  EXPECT_LE(bytes / kRounds, 2);
  std::vector<Decision> sure;
  for (int i = 0; i < 10; ++i) sure.push_back(answered(kCertain - 1024, true));
  EXPECT_EQ(encode_decisions(sure, data).size(), 1u);
  EXPECT_LT(to_bits(cost_of(sure, Mode::kPredicted, data)), 0.6);
}

TEST(AskPayload, AllKindsOfDecisionsAndNone) {
  const ProtocolData data = protocol("2x5");
  std::vector<Decision> decisions = {{"stop", "", with_first(2, data.stop), equal(2), 1},
                                     answered(20000, true),
                                     answered(60000, false),
                                     {"keep", "", with_first(3, data.keep), equal(3), 2}};
  expect_round_trip(decisions, data);
  decisions[1].symbol = kUnanswered;
  expect_round_trip(decisions, data);
  expect_round_trip({}, data);
  EXPECT_TRUE(encode_decisions({}, data).empty());
}

class AskFileTest : public testing::Test {
 protected:
  static Sha256 hash(const char* text) { return sha256(as_bytes(text)); }
  // What a receiver does with the bytes, but for the replay.
  static Status read(const Bytes& bytes, const AskIdentity& identity) {
    KOAN_ASSIGN(const AskFile parsed, parse_ask_file(bytes));
    KOAN_TRY(check_identity(parsed, bytes, identity));
    return check_answer(parsed, "the answer");
  }
  const AskIdentity identity_{hash("problem"), hash("solver"), hash("questioner"), hash("protocol")};
  const Bytes file_ = write_ask_file(identity_, 7, 300, Bytes{0x12, 0x34}, "the answer");
};

TEST_F(AskFileTest, IsShortAndReadsBack) {
  EXPECT_EQ(file_.size(), 23u);
  const AskFile parsed = parse_ask_file(file_).value();
  EXPECT_EQ(parsed.seed, 7u);
  EXPECT_EQ(parsed.cap, 300u);
  EXPECT_EQ(parsed.payload, (Bytes{0x12, 0x34}));
  EXPECT_TRUE(read(file_, identity_));
}

TEST_F(AskFileTest, BytesAreFrozen) { EXPECT_EQ(to_hex(file_), "4b3f010247a4b8785e562ea807ac0212343148fff835c9"); }

TEST_F(AskFileTest, TruncationsAndFlippedBitsAreErrors) {
  for (std::size_t n = 0; n < file_.size(); ++n)
    EXPECT_FALSE(read(Bytes(file_.begin(), file_.begin() + static_cast<std::ptrdiff_t>(n)), identity_)) << n;
  for (std::size_t bit = 0; bit < 8 * file_.size(); ++bit) {
    Bytes flipped = file_;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(read(flipped, identity_)) << bit;
  }
  Bytes longer = file_;
  longer.push_back(0);
  EXPECT_FALSE(read(longer, identity_));
}

TEST_F(AskFileTest, SaysWhatDiffers) {
  const auto code = [&](auto member, const char* other) {
    AskIdentity changed = identity_;
    changed.*member = hash(other);
    return read(file_, changed).error().code;
  };
  EXPECT_EQ(code(&AskIdentity::problem, "x"), ErrorCode::kUsage);
  EXPECT_EQ(code(&AskIdentity::solver, "x"), ErrorCode::kNeedsModel);
  EXPECT_EQ(code(&AskIdentity::questioner, "x"), ErrorCode::kNeedsModel);
  EXPECT_EQ(code(&AskIdentity::protocol, "x"), ErrorCode::kNeedsVersion);
  // The same first two bytes, and another model: the check knows.
  AskIdentity same_start = identity_;
  same_start.solver[31] ^= 1;
  EXPECT_EQ(read(file_, same_start).error().code, ErrorCode::kCorrupt);
  Bytes version = file_;
  version[2] = 2;
  EXPECT_EQ(parse_ask_file(version).error().code, ErrorCode::kNeedsVersion);
  version = file_;
  version[3] = 9;
  EXPECT_EQ(parse_ask_file(version).error().code, ErrorCode::kNeedsVersion);
  EXPECT_EQ(check_answer(parse_ask_file(file_).value(), "another").error().code, ErrorCode::kVerification);
}

}  // namespace
}  // namespace koan::ask
