#include "formats/json_line.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace koan {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_space(std::uint8_t c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

class Scanner {
 public:
  explicit Scanner(ByteView line) noexcept : line_(line) {}

  bool find(std::string_view path, JsonSpan& out) noexcept {
    skip_space();
    for (;;) {
      const std::size_t dot = std::min(path.find('.'), path.size());
      if (!enter(path.substr(0, dot))) return false;
      if (dot == path.size()) break;
      path.remove_prefix(dot + 1);
    }
    return value(&out, 0);
  }

 private:
  std::uint8_t here() const noexcept { return at_ < line_.size() ? line_[at_] : std::uint8_t{'\n'}; }
  bool take(char c) noexcept {
    if (here() != static_cast<std::uint8_t>(c)) return false;
    ++at_;
    skip_space();
    return true;
  }
  void skip_space() noexcept {
    while (is_space(here())) ++at_;
  }

  // Past a string; its content without the quotes.
  bool string(JsonSpan& out) noexcept {
    if (here() != '"') return false;
    out = {++at_, 0, true};
    for (; at_ < line_.size(); ++at_) {
      if (line_[at_] == '\\') {
        ++at_;
      } else if (line_[at_] == '"') {
        out.end = at_++;
        skip_space();
        return true;
      }
    }
    return false;
  }

  // Past a value of any kind.
  bool value(JsonSpan* out, std::size_t depth) noexcept {
    JsonSpan span{at_, 0, false};
    if (here() == '"') {
      if (!string(span)) return false;
    } else if (here() == '{' || here() == '[') {
      if (!container(depth)) return false;
      span.end = at_;
      while (span.end > span.begin && is_space(line_[span.end - 1])) --span.end;
    } else {
      while (at_ < line_.size() && !is_space(here()) && here() != ',' && here() != '}' && here() != ']' &&
             here() != '\n')
        ++at_;
      span.end = at_;
      if (span.end == span.begin) return false;
      skip_space();
    }
    if (out) *out = span;
    return true;
  }

  bool container(std::size_t depth) noexcept {
    if (depth == kMaxJsonDepth) return false;
    const bool object = here() == '{';
    const char close = object ? '}' : ']';
    ++at_;
    skip_space();
    if (take(close)) return true;
    do {
      JsonSpan key;
      if (object && (!string(key) || !take(':'))) return false;
      if (!value(nullptr, depth + 1)) return false;
    } while (take(','));
    return take(close);
  }

  // To the value under a name or index of the container that begins here.
  bool enter(std::string_view name) noexcept {
    if (here() == '{') return enter_object(name);
    if (here() == '[') return enter_array(name);
    return false;
  }

  bool enter_object(std::string_view name) noexcept {
    ++at_;
    skip_space();
    do {
      JsonSpan key;
      if (!string(key) || !take(':')) return false;
      if (std::equal(name.begin(), name.end(), line_.begin() + static_cast<std::ptrdiff_t>(key.begin),
                     line_.begin() + static_cast<std::ptrdiff_t>(key.end)))
        return true;
      if (!value(nullptr, 0)) return false;
    } while (take(','));
    return false;
  }

  bool enter_array(std::string_view name) noexcept {
    long index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc() || end != name.data() + name.size()) return false;
    if (index < 0) {
      const std::size_t begin = at_;
      index += count_elements();
      at_ = begin;
      if (index < 0) return false;
    }
    ++at_;
    skip_space();
    if (here() == ']') return false;
    for (; index > 0; --index) {
      if (!value(nullptr, 0) || !take(',')) return false;
    }
    return true;
  }

  long count_elements() noexcept {
    ++at_;
    skip_space();
    if (here() == ']') return 0;
    long n = 0;
    do {
      if (!value(nullptr, 0)) return 0;
      ++n;
    } while (take(','));
    return n;
  }

  ByteView line_;
  std::size_t at_ = 0;
};

