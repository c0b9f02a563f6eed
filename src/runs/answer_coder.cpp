#include "runs/answer_coder.h"

#include <algorithm>

namespace koan::runs {
namespace {

CodecOptions level() {
  CodecOptions out;
  out.level = kCodingLevel;
  return out;
}

// Where no model coded it (a few bytes, binary), the file is all there is to count.
CodedText coded(const Cost& cost) {
  return {cost.ideal_bits > 0 ? cost.ideal_bits : static_cast<double>(cost.bits()), cost.bytes};
}

}  // namespace

Result<std::unique_ptr<AnswerCoder>> AnswerCoder::create() {
  std::unique_ptr<AnswerCoder> out(new AnswerCoder());
  KOAN_ASSIGN(out->codec_, Codec::create());
  KOAN_ASSIGN(out->prompts_, parse_rewrite_prompts(rewrite_prompts_file()));
  KOAN_ASSIGN(const std::shared_ptr<const Model> model, out->codec_->base_model(level()));
  out->model_sha256_ = to_hex(model->sha256());
  return out;
}

Result<CodedText> AnswerCoder::of(const std::string& text, const std::string& problem) {
  if (text.empty()) return CodedText{};
  KOAN_ASSIGN(const Cost cost, CostMeter(*codec_, level(), problem).of(text));
  return coded(cost);
}

Result<AnswerCoder::Rewrite> AnswerCoder::rewrite(ChatModel& writer, const RewriteTask& task, std::uint32_t cap) {
  RewritePrompts prompts = prompts_;
  if (cap != 0) prompts.ask.max_tokens = std::min(prompts.ask.max_tokens, cap);
  CostMeter meter(*codec_, level(), task.problem);
  KOAN_ASSIGN(const RewriteOutcome made, Rewriter(writer, nullptr, meter, prompts).run(task));
  if (made.candidates.empty()) return Rewrite{};
  return Rewrite{made.candidates[0].text, coded(made.candidates[0].cost)};
}

}  // namespace koan::runs
