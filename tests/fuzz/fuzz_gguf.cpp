// The GGUF reader and the loader of models; a model that loads is run for a few tokens.
#include "formats/gguf.h"
#include "fuzz.h"
#include "kernels/dispatch.h"

namespace koan::fuzz {
namespace {

constexpr std::uint64_t kMaxParameters = 1'000'000;

void run(const std::shared_ptr<const Model>& model) {
  const Tokenizer& tokenizer = model->tokenizer();
  const ByteView text = as_bytes("A few words, 123\r\n\xFF\xC3.");
  Bytes back;
  const std::vector<Token> tokens = tokenizer.encode(text);
  for (const Token t : tokens) tokenizer.append_decoded(t, back);
  require(std::equal(back.begin(), back.end(), text.begin(), text.end()), "tokens concatenate to the text");
  if (model->parameters() > kMaxParameters) return;
  auto streams = Streams::create(model, choose_kernels().value(), {kMinWindow, 4}, 1, 4);
  if (!streams) return;
  for (const Token t : {tokenizer.bos(), tokens[0], tokens[1]}) {
    const Row row{0, t};
    streams->forward({&row, 1});
    const NextToken next = streams->next(0);
    std::uint64_t sum = 0;
    for (const std::uint32_t f : next.freqs) {
      require(f >= 1, "every token is possible");
      sum += f;
    }
    require(sum == next.total && sum < (std::uint64_t{1} << 31), "the total is the sum and below 2^31");
  }
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const auto model = Model::load({data, size});
  if (model) fuzz::run(*model);
  return 0;
}
