#include "ask/bit_meter.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace koan::ask {
namespace {

constexpr std::string_view kSymbols[] = {"yes", "no", "none", kRefused};

std::optional<std::uint64_t> number_in(std::string_view text) noexcept {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<Spending> parse_line(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos) break;
    line.remove_prefix(space + 1);
  }
  if (words.size() != 5 || std::ranges::any_of(words, [](std::string_view word) { return word.empty(); })) return {};
  const auto bits = number_in(words[2]);
  // Sums of fewer than 2^28 lines stay below 2^60.
  if (!bits || *bits >> 32 != 0) return {};
  if (std::ranges::find(kSymbols, words[4]) == std::end(kSymbols)) return {};
  return Spending{std::string(words[0]), std::string(words[1]), *bits, std::string(words[3]), std::string(words[4])};
}

std::uint64_t rest(std::uint64_t cap, std::uint64_t spent) noexcept { return cap - std::min(cap, spent); }

}  // namespace

std::uint64_t metered_bits(const Decision& decision) noexcept {
  return decision.what == "answer" && decision.symbol == kUnanswered ? kUnansweredBits : kAnswerBits;
}

Result<std::vector<Spending>> parse_ledger(std::string_view text, std::size_t* complete) {
  std::vector<Spending> out;
  *complete = 0;
  while (true) {
    const std::size_t end = text.find('\n', *complete);
    if (end == std::string_view::npos) return out;
    auto entry = parse_line(text.substr(*complete, end - *complete));
    if (!entry) return Error{ErrorCode::kCorrupt, "line " + std::to_string(out.size() + 1) + " is none of a ledger"};
    out.push_back(std::move(*entry));
    *complete = end + 1;
  }
}

Result<BitMeter> BitMeter::open(const std::string& path, const BitCaps& caps) {
  KOAN_ASSIGN(FileHandle file, open_log(path, 0600, "server"));
  KOAN_ASSIGN(const Bytes bytes, read_file(path, kMaxLedger));
  const std::string_view text = as_text(bytes);
  std::size_t complete = 0;
  auto lines = parse_ledger(text, &complete);
  if (!lines) return std::move(lines).error().in(path);
  if (complete < text.size()) {
    // Somebody else's file is not to be cut.
    if (lines->empty() && (text[0] < '0' || text[0] > '9')) return Error{ErrorCode::kUsage, path + ": it is no ledger"};
    if (::ftruncate(file.fd(), static_cast<off_t>(complete)) != 0) return io_error(path, errno);
  }
  BitMeter out(path, std::move(file), caps);
  for (const Spending& entry : *lines) out.count(entry);
  if (::fsync(out.file_.fd()) != 0) return io_error(path, errno);  // a ledger that is no file of a disk is none
  KOAN_TRY(sync_folder(path));
  return out;
}

std::uint64_t BitMeter::left(const std::string& client, const std::string& day) const {
  std::uint64_t of_client = 0, of_day = 0;
  if (const auto at = by_day_.find(day); at != by_day_.end()) of_day = at->second;
  if (const auto at = by_client_.find(day); at != by_client_.end())
    if (const auto found = at->second.find(client); found != at->second.end()) of_client = found->second;
  const std::uint64_t out = rest(caps_.client, of_client);
  return caps_.total ? std::min(out, rest(*caps_.total, of_day)) : out;
}

Status BitMeter::spend(const Spending& entry) {
  if (broken_) return Error{ErrorCode::kIo, path_ + ": an earlier line could not be written"};
  const std::string line =
      entry.day + " " + entry.client + " " + std::to_string(entry.bits) + " " + entry.id + " " + entry.symbol + "\n";
  if (line.find('\n') + 1 != line.size() || !parse_line(std::string_view(line).substr(0, line.size() - 1)))
    return Error{ErrorCode::kUsage, "what is spent does not fit into a line of a ledger"};
  if (entry.bits > left(entry.client, entry.day)) return Error{ErrorCode::kBudget, "the bits of the day are spent"};
  const Status written = append(line);
  broken_ = !written;
  if (written) count(entry);
  return written;
}

Status BitMeter::append(const std::string& line) {
  KOAN_TRY(FileSink(file_.fd(), path_).write(as_bytes(line)));
  if (::fdatasync(file_.fd()) != 0) return io_error(path_, errno);
  return {};
}

void BitMeter::count(const Spending& entry) {
  by_day_[entry.day] += entry.bits;
  by_client_[entry.day][entry.client] += entry.bits;
  if (entry.symbol != kRefused) symbols_.insert_or_assign(entry.id, entry.symbol);
}

const std::string* BitMeter::answered(const std::string& id) const {
  const auto at = symbols_.find(id);
  return at == symbols_.end() ? nullptr : &at->second;
}

}  // namespace koan::ask
