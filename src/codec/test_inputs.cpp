#include "codec/test_inputs.h"

#include <fstream>
#include <iterator>
#include <random>

namespace koan {
namespace {

Bytes repeated(std::string_view piece, std::size_t bytes) {
  Bytes out;
  while (out.size() < bytes) append_bytes(out, as_bytes(piece));
  out.resize(bytes);
  return out;
}

Bytes text(std::string_view s) { return {as_bytes(s).begin(), as_bytes(s).end()}; }

Bytes first_bytes(const char* path, std::size_t bytes) {
  std::ifstream in(path, std::ios::binary);
  Bytes out(bytes);
  in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(bytes));
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

}  // namespace

Bytes prose(std::size_t bytes, unsigned seed) {
  static constexpr const char* kSubjects[] = {"The model", "A careful reader", "Her brother", "The old compressor",
                                              "Nobody",    "This answer",      "Our team"};
  static constexpr const char* kVerbs[] = {"explains", "forgets",      "measures",   "writes down",
                                           "compares", "would prefer", "cannot find"};
  static constexpr const char* kObjects[] = {"the result",        "every single word",    "a longer example",
                                             "what was promised", "the size of the file", "two of the three numbers"};
  static constexpr const char* kTails[] = {
      ".", ", and then stops.",       " without any doubt.", "; the rest follows.", " in 1984.",
      "?", ", as `koan --help` says."};
  std::mt19937 rng(seed);
  std::string out;
  while (out.size() < bytes) {
    out += kSubjects[rng() % std::size(kSubjects)];
    out += ' ';
    out += kVerbs[rng() % std::size(kVerbs)];
    out += ' ';
    out += kObjects[rng() % std::size(kObjects)];
    out += kTails[rng() % std::size(kTails)];
    out += rng() % 6 == 0 ? "\n\n" : " ";
    if (rng() % 9 == 0) out += "- item " + std::to_string(rng() % 1000) + "\n";
  }
  out.resize(bytes);
  return text(out);
}

Bytes sample_text(std::size_t bytes) { return first_bytes(KOAN_SOURCE_DIR "/examples/sample.txt", bytes); }

Bytes tiny_model() { return first_bytes(KOAN_SOURCE_DIR "/tests/golden/models/tiny.gguf", std::size_t{1} << 20); }

Bytes random_bytes(std::size_t bytes, unsigned seed) {
  std::mt19937 rng(seed);
  Bytes out(bytes);
  for (auto& b : out) b = static_cast<std::uint8_t>(rng());
  return out;
}

Bytes markov(std::size_t bytes, unsigned seed) {
  std::mt19937 rng(seed);
  std::uint8_t table[16][16][2];
  for (auto& row : table) {
    for (auto& cell : row) {
      for (auto& next : cell) next = static_cast<std::uint8_t>(rng() % 16);
    }
  }
  Bytes out(bytes);
  std::uint32_t before = 0, last = 1;
  for (auto& b : out) {
    const std::uint32_t next = table[before][last][rng() % 4 == 0 ? 1 : 0];
    before = last;
    // A little noise keeps it from settling into a loop.
    last = rng() % 16 == 0 ? rng() % 16 : next;
    b = static_cast<std::uint8_t>(last * 17);
  }
  return out;
}

std::vector<std::pair<std::string, Bytes>> test_inputs() {
  std::vector<std::pair<std::string, Bytes>> out;
  const auto add = [&](std::string name, Bytes bytes) { out.emplace_back(std::move(name), std::move(bytes)); };
  add("empty", {});
  for (const int b : {0, 10, 13, 97, 128, 255})
    add("byte " + std::to_string(b), Bytes(1, static_cast<std::uint8_t>(b)));
  for (const std::size_t n : {2u, 3u, 100u, 4095u, 4096u, 4097u, 70000u}) {
    add("prose " + std::to_string(n), prose(n, static_cast<unsigned>(n)));
    add("noise " + std::to_string(n), random_bytes(n, static_cast<unsigned>(n)));
    add("zeros " + std::to_string(n), Bytes(n, 0));
    add("one letter " + std::to_string(n), Bytes(n, 'a'));
  }
  add("sample", sample_text(20000));
  add("markov", markov(70000, 16));
  add("zeros 1 MB", Bytes(1000000, 0));
  add("crlf", repeated("first line\r\nsecond\r\n\r\n", 9000));
  add("crlf small", repeated("one\r\ntwo\r\n", 200));
  add("mostly crlf", [] {
    Bytes b = repeated("first line\r\n", 9000);
    b.push_back('\n');
    return b;
  }());
  add("lone cr", repeated("old mac\rline ends\r", 6000));
  add("cr at the end", text("abc\r"));
  add("lf cr", repeated("strange\n\r", 5000));
  add("invalid utf-8", repeated("caf\xC3\xA9 \xC3\x28 \xE2\x82 \xF0\x9F\x98\x80 \xFF\xFE ", 8000));
  add("utf-8", repeated("日本語のテキスト、ελληνικά, кириллица 😀 ", 8000));
  add("nuls in text", repeated(std::string_view("a\0b\0\0c text ", 13), 6000));
  Bytes every(256);
  for (std::size_t i = 0; i < 256; ++i) every[i] = static_cast<std::uint8_t>(i);
  add("every byte", every);
  add("every byte often", repeated(as_text(every), 256 * 40));
  Bytes jpeg = text("\xFF\xD8\xFF\xE0");
  append_bytes(jpeg, random_bytes(50000, 77));
  add("jpeg-like", jpeg);
  add("elf", first_bytes("/proc/self/exe", 200000));
  Bytes long_line = prose(100000, 12);
  for (auto& b : long_line) b = b == '\n' ? ' ' : b;
  add("one long line", long_line);
  add("no break at all", repeated("abcdefghij", 30000));
  add("special tokens", repeated("<|bos|><|endoftext|><s></s><|im_start|>user\n", 5000));
  Bytes mixed = prose(70000, 13);
  append_bytes(mixed, random_bytes(70000, 14));
  append_bytes(mixed, prose(70000, 15));
  add("text, noise, text", mixed);
  return out;
}

}  // namespace koan
