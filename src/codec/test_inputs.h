// Inputs that compressors trip over, for the tests of this module and of tests/.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace koan {

// English-like text from a small grammar, with paragraphs; the same for the same arguments.
Bytes prose(std::size_t bytes, unsigned seed);
// The first bytes of examples/sample.txt, text as models write it.
Bytes sample_text(std::size_t bytes);
Bytes random_bytes(std::size_t bytes, unsigned seed);
// Binary data in which two bytes nearly determine the next, but nothing repeats for long: context mixing codes it best.
Bytes markov(std::size_t bytes, unsigned seed);
// tests/golden/models/tiny.gguf.
Bytes tiny_model();

// (name, bytes): empty, single bytes, zeros, noise, CRLF, lone CR, invalid UTF-8, NULs, every byte, a JPEG-like and an
// ELF file, one long line, text around the message limit, text that looks like special tokens, mixtures of text and
// binary.
std::vector<std::pair<std::string, Bytes>> test_inputs();

}  // namespace koan
