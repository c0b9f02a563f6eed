// Writes koan's token ids for the parity tests: token_ids FOLDER TEXTS
// FOLDER: tokenizer.json and tokenizer_config.json. TEXTS: each text ends with a line __ggml_vocab_test__, as in
// llama.cpp's files of inputs; a line of ids on stdout for each. It is an error if the ids do not give the text back.
#include <cstdio>
#include <string>
#include <string_view>

#include "base/file.h"
#include "text/hf_tokenizer.h"
#include "text/tokenizer.h"

namespace koan {
namespace {

constexpr std::string_view kSeparator = "\n__ggml_vocab_test__\n";

Status write_ids(const Tokenizer& tokenizer, std::string_view text) {
  Bytes back;
  std::string line;
  for (const Token token : tokenizer.encode(as_bytes(text))) {
    if (!line.empty()) line += ' ';
    line += std::to_string(token);
    tokenizer.append_decoded(token, back);
  }
  if (as_text(back) != text) return Error{ErrorCode::kCorrupt, "decoded otherwise: " + std::string(text)};
  if (std::puts(line.c_str()) < 0) return Error{ErrorCode::kIo, "the output could not be written"};
  return {};
}

Status run(const std::string& folder, const std::string& texts_path) {
  KOAN_ASSIGN(const Bytes json, read_file(folder + "/tokenizer.json", kMaxHfTokenizerBytes));
  KOAN_ASSIGN(const Bytes config, read_file(folder + "/tokenizer_config.json", kMaxHfTokenizerBytes));
  GgufFile file;
  KOAN_TRY(read_hf_tokenizer(json, config, file));
  KOAN_ASSIGN(const Tokenizer tokenizer, Tokenizer::from_gguf(file));
  KOAN_ASSIGN(const Bytes texts, read_file(texts_path, std::uint64_t{1} << 30));
  std::string_view left = as_text(texts);
  for (std::size_t end; (end = left.find(kSeparator)) != std::string_view::npos;) {
    KOAN_TRY(write_ids(tokenizer, left.substr(0, end)));
    left.remove_prefix(end + kSeparator.size());
  }
  if (std::fflush(stdout) != 0) return Error{ErrorCode::kIo, "the output could not be written"};
  return {};
}

}  // namespace
}  // namespace koan

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: token_ids FOLDER TEXTS\n");
    return 2;
  }
  const koan::Status done = koan::run(arguments[1], arguments[2]);
  if (done) return 0;
  std::fprintf(stderr, "token_ids: %s\n", done.error().message.c_str());
  return 1;
}
