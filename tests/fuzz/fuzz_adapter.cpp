// The reader of GGUF adapters; one that fits the small model is merged into it and run.
#include <algorithm>

#include "formats/adapter.h"
#include "fuzz.h"
#include "kernels/dispatch.h"

namespace koan::fuzz {
namespace {

void run(const std::shared_ptr<const Model>& model) {
  auto streams = Streams::create(model, choose_kernels().value(), {kMinWindow, 4}, 1, 4);
  require(streams.has_value(), "a merged model runs");
  const Row row{0, model->tokenizer().bos()};
  streams->forward({&row, 1});
  const NextToken next = streams->next(0);
  std::uint64_t sum = 0;
  for (const std::uint32_t f : next.freqs) {
    require(f >= 1, "every token is possible");
    sum += f;
  }
  require(sum == next.total && sum < (std::uint64_t{1} << 31), "the total is the sum and below 2^31");
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const auto adapter = parse_adapter({data, size});
  if (!adapter) return 0;
  // -0.0 and +0.0 alike: what is compared is the file.
  const Bytes written = write_adapter(*adapter, AdapterPrecision::kExact);
  const auto back = parse_adapter(written);
  fuzz::require(back.has_value(), "what was read can be written and read");
  fuzz::require(write_adapter(*back, AdapterPrecision::kExact) == written, "and is the same");
  const auto merged = Model::with_adapter(*fuzz::tiny_codec().store().default_model(), *adapter);
  if (merged) fuzz::run(*merged);
  return 0;
}
