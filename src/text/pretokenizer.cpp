// The GPT-2 split pattern as a scanner: one look ahead, no backtracking. Unicode classes come from utf8proc.
#include "text/pretokenizer.h"

#include <utf8proc.h>

namespace koan {
namespace {

enum class Class { kLetter, kNumber, kSpace, kOther };

struct Unit {
  Class kind;
  std::size_t size;
};

// \s of the regular expression: Unicode White_Space.
bool is_space(utf8proc_int32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

Class classify(utf8proc_int32_t c) {
  if (c < 128) {
    if ((c | 32) >= 'a' && (c | 32) <= 'z') return Class::kLetter;
    if (c >= '0' && c <= '9') return Class::kNumber;
    return is_space(c) ? Class::kSpace : Class::kOther;
  }
  if (is_space(c)) return Class::kSpace;
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Class::kLetter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Class::kNumber;
    default:
      return Class::kOther;
  }
}

// The character at text[at], which exists. An invalid byte is one character of class "other".
Unit unit_at(ByteView text, std::size_t at) {
  const std::uint8_t byte = text[at];
  if (byte < 0x80) return {classify(byte), 1};
  utf8proc_int32_t c = -1;
  const std::size_t rest = text.size() - at;
  const auto size = utf8proc_iterate(text.data() + at, static_cast<utf8proc_ssize_t>(rest < 4 ? rest : 4), &c);
  if (size <= 0) return {Class::kOther, 1};
  return {classify(c), static_cast<std::size_t>(size)};
}

std::size_t run_end(ByteView text, std::size_t at, Class kind) {
  while (at < text.size()) {
    const Unit unit = unit_at(text, at);
    if (unit.kind != kind) break;
    at += unit.size;
  }
  return at;
}

// 's 't 're 've 'm 'll 'd; 0 when there is none.
std::size_t contraction(ByteView text) {
  if (text[0] != '\'' || text.size() < 2) return 0;
  const std::uint8_t a = text[1];
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if (text.size() < 3) return 0;
  const std::uint8_t b = text[2];
  return ((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

// A run of white space gives its last character to the piece that follows it: \s+(?!\S)|\s+
std::size_t space_piece(ByteView text) {
  std::size_t at = 0;
  std::size_t last = 0;
  while (at < text.size()) {
    const Unit unit = unit_at(text, at);
    if (unit.kind != Class::kSpace) return last > 0 ? last : at;
    last = at;
    at += unit.size;
  }
  return at;
}

}  // namespace

std::size_t next_piece(ByteView text) noexcept {
  if (const std::size_t size = contraction(text)) return size;
  const Unit first = unit_at(text, 0);
  if (first.kind != Class::kSpace) return run_end(text, first.size, first.kind);
  if (text[0] == ' ' && text.size() > 1) {
    const Unit second = unit_at(text, 1);
    if (second.kind != Class::kSpace) return run_end(text, 1 + second.size, second.kind);
  }
  return space_piece(text);
}

}  // namespace koan
