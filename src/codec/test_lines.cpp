#include "codec/test_lines.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>

#include "codec/test_inputs.h"

namespace koan {
namespace {

using Random = std::mt19937;

template <typename List>
auto one_of(Random& random, const List& list) {
  return list[random() % std::size(list)];
}

// (A sum of strings here sets off GCC 12's -Wrestrict, by mistake.)
std::string joined(std::initializer_list<std::string_view> pieces) {
  std::string out;
  for (const std::string_view piece : pieces) out.append(piece);
  return out;
}

// The content of a string in a mixture of the ways to write it.
std::string content(Random& random) {
  static constexpr const char* kPieces[] = {"The answer is ",
                                            "42. ",
                                            "x",
                                            " and so on, ",
                                            "\\n",
                                            "\\\"",
                                            "\\\\",
                                            "\\/",
                                            "/",
                                            "\\t",
                                            "\\b\\f\\r",
                                            "caf\xC3\xA9 ",
                                            "caf\\u00e9 ",
                                            "\\u00E9",
                                            "\\ud83d\\ude00",
                                            "\xF0\x9F\x98\x80",
                                            "\\ud83d",
                                            "\\udc00 ",
                                            "\\u2028",
                                            "\xE2\x80\xA8",
                                            "<b>&",
                                            "\\u003cb\\u003e\\u0026",
                                            "\xFF",
                                            "\xC3",
                                            "\\u00",
                                            "\\x",
                                            "\\u0000",
                                            "\x01",
                                            "\x7F",
                                            "{\\\"a\\\": [1]}",
                                            "```\\n",
                                            "\r",
                                            "\t"};
  const bool plain = random() % 3 == 0;
  std::string out;
  for (unsigned n = random() % 9; n > 0; --n) out += kPieces[random() % (plain ? 12 : std::size(kPieces))];
  return out;
}

std::string space(Random& random) {
  return one_of(random, std::vector<std::string>{"", "", "", " ", "  ", "\t", " \r "});
}

std::string string(Random& random) { return joined({"\"", content(random), "\""}); }

std::string value(Random& random, unsigned depth) {
  const unsigned kind = random() % (depth < 4 ? 8 : 6);
  if (kind < 3) return string(random);
  if (kind < 6)
    return one_of(random, std::vector<std::string>{"null", "true", "-1.5e+9", "0", "nonsense", "{}", "[]", "[ ]"});
  const bool object = kind == 6;
  std::string out(1, object ? '{' : '[');
  for (unsigned i = 0, n = 1 + random() % 3; i < n; ++i) {
    if (i > 0) out.append(",").append(space(random));
    if (object)
      out += joined({"\"", one_of(random, std::vector<std::string>{"a", "b", "id", "content", "x\\\"y"}), "\":"});
    out.append(space(random)).append(value(random, depth + 1)).append(space(random));
  }
  return out + (object ? '}' : ']');
}

// Text under a path: {"a": {"b": ..}} for "a.b"; an index is the place of an element, or from the end.
std::string under(Random& random, const std::string& path, const std::string& what) {
  const std::size_t dot = path.find('.');
  const std::string name = path.substr(0, dot);
  const std::string inner = dot == std::string::npos ? what : under(random, path.substr(dot + 1), what);
  if (name == "-1") return joined({"[", value(random, 3), ", ", inner, "]"});
  if (name == "0") return joined({"[", inner, ",", value(random, 3), "]"});
  const std::string before = space(random), between = space(random);
  return joined({"{", before, "\"", name, "\"", between, ":", space(random), inner, "}"});
}

std::string member(Random& random, const std::string& path, const std::string& what) {
  const std::string object = under(random, path, what);
  return object.substr(1, object.size() - 2);
}

std::string object_line(Random& random, const RecordFields& fields) {
  const std::string text = random() % 12 == 0 ? value(random, 2) : string(random);
  if (fields.field[0] == '0') return under(random, fields.field, text);
  std::vector<std::string> members = {member(random, fields.field, text)};
  // Where the context is around the record it is there already.
  const bool apart = !fields.context.empty() && !fields.field.starts_with(fields.context);
  if (apart && random() % 6 != 0) members.push_back(member(random, fields.context, value(random, 2)));
  if (random() % 3 == 0) members.push_back(joined({"\"id\": ", value(random, 1)}));
  if (random() % 8 == 0) members.push_back(member(random, fields.field, string(random)));  // again
  std::shuffle(members.begin(), members.end(), random);
  std::string out = space(random);
  for (std::size_t i = 0; i < members.size(); ++i) {
    out.append(i > 0 ? "," : "{").append(space(random)).append(members[i]);
    out.append(space(random));
  }
  return out.append(random() % 9 == 0 ? "} and more" : "}").append(space(random));
}

std::string junk(Random& random) {
  switch (random() % 6) {
    case 0:
      return "";
    case 1:
      return one_of(random, std::vector<std::string>{"\r", " ", "{", "\"", "[[[", "{\"response\":\"", "}",
                                                     "{\"response\" \"\"}"});
    case 2:
      return value(random, 0);
    case 3: {
      std::string out;
      for (unsigned n = random() % 30; n > 0; --n) out += static_cast<char>(random() % 256);
      std::erase(out, '\n');
      return out;
    }
    case 4:
      return joined({std::string(70, '['), "\"deep\"", std::string(70, ']')});
    default:
      return string(random);
  }
}

}  // namespace

const std::vector<RecordFields>& test_fields() {
  static const std::vector<RecordFields> fields = {
      {"response", "prompt"}, {"response", ""},         {"a.b", "prompt"},   {"m.-1.content", "m"},
      {"0.content", "0"},     {"response", "response"}, {"m.0", "prompt.x"}, {"response.-1.b", "a.b.c"}};
  return fields;
}

std::string random_lines(std::mt19937& random, const RecordFields& fields, std::size_t lines) {
  const unsigned crlf = random() % 3;  // none, all, some
  std::string out, last;
  for (std::size_t i = 0; i < lines; ++i) {
    if (random() % 10 != 0 || i == 0) last = random() % 5 == 0 ? junk(random) : object_line(random, fields);
    out += last;
    if (crlf == 1 || (crlf == 2 && random() % 2 == 0)) out += '\r';
    if (i + 1 < lines || random() % 2 == 0) out += '\n';
  }
  return out;
}

std::string plain_lines(std::size_t lines, std::size_t bytes, unsigned seed) {
  std::string out;
  for (std::size_t i = 0; i < lines; ++i) {
    std::string text(as_text(prose(bytes, seed + static_cast<unsigned>(i))));
    std::replace(text.begin(), text.end(), '\n', ' ');
    out += joined({"{\"id\": ", std::to_string(1000 + i * 7), ", \"prompt\": \"Question ", std::to_string(i % 13),
                   "\", \"response\": \"", text, "\"}\n"});
  }
  return out;
}

std::string some_lines(const std::string& text, std::uint64_t first, std::uint64_t count) {
  std::string out;
  std::uint64_t line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    if (line >= first && line - first < count) out += text.substr(begin, end - begin);
    begin = end;
  }
  return out;
}

}  // namespace koan
