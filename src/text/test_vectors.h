// For tests: llama.cpp's files of texts and the tokens that belong to them, and other files of the corpus.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace koan {

// Below the corpus folder's weights/; empty if it is not there.
inline std::string corpus_file(const std::string& name) {
  const char* folder = std::getenv("KOAN_CORPUS");
  std::ifstream in(std::string(folder ? folder : "/work/shared/corpus") + "/weights/" + name, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

struct TestVector {
  std::string text;
  std::vector<Token> tokens;
};
inline std::vector<TestVector> test_vectors(const std::string& vocabulary) {
  constexpr std::string_view kSeparator = "\n__ggml_vocab_test__\n";
  const std::string stem = "llamacpp-tokenizer-tests/ggml-vocab-" + vocabulary + ".gguf";
  const std::string inputs = corpus_file(stem + ".inp");
  std::istringstream lines(corpus_file(stem + ".out"));
  std::vector<TestVector> out;
  for (std::size_t at = 0, end; (end = inputs.find(kSeparator, at)) != std::string::npos;
       at = end + kSeparator.size()) {
    std::string line;
    EXPECT_TRUE(std::getline(lines, line));
    std::istringstream numbers(line);
    out.push_back({inputs.substr(at, end - at), std::vector<Token>(std::istream_iterator<Token>(numbers), {})});
  }
  return out;
}

inline std::string decoded(const Tokenizer& tokenizer, const std::vector<Token>& tokens) {
  Bytes out;
  for (const Token token : tokens) tokenizer.append_decoded(token, out);
  return std::string(as_text(out));
}

}  // namespace koan
