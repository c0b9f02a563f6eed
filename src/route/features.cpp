#include "route/features.h"

#include <algorithm>

namespace koan {
namespace {

constexpr std::uint32_t kMaxMarks = 3;   // "---" and longer are one token
constexpr std::uint32_t kMaxDigits = 4;  // years differ from quantities; longer numbers are alike
constexpr std::uint32_t kMaxIndent = 8;

std::uint32_t mix(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint32_t h = a * 0x9E3779B1u ^ (b + 0x7F4A7C15u) * 0x85EBCA77u;
  h ^= h >> 15;
  h *= 0xC2B2AE3Du;
  h ^= h >> 13;
  h *= 0x27D4EB2Fu;
  return h ^ h >> 16;
}

constexpr bool is_digit(std::uint8_t byte) noexcept { return byte >= '0' && byte <= '9'; }
constexpr bool is_space(std::uint8_t byte) noexcept { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
constexpr std::uint8_t folded(std::uint8_t byte) noexcept {
  return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte + 32) : byte;
}
// Bytes of characters beyond ASCII count as letters.
constexpr bool is_letter(std::uint8_t byte) noexcept {
  return (folded(byte) >= 'a' && folded(byte) <= 'z') || byte >= 0x80;
}

}  // namespace

FeatureExtractor::FeatureExtractor(std::size_t limit, const FeatureSpec& spec)
    : spec_(spec),
      limit_(limit),
      left_(limit),
      stretch_left_(spec.stretch),
      counts_(std::size_t{1} << spec.log2_buckets),
      stretch_(counts_.size()) {}

void FeatureExtractor::add(ByteView text) {
  text = text.first(std::min(text.size(), left_));
  left_ -= text.size();
  while (!text.empty()) {
    const ByteView piece = text.first(std::min(text.size(), stretch_left_));
    text = text.subspan(piece.size());
    if (spec_.kind == FeatureKind::kCharacters) {
      for (const std::uint8_t byte : piece) add_character(byte);
    } else {
      for (const std::uint8_t byte : piece) add_word_byte(byte);
    }
    stretch_left_ -= piece.size();
    if (stretch_left_ == 0) end_stretch();
  }
}

Features FeatureExtractor::finish() {
  end_run();
  end_stretch();
  Features out;
  for (std::uint32_t bucket = 0; bucket < counts_.size(); ++bucket) {
    if (counts_[bucket] == 0) continue;
    out.push_back({bucket, counts_[bucket]});
    counts_[bucket] = 0;
  }
  left_ = limit_;
  previous_ = 0;
  window_ = 0;
  filled_ = 0;
  return out;
}

void FeatureExtractor::count(std::uint32_t hash) {
  const std::uint32_t bucket = hash >> (32 - spec_.log2_buckets);
  if (stretch_[bucket]++ == 0) touched_.push_back(bucket);
}

void FeatureExtractor::end_stretch() {
  for (const std::uint32_t bucket : touched_) {
    counts_[bucket] += std::min<std::uint32_t>(stretch_[bucket], spec_.cap);
    stretch_[bucket] = 0;
  }
  touched_.clear();
  stretch_left_ = spec_.stretch;
}

// Tokens: a run of letters, case folded; a number, by its length; a run of one mark; a run of space with a line end, by
// blank line and indentation. Space within a line separates only.
void FeatureExtractor::add_word_byte(std::uint8_t byte) {
  const Run kind = is_letter(byte)  ? Run::kWord
                   : is_digit(byte) ? Run::kNumber
                   : is_space(byte) ? Run::kSpace
                                    : Run::kMark;
  if (kind != run_ || (kind == Run::kMark && byte != last_)) {
    end_run();
    run_ = kind;
    hash_ = 0x811C9DC5u;
    length_ = lines_ = 0;
  }
  last_ = byte;
  switch (kind) {
    case Run::kWord:
      hash_ = (hash_ ^ folded(byte)) * 0x01000193u;  // FNV-1a
      break;
    case Run::kNumber:
      length_ = std::min(length_ + 1, kMaxDigits);
      break;
    case Run::kMark:
      length_ = std::min(length_ + 1, kMaxMarks);
      break;
    case Run::kSpace:
      length_ = byte == '\n' ? 0 : std::min(length_ + 1, kMaxIndent);
      if (byte == '\n') lines_ = std::min<std::uint32_t>(lines_ + 1, 2);
      break;
    case Run::kNone:
      break;
  }
}

void FeatureExtractor::end_run() {
  const Run run = run_;
  run_ = Run::kNone;
  if (run == Run::kNone || (run == Run::kSpace && lines_ == 0)) return;
  std::uint32_t token = mix(hash_, 1);
  if (run == Run::kNumber) token = mix(length_, 2);
  if (run == Run::kMark) token = mix(length_ << 8 | last_, 3);
  if (run == Run::kSpace) token = mix(length_ << 8 | lines_, 4);
  count(token);
  if (spec_.kind == FeatureKind::kWordsAndPairs) count(mix(previous_, token));
  previous_ = token;
}

// Runs of space count as one blank, so that layout does not drown the words.
void FeatureExtractor::add_character(std::uint8_t byte) {
  const std::uint8_t character = is_space(byte) ? std::uint8_t{' '} : is_digit(byte) ? std::uint8_t{'0'} : folded(byte);
  if (character == ' ' && (window_ & 0xFF) == ' ') return;
  window_ = window_ << 8 | character;
  if (++filled_ < spec_.characters) return;
  const std::uint64_t gram = window_ & (~std::uint64_t{0} >> (64 - 8 * spec_.characters));
  count(mix(static_cast<std::uint32_t>(gram), static_cast<std::uint32_t>(gram >> 32)));
}

Features extract_features(ByteView text, std::size_t limit, const FeatureSpec& spec) {
  FeatureExtractor extractor(limit, spec);
  extractor.add(text);
  return extractor.finish();
}

}  // namespace koan
