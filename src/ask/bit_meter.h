// What left the far side in live mode, bit by bit (docs/ask_protocol.md, "Metering"): a ledger on disk that refuses the
// bit that would exceed a cap, also after the machine stopped. Not for several threads at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ask/decision.h"
#include "base/file.h"

namespace koan::ask {

inline constexpr std::uint64_t kAnswerBits = 1, kUnansweredBits = 9;
// What a server charges for a decision.
std::uint64_t metered_bits(const Decision& decision) noexcept;

struct BitCaps {
  std::uint64_t client = 0;            // bits per client and day
  std::optional<std::uint64_t> total;  // bits per day
};

// A line. No member holds a space or a line end, and none is empty.
struct Spending {
  std::string day;  // UTC, YYYY-MM-DD
  std::string client;
  std::uint64_t bits = 0;
  std::string id;      // of the request
  std::string symbol;  // yes, no, none; kRefused
};
inline constexpr const char* kRefused = "-";

inline constexpr std::uint64_t kMaxLedger = std::uint64_t{1} << 28;

// Complete lines, and how many bytes they are. Errors: kCorrupt with the line.
Result<std::vector<Spending>> parse_ledger(std::string_view text, std::size_t* complete);

class BitMeter {
 public:
  // Reads what is there, drops a line that was cut off, locks the file. Errors: kUsage (another server has it), kIo,
  // kCorrupt, kLimit.
  static Result<BitMeter> open(const std::string& path, const BitCaps& caps);

  std::uint64_t left(const std::string& client, const std::string& day) const;
  // Returns when the line is on disk. Errors: kBudget (it would exceed a cap: nothing was spent), kIo (the bits may not
  // leave, and none will: the meter refuses from then on), kUsage (a member that does not fit into a line).
  Status spend(const Spending& entry);
  // The symbol that a request was answered by; null: it was not.
  const std::string* answered(const std::string& id) const;

 private:
  BitMeter(std::string path, FileHandle file, const BitCaps& caps)
      : path_(std::move(path)), file_(std::move(file)), caps_(caps) {}
  void count(const Spending& entry);
  Status append(const std::string& line);

  std::string path_;
  FileHandle file_;
  BitCaps caps_;
  bool broken_ = false;
  std::map<std::string, std::uint64_t> by_day_;
  std::map<std::string, std::map<std::string, std::uint64_t>> by_client_;  // day, client
  std::unordered_map<std::string, std::string> symbols_;                   // by id
};

}  // namespace koan::ask
