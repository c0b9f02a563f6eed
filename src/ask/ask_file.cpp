#include "ask/ask_file.h"

#include <algorithm>

#include "coder/range_encoder.h"
#include "model/model.h"

namespace koan::ask {
namespace {

constexpr std::uint8_t kMagic[2] = {'K', '?'};
constexpr std::size_t kTail = 6;  // both checks

SymbolRange range_of(const Frequencies& frequencies, std::size_t symbol) {
  std::uint32_t start = 0;
  for (std::size_t i = 0; i < symbol; ++i) start += frequencies[i];
  return {start, frequencies[symbol], kCertain};
}

std::size_t symbol_at(const Frequencies& frequencies, std::uint32_t target) {
  std::size_t symbol = 0;
  for (std::uint32_t end = frequencies[0]; target >= end; end += frequencies[symbol]) ++symbol;
  return symbol;
}

Frequencies mode_frequencies(const ProtocolData& data) { return {data.mode, kCertain - data.mode}; }

const Frequencies& of_mode(const Decision& decision, Mode mode) {
  return mode == Mode::kPredicted ? decision.predicted : decision.plain;
}

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, "ask file: " + what}; }

std::uint32_t check_of(ByteView before, const AskIdentity& identity) {
  Bytes all(before.begin(), before.end());
  for (const Sha256* hash : {&identity.problem, &identity.solver, &identity.questioner, &identity.protocol})
    append_bytes(all, *hash);
  return static_cast<std::uint32_t>(xxh3_64(all));
}

std::uint16_t answer_check_of(std::string_view answer) { return static_cast<std::uint16_t>(xxh3_64(as_bytes(answer))); }

}  // namespace

Bytes encode_decisions(std::span<const Decision> decisions, const ProtocolData& data) {
  if (decisions.empty()) return {};
  const Mode mode = cheaper_mode(decisions, data);
  RangeEncoder encoder;
  encoder.encode(range_of(mode_frequencies(data), static_cast<std::size_t>(mode)));
  for (const Decision& decision : decisions) encoder.encode(range_of(of_mode(decision, mode), decision.symbol));
  encoder.finish();
  return encoder.take();
}

DecisionReader::DecisionReader(ByteView payload, const ProtocolData& data) noexcept
    : payload_(payload), decoder_(payload) {
  const Frequencies modes = mode_frequencies(data);
  const std::size_t symbol = symbol_at(modes, decoder_.target(kCertain));
  decoder_.consume(range_of(modes, symbol));
  mode_ = static_cast<Mode>(symbol);
}

Result<std::size_t> DecisionReader::next(const Decision& decision) {
  ++count_;
  const Frequencies& frequencies = of_mode(decision, mode_);
  const std::size_t symbol = symbol_at(frequencies, decoder_.target(kCertain));
  decoder_.consume(range_of(frequencies, symbol));
  if (payload_.empty() || decoder_.past_end()) return corrupt("the payload ends before the answers do");
  return symbol;
}

Status DecisionReader::finish() const {
  if (count_ == 0 && payload_.empty()) return {};
  if (count_ == 0 || decoder_.finish() != payload_.size())
    return corrupt("the payload does not end where the answers do");
  return {};
}

ShortHash short_hash(const Sha256& whole) noexcept { return {whole[0], whole[1]}; }

Bytes write_ask_file(const AskIdentity& identity, std::uint64_t seed, std::uint32_t cap, ByteView payload,
                     std::string_view answer) {
  Bytes out(std::begin(kMagic), std::end(kMagic));
  out.push_back(kAskFileVersion);
  append_varint(out, kNumericsVersion);
  for (const Sha256* hash : {&identity.problem, &identity.solver, &identity.questioner, &identity.protocol})
    append_bytes(out, short_hash(*hash));
  append_varint(out, seed);
  append_varint(out, cap);
  append_bytes(out, payload);
  append_fixed(out, check_of(out, identity));
  append_fixed(out, answer_check_of(answer));
  return out;
}

Result<AskFile> parse_ask_file(ByteView file) {
  if (file.size() > kMaxAskFile) return corrupt("it is too long");
  if (file.size() < sizeof kMagic || !std::equal(std::begin(kMagic), std::end(kMagic), file.begin()))
    return corrupt("it does not begin with K?");
  ByteReader reader(file.subspan(sizeof kMagic));
  KOAN_ASSIGN(const std::uint8_t version, reader.fixed<std::uint8_t>());
  if (version != kAskFileVersion)
    return Error{ErrorCode::kNeedsVersion, "ask file of format version " + std::to_string(version) +
                                               "; this koan has " + std::to_string(kAskFileVersion)};
  KOAN_ASSIGN(const std::uint64_t numerics, reader.varint());
  if (numerics != kNumericsVersion)
    return Error{ErrorCode::kNeedsVersion, "ask file of numerics version " + std::to_string(numerics) +
                                               "; this koan has " + std::to_string(kNumericsVersion)};
  AskFile out;
  for (ShortHash* hash : {&out.problem, &out.solver, &out.questioner, &out.protocol}) {
    KOAN_ASSIGN(const ByteView bytes, reader.take(hash->size()));
    std::copy(bytes.begin(), bytes.end(), hash->begin());
  }
  KOAN_ASSIGN(out.seed, reader.varint());
  KOAN_ASSIGN(const std::uint64_t cap, reader.varint());
  if (cap > UINT32_MAX) return corrupt("a cap that is out of range");
  out.cap = static_cast<std::uint32_t>(cap);
  if (reader.remaining() < kTail) return corrupt("it is cut off");
  KOAN_ASSIGN(const ByteView payload, reader.take(reader.remaining() - kTail));
  out.payload.assign(payload.begin(), payload.end());
  KOAN_ASSIGN(out.check, reader.fixed<std::uint32_t>());
  KOAN_ASSIGN(out.answer_check, reader.fixed<std::uint16_t>());
  return out;
}

Status check_identity(const AskFile& parsed, ByteView file, const AskIdentity& identity) {
  const auto differs = [](const ShortHash& named, const Sha256& ours, const char* what) {
    return "the " + std::string(what) + " of this ask file begins with " + to_hex(named) + ", the one given with " +
           to_hex(short_hash(ours));
  };
  if (parsed.problem != short_hash(identity.problem))
    return Error{ErrorCode::kUsage, "this is not the problem that the ask file answers: " +
                                        differs(parsed.problem, identity.problem, "problem's hash")};
  if (parsed.protocol != short_hash(identity.protocol))
    return Error{ErrorCode::kNeedsVersion, differs(parsed.protocol, identity.protocol, "protocol's hash")};
  if (parsed.solver != short_hash(identity.solver))
    return Error{ErrorCode::kNeedsModel, differs(parsed.solver, identity.solver, "hash of the solver's model")};
  if (parsed.questioner != short_hash(identity.questioner))
    return Error{ErrorCode::kNeedsModel,
                 differs(parsed.questioner, identity.questioner, "hash of the questioner's model")};
  if (parsed.check != check_of(file.first(file.size() - kTail), identity))
    return corrupt("its check does not match: it is damaged, or of another problem, model or protocol");
  return {};
}

Status check_answer(const AskFile& parsed, std::string_view answer) {
  if (parsed.answer_check == answer_check_of(answer)) return {};
  return Error{ErrorCode::kVerification, "the replayed answer is not the sender's; the ask file is damaged"};
}

}  // namespace koan::ask