// The four hexadecimal digits of \uXXXX that begins at `at`; nothing if it is none.
std::optional<std::uint32_t> unit_at(ByteView content, std::size_t at) noexcept {
  if (at + 6 > content.size() || content[at] != '\\' || content[at + 1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const std::uint8_t c = content[i];
    const bool digit = c >= '0' && c <= '9', lower = c >= 'a' && c <= 'f', upper = c >= 'A' && c <= 'F';
    if (!digit && !lower && !upper) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(digit ? c - '0' : (lower ? c - 'a' : c - 'A') + 10);
  }
  return unit;
}

void append_unit(Bytes& out, std::uint32_t unit) {
  out.push_back('\\');
  out.push_back('u');
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(static_cast<std::uint8_t>(kHexDigits[unit >> shift & 15]));
}

// The letter of a short escape for a control character, quote or backslash; 0 if there is none.
char short_escape(std::uint32_t c) noexcept {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

// What \c stands for; nothing if it is no short escape.
std::optional<std::uint8_t> unescape_short(std::uint8_t c) noexcept {
  if (c == '/') return c;
  for (const std::uint8_t meant : {'"', '\\', '\b', '\f', '\n', '\r', '\t'}) {
    if (short_escape(meant) == static_cast<char>(c)) return meant;
  }
  return std::nullopt;
}

bool escaped_as_unit(std::uint32_t c, std::uint8_t style) noexcept {
  if (c < 0x20) return true;
  if ((style & kEscapeNonAscii) && c > 0x7F) return true;
  return (style & kEscapeHtml) && (c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029);
}

}  // namespace

std::optional<JsonSpan> find_json_value(ByteView line, std::string_view path) noexcept {
  JsonSpan out;
  if (!Scanner(line).find(path, out)) return std::nullopt;
  return out;
}

Bytes unescape_json(ByteView content) {
  Bytes out;
  out.reserve(content.size());
  for (std::size_t i = 0; i < content.size();) {
    if (content[i] != '\\' || i + 1 == content.size()) {
      out.push_back(content[i++]);
      continue;
    }
    if (const auto meant = unescape_short(content[i + 1])) {
      out.push_back(*meant);
      i += 2;
      continue;
    }
    const auto unit = unit_at(content, i);
    const bool high = unit && *unit >= 0xD800 && *unit < 0xDC00;
    const auto low = high ? unit_at(content, i + 6) : std::nullopt;
    if (low && *low >= 0xDC00 && *low < 0xE000) {
      append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
      i += 12;
    } else if (unit && (*unit < 0xD800 || *unit >= 0xE000)) {
      append_utf8(out, *unit);
      i += 6;
    } else {
      out.push_back(content[i++]);
    }
  }
  return out;
}

std::optional<Bytes> escape_json(ByteView text, std::uint8_t style) {
  Bytes out;
  out.reserve(text.size() + text.size() / 16);
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Char c = utf8_at(text, i);
    if (c.size == 0) {
      if (style & kEscapeNonAscii) return std::nullopt;
      out.push_back(text[i++]);
      continue;
    }
    const char letter = short_escape(c.code);
    if (letter != 0 || ((style & kEscapeSlash) && c.code == '/')) {
      out.push_back('\\');
      out.push_back(static_cast<std::uint8_t>(letter != 0 ? letter : '/'));
    } else if (escaped_as_unit(c.code, style)) {
      if (c.code >= 0x10000) append_unit(out, 0xD800 + ((c.code - 0x10000) >> 10));
      append_unit(out, c.code >= 0x10000 ? 0xDC00 + ((c.code - 0x10000) & 0x3FF) : c.code);
    } else {
      append_bytes(out, text.subspan(i, c.size));
    }
    i += c.size;
  }
  return out;
}

JsonText text_of_json(ByteView content) {
  // Most strings need no escape at all.
  const bool plain = std::none_of(content.begin(), content.end(),
                                  [](std::uint8_t c) { return c == '\\' || c < 0x20 || c == '/' || c > 0x7F; });
  JsonText out{plain ? Bytes(content.begin(), content.end()) : unescape_json(content), 0};
  for (out.style = 0; out.style < kEscapeNothing; ++out.style) {
    const auto again = escape_json(out.text, out.style);
    if (again && std::ranges::equal(*again, content)) return out;
  }
  out.text.assign(content.begin(), content.end());
  return out;
}

}  // namespace koan
