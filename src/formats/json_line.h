// Finding a value in a line of JSON and rewriting strings so that every byte comes back (docs/format.md "Record
// blocks"). Not a validating parser: what lies outside the path to the value only has to be skipped alike by both
// sides.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace koan {

inline constexpr std::size_t kMaxFieldPath = 255;
inline constexpr std::size_t kMaxJsonDepth = 64;

struct JsonSpan {
  std::size_t begin = 0, end = 0;  // of the value's bytes; of a string: between its quotes
  bool is_string = false;
};

// `path`: names and indices separated by dots ("message.content", "choices.0.text", "messages.-1.content"). Nothing
// where the line does not fit the grammar up to the value, or has no such value.
std::optional<JsonSpan> find_json_value(ByteView line, std::string_view path) noexcept;

// How the string of a record was written. Bits 1, 2 and 4 as in the document.
inline constexpr std::uint8_t kEscapeNonAscii = 1, kEscapeSlash = 2, kEscapeHtml = 4, kEscapeNothing = 8;

// The characters that the content of a JSON string stands for, as UTF-8; an escape that is broken stands for itself.
Bytes unescape_json(ByteView content);
// Writes text as the content of a string, in a style below kEscapeNothing. Nothing if the text has bytes that are no
// UTF-8 and the style would have to escape them.
std::optional<Bytes> escape_json(ByteView text, std::uint8_t style);

struct JsonText {
  Bytes text;
  std::uint8_t style = kEscapeNothing;
};
// The text that a string's content is coded as; escape_json (or nothing to do, for kEscapeNothing) leads back exactly.
JsonText text_of_json(ByteView content);

}  // namespace koan
