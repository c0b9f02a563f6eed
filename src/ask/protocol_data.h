// Protocols and prompts as data (docs/ask_protocol.md, "Protocols"): src/ask/data, linked into the program.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "chat/prompt.h"

namespace koan::ask {

// Of the rules in docs/ask_protocol.md. Changes with every change of what a step asks or how a reply is read.
inline constexpr std::uint32_t kAskVersion = 1;
inline constexpr std::uint32_t kCertain = 65536;  // what frequencies of a decision sum to
inline constexpr std::size_t kMaxAttempts = 64, kMaxQuestions = 256, kMaxRounds = 64;

struct Prompts {
  Prompt attempt, questions, pool, predict, suppose, answer, answers, revise, verdict, judge, select, again;
  std::string nothing;                // stands for an empty list
  std::string repeat;                 // added to a request whose reply could not be read
  std::vector<std::string> standing;  // questions that fill up
};

struct ProtocolData {
  std::string name, summary;
  std::uint32_t version = 0;
  std::size_t attempts = 1, rounds = 0, per_round = 0, pool = 0;
  std::uint32_t temperature_thousandths = 0;  // of the attempts
  std::uint32_t attempt_tokens = 0, question_tokens = 0, answer_tokens = 0;
  std::uint32_t worth_thousandths = 0;  // of a bit
  bool verdict = false, select = false, gold = false;
  std::uint32_t threshold = 0;  // of the judge; 0: none
  // Of kCertain.
  std::uint32_t mode = 0, unanswered = 0, floor = 0, verdict_right = 0, stop = 0, keep = 0, none = 0;
  Prompts prompts;
  Sha256 hash{};  // what an ask file names
};

// The files as they are; `prompts` must be those that the protocol names, unless `any_prompts`. Errors: kCorrupt with
// the key.
Result<ProtocolData> parse_protocol(std::string_view protocol, std::string_view prompts, bool any_prompts = false);

struct ProtocolFile {
  std::string_view name, json;
};
std::span<const ProtocolFile> protocol_files() noexcept;
// The first is that of protocols that are named without prompts.
std::span<const ProtocolFile> prompts_files() noexcept;
// PROTOCOL or PROTOCOL@PROMPTS. Errors: kUsage, listing what there is.
Result<ProtocolData> find_protocol(std::string_view name);
// All that find_protocol() finds, for readers that have to go by the hash.
std::vector<ProtocolData> all_protocols();

}  // namespace koan::ask
