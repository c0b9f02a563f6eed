// The ask file and its payload (docs/ask_protocol.md, "Bits" and "Ask file").
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ask/decision.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "coder/range_decoder.h"

namespace koan::ask {

inline constexpr std::uint32_t kAskFileVersion = 1;
inline constexpr std::size_t kMaxAskFile = 1 << 16;

// Decisions as bits, in the cheaper mode; nothing if there is none.
Bytes encode_decisions(std::span<const Decision> decisions, const ProtocolData& data);

// Reads decisions as the protocol comes to them. `payload` outlives it.
class DecisionReader {
 public:
  DecisionReader(ByteView payload, const ProtocolData& data) noexcept;
  Mode mode() const noexcept { return mode_; }
  // The symbol of a decision in that mode. kCorrupt if the payload ends before it.
  Result<std::size_t> next(const Decision& decision);
  // kCorrupt unless the payload ends here.
  Status finish() const;

 private:
  ByteView payload_;
  RangeDecoder decoder_;
  Mode mode_ = Mode::kPredicted;
  std::size_t count_ = 0;
};

// What the two sides must have in common.
struct AskIdentity {
  Sha256 problem{}, solver{}, questioner{}, protocol{};
};

using ShortHash = std::array<std::uint8_t, 2>;
ShortHash short_hash(const Sha256& whole) noexcept;

struct AskFile {
  ShortHash problem{}, solver{}, questioner{}, protocol{};
  std::uint64_t seed = 0;
  std::uint32_t cap = 0;
  Bytes payload;
  std::uint32_t check = 0;
  std::uint16_t answer_check = 0;
};

Bytes write_ask_file(const AskIdentity& identity, std::uint64_t seed, std::uint32_t cap, ByteView payload,
                     std::string_view answer);
// Errors: kCorrupt; kNeedsVersion for another version of the format or of numerics.
Result<AskFile> parse_ask_file(ByteView file);
// Errors: kUsage (another problem), kNeedsModel, kNeedsVersion (another protocol), kCorrupt (the check).
Status check_identity(const AskFile& parsed, ByteView file, const AskIdentity& identity);
// kVerification: the sender had another answer.
Status check_answer(const AskFile& parsed, std::string_view answer);

}  // namespace koan::ask
