#include "text/pretokenizer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

#include "base/utf8.h"

namespace koan {
namespace {

#include "text/unicode_14.inl"

enum class Class { kOther = 0, kLetter = 1, kNumber = 2, kSpace = 3 };

constexpr Class class_of(char32_t code) {
  const auto next =
      std::upper_bound(std::begin(kUnicode14), std::end(kUnicode14), static_cast<std::uint32_t>(code) << 2 | 3);
  return static_cast<Class>(*(next - 1) & 3);
}

constexpr std::array<Class, 128> kAscii = [] {
  std::array<Class, 128> out{};
  for (char32_t c = 0; c < 128; ++c) out[c] = class_of(c);
  return out;
}();

struct Unit {
  Class kind;
  std::size_t size;
};

// The character at text[at], which exists. An invalid byte is one character of class "other".
Unit unit_at(ByteView text, std::size_t at) {
  if (text[at] < 0x80) return {kAscii[text[at]], 1};
  const Utf8Char c = utf8_at(text, at);
  if (c.size == 0) return {Class::kOther, 1};
  return {class_of(c.code), c.size};
}

std::size_t run_end(ByteView text, std::size_t at, Class kind) {
  while (at < text.size()) {
    const Unit unit = unit_at(text, at);
    if (unit.kind != kind) break;
    at += unit.size;
  }
  return at;
}

bool is_line_end(std::uint8_t byte) { return byte == '\r' || byte == '\n'; }

std::size_t line_ends_end(ByteView text, std::size_t at) {
  while (at < text.size() && is_line_end(text[at])) ++at;
  return at;
}

// 's 't 're 've 'm 'll 'd; 0 when there is none.
std::size_t contraction(ByteView text, bool any_case) {
  if (text[0] != '\'' || text.size() < 2) return 0;
  const auto letter = [&](std::size_t i) -> std::uint8_t {
    const std::uint8_t byte = text[i];
    return any_case && byte >= 'A' && byte <= 'Z' ? byte | 32 : byte;
  };
  const std::uint8_t a = letter(1);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if (text.size() < 3) return 0;
  const std::uint8_t b = letter(2);
  return ((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

// A run of white space gives its last character to the piece that follows it: \s+(?!\S)|\s+
// `up_to_number`: the text ends for it where a number begins.
std::size_t space_piece(ByteView text, bool up_to_number) {
  std::size_t at = 0;
  std::size_t last = 0;
  while (at < text.size()) {
    const Unit unit = unit_at(text, at);
    if (up_to_number && unit.kind == Class::kNumber) return at;
    if (unit.kind != Class::kSpace) return last > 0 ? last : at;
    last = at;
    at += unit.size;
  }
  return at;
}

// `single_numbers`: each number is a piece, and the pattern does not see past it.
std::size_t gpt2_piece(ByteView text, bool single_numbers) {
  if (const std::size_t size = contraction(text, false)) return size;
  const Unit first = unit_at(text, 0);
  if (first.kind == Class::kNumber && single_numbers) return first.size;
  if (first.kind != Class::kSpace) return run_end(text, first.size, first.kind);
  if (text[0] == ' ' && text.size() > 1) {
    const Unit second = unit_at(text, 1);
    const bool joins = second.kind != Class::kSpace && !(second.kind == Class::kNumber && single_numbers);
    if (joins) return run_end(text, 1 + second.size, second.kind);
  }
  return space_piece(text, single_numbers);
}

std::size_t number_piece(ByteView text, int most) {
  std::size_t at = 0;
  for (int i = 0; i < most && at < text.size(); ++i) {
    const Unit unit = unit_at(text, at);
    if (unit.kind != Class::kNumber) break;
    at += unit.size;
  }
  return at;
}

// \s*[\r\n]+ takes white space up to its last line end; without one \s+(?!\S)|\s+ applies.
std::size_t space_and_line_ends(ByteView text) {
  std::size_t at = 0, line_end = 0;
  while (at < text.size()) {
    const Unit unit = unit_at(text, at);
    if (unit.kind != Class::kSpace) break;
    at += unit.size;
    if (is_line_end(text[at - 1])) line_end = at;
  }
  return line_end > 0 ? line_end : space_piece(text, false);
}

std::size_t llama3_piece(ByteView text, int most_numbers) {
  if (const std::size_t size = contraction(text, true)) return size;
  const Unit first = unit_at(text, 0);
  if (first.kind == Class::kLetter) return run_end(text, first.size, Class::kLetter);
  if (first.kind == Class::kNumber) return number_piece(text, most_numbers);
  const bool more = first.size < text.size();
  // [^\r\n\p{L}\p{N}]?\p{L}+
  if (more && !is_line_end(text[0]) && unit_at(text, first.size).kind == Class::kLetter)
    return run_end(text, first.size, Class::kLetter);
  // ` ?[^\s\p{L}\p{N}]+[\r\n]*`
  if (first.kind == Class::kOther) return line_ends_end(text, run_end(text, first.size, Class::kOther));
  if (text[0] == ' ' && more && unit_at(text, 1).kind == Class::kOther)
    return line_ends_end(text, run_end(text, 1, Class::kOther));
  return space_and_line_ends(text);
}

constexpr std::pair<std::string_view, PreTokenizer> kNames[] = {
    {"gpt-2", PreTokenizer::kGpt2},       {"mpt", PreTokenizer::kGpt2},
    {"olmo", PreTokenizer::kGpt2},        {"phi-2", PreTokenizer::kGpt2},
    {"jina-es", PreTokenizer::kGpt2},     {"jina-de", PreTokenizer::kGpt2},
    {"jina-v2-es", PreTokenizer::kGpt2},  {"jina-v2-de", PreTokenizer::kGpt2},
    {"roberta-bpe", PreTokenizer::kGpt2}, {"llama-bpe", PreTokenizer::kLlama3},
    {"llama3", PreTokenizer::kLlama3},    {"llama-v3", PreTokenizer::kLlama3},
    {"falcon3", PreTokenizer::kLlama3},   {"pixtral", PreTokenizer::kLlama3},
    {"qwen2", PreTokenizer::kQwen2},      {"deepseek-r1-qwen", PreTokenizer::kQwen2},
    {"smollm", PreTokenizer::kSmollm},    {"starcoder", PreTokenizer::kSmollm},
    {"refact", PreTokenizer::kSmollm},    {"command-r", PreTokenizer::kSmollm},
    {"codeshell", PreTokenizer::kSmollm}};

}  // namespace

std::optional<PreTokenizer> find_pretokenizer(std::string_view name) noexcept {
  for (const auto& [known, pre] : kNames)
    if (known == name) return pre;
  return std::nullopt;
}

std::string_view pretokenizer_name(PreTokenizer pre) noexcept {
  for (const auto& [known, kind] : kNames)
    if (kind == pre) return known;
  return {};
}

std::size_t next_piece(PreTokenizer pre, ByteView text) noexcept {
  switch (pre) {
    case PreTokenizer::kLlama3:
      return llama3_piece(text, 3);
    case PreTokenizer::kQwen2:
      return llama3_piece(text, 1);
    case PreTokenizer::kSmollm:
      return gpt2_piece(text, true);
    case PreTokenizer::kGpt2:
      break;
  }
  return gpt2_piece(text, false);
}

}  // namespace koan
