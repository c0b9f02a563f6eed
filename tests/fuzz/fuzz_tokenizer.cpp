// Vocabularies from anywhere: a tokenizer.json, or the GGUF keys of a model. The bytes are one of the two, LF LF LF,
// and a text to code.
#include "fuzz.h"
#include "text/hf_tokenizer.h"

namespace koan::fuzz {
namespace {

void check(const Tokenizer& tokenizer, ByteView text) {
  Bytes back;
  for (const Token token : tokenizer.encode(text)) {
    require(token < tokenizer.size() && !tokenizer.is_special(token), "text never gives special tokens");
    tokenizer.append_decoded(token, back);
  }
  require(!tokenizer.covers(text) || std::ranges::equal(back, text), "tokens concatenate to the text");
  GgufFile file;
  tokenizer.to_gguf(file);
  const auto again = Tokenizer::from_gguf(file);
  require(again.has_value() && again->decode_hash() == tokenizer.decode_hash(), "what was written reads the same");
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const std::string_view all = as_text({data, size});
  const std::size_t mark = std::min(all.find("\n\n\n"), all.size());
  const ByteView vocabulary = ByteView(data, mark), text = as_bytes(all.substr(std::min(mark + 3, all.size())));
  GgufFile file;
  if (vocabulary.size() >= 4 && as_text(vocabulary.first(4)) == "GGUF") {
    auto parsed = parse_gguf(vocabulary);
    if (!parsed) return 0;
    file = std::move(*parsed);
  } else if (!read_hf_tokenizer(vocabulary, {}, file)) {
    return 0;
  }
  if (const auto tokenizer = Tokenizer::from_gguf(file))
    fuzz::check(*tokenizer, text.first(std::min<std::size_t>(text.size(), 4096)));
  return 0;
}
