#include "rewrite/cost.h"

namespace koan {

CodecOptions CostMeter::options_with_problem() const {
  CodecOptions out = options_;
  out.context = as_bytes(problem_);
  return out;
}

Result<Cost> CostMeter::of(std::string_view text) {
  MemorySource source(as_bytes(text));
  MemorySink sink;
  KOAN_ASSIGN(const CodecStats stats, codec_.compress(options_with_problem(), source, sink));
  Cost out;
  out.bytes = sink.bytes.size();
  out.tokens = stats.tokens;
  out.ideal_bits = stats.model_ideal_bits;
  out.file = std::move(sink.bytes);
  return out;
}

Result<std::shared_ptr<const Model>> CostMeter::model() { return codec_.base_model(options_with_problem()); }

}  // namespace koan
