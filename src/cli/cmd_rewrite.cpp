// koan rewrite: lossy compression of worked solutions (docs/rewrite.md).
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/hash.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/model_names.h"
#include "cli/report.h"
#include "cli/rewrite_arguments.h"
#include "cli/whole_file.h"
#include "kernels/dispatch.h"
#include "rewrite/extract.h"

namespace koan::cli {
namespace {

constexpr TextKind kText{"a text", std::uint64_t{1} << 20};

// Empty without a path.
Result<std::string> read_if_named(const std::string& path) {
  return path.empty() ? Result<std::string>(std::string()) : read_text(path, kText);
}

// What a text takes, in the units of docs/evaluation.md.
struct Units {
  double of_bytes, bits_per_byte, of_tokens;
};
Units units(const Cost& cost, const std::string& original, const Model& model) {
  const auto bits = static_cast<double>(cost.bits()), bytes = static_cast<double>(original.size());
  const auto tokens = static_cast<double>(model.tokenizer().encode(as_bytes(original)).size());
  const double vocabulary = std::log2(static_cast<double>(model.config().vocabulary));
  if (original.empty()) return {0, 0, 0};
  return {bits / (8 * bytes), bits / bytes, bits / (tokens * vocabulary)};
}

Json json_of(const Cost& cost, const std::string& text, const std::string& original, const Model& model) {
  const Units u = units(cost, original, model);
  return {{"bytes", text.size()},
          {"coded_bytes", cost.bytes},
          {"coded_bits", cost.bits()},
          {"ideal_bits", cost.ideal_bits},
          {"coded_bytes_per_original_byte", u.of_bytes},
          {"coded_bits_per_original_byte", u.bits_per_byte},
          {"coded_bits_per_original_token_log2_vocabulary", u.of_tokens}};
}

const char* name_of(Kept kept) { return kept == Kept::kYes ? "yes" : kept == Kept::kNo ? "no" : "unchecked"; }
const char* name_of(RewriteMethod method) {
  return method == RewriteMethod::kAsk ? "ask" : method == RewriteMethod::kSampling ? "sampling" : "single";
}

// What came of it, whoever made it.
struct Rewritten {
  std::string original, text;
  Cost before, after;
  Json how;              // goes into report and record
  std::string in_words;  // the last line of the report
  Status result;         // why there is none; the record is written all the same
};

Result<Rewritten> by_surprisal(const RewriteArguments& arguments, std::string text, CostMeter& meter,
                               const Kernels& kernels) {
  Rewritten out;
  out.original = std::move(text);
  KOAN_ASSIGN(out.before, meter.of(out.original));
  const std::uint64_t budget =
      arguments.bits.value_or(static_cast<std::uint64_t>(arguments.share * static_cast<double>(out.before.bits())));
  KOAN_ASSIGN(Extract made, extract(out.original, budget, meter, kernels));
  out.text = std::move(made.text);
  out.after = std::move(made.cost);
  out.how = {{"method", "surprisal"},     {"extractive", true},
             {"budget_bits", budget},     {"threshold_bits_per_byte", static_cast<double>(made.threshold) / (1u << 24)},
             {"words", made.words},       {"words_kept", made.words_kept},
             {"answer_kept", "unchecked"}};
  out.in_words =
      format("extractive: %zu of %zu words left, nothing said in other words; nobody checked what it still tells",
             made.words_kept, made.words);
  return out;
}

Json json_of(const RewriteCandidate& candidate, const RewriteOutcome& outcome, const Model& model) {
  Json out = json_of(candidate.cost, candidate.text, outcome.original, model);
  out["answer_kept"] = name_of(candidate.kept);
  out["reader_answer"] = candidate.reader_answer;
  out["text"] = candidate.text;
  return out;
}

Json identity(const ChatModel& model) {
  return {{"name", model.name()}, {"sha256", model.identity().empty() ? Json() : Json(model.identity())}};
}

Error no_result(const std::vector<RewriteCandidate>& candidates) {
  const auto passed = static_cast<std::size_t>(std::count_if(
      candidates.begin(), candidates.end(), [](const RewriteCandidate& c) { return c.kept != Kept::kNo; }));
  return Error{
      ErrorCode::kVerification,
      passed == 0
          ? format("from none of %zu rewrites the reader found the answer; no file was written", candidates.size())
          : format("none of %zu rewrites that pass takes fewer bits than the original; no file was written", passed)};
}

Result<Rewritten> by_models(const RewriteArguments& arguments, const std::string& text, CostMeter& meter,
                            const Model& model) {
  KOAN_ASSIGN(Endpoints endpoints, Endpoints::create(arguments.remote, arguments.threads));
  KOAN_ASSIGN(const std::unique_ptr<ChatModel> writer, endpoints.open(arguments.writer));
  std::unique_ptr<ChatModel> reader;
  if (!arguments.unchecked) {
    KOAN_ASSIGN(reader, endpoints.open(arguments.reader));
  }
  KOAN_ASSIGN(const RewritePrompts prompts, parse_rewrite_prompts(rewrite_prompts_file()));
  RewriteTask task = arguments.task;
  task.problem = meter.problem();
  task.text = text;
  KOAN_ASSIGN(RewriteOutcome made, Rewriter(*writer, reader.get(), meter, prompts).run(task));

  Rewritten out;
  out.how = {{"method", name_of(task.method)},
             {"prompts", {{"version", prompts.version}, {"sha256", to_hex(prompts.sha256)}}},
             {"writer", identity(*writer)},
             {"reader", reader ? identity(*reader) : Json()},
             {"seed", task.seed},
             {"answer", made.answer.empty() ? Json() : Json(made.answer)},
             {"answer_without_rewrite", name_of(made.without_rewrite)},
             {"tokens",
              {{"writer_in", made.written.input_tokens},
               {"writer_out", made.written.output_tokens},
               {"reader_in", made.read.input_tokens},
               {"reader_out", made.read.output_tokens}}}};
  Json candidates = Json::array();
  for (const RewriteCandidate& candidate : made.candidates) candidates.push_back(json_of(candidate, made, model));
  out.how["candidates"] = std::move(candidates);
  out.how["chosen"] = made.chosen ? Json(*made.chosen) : Json();
  out.original = std::move(made.original);
  out.before = std::move(made.original_cost);
  if (!made.chosen) {
    out.result = no_result(made.candidates);
    return out;
  }
  RewriteCandidate& chosen = made.candidates[*made.chosen];
  out.text = std::move(chosen.text);
  out.after = std::move(chosen.cost);
  out.how["answer_kept"] = name_of(chosen.kept);
  out.in_words =
      format("candidate %zu of %zu; answer kept: %s", *made.chosen + 1, made.candidates.size(), name_of(chosen.kept));
  if (chosen.kept == Kept::kYes)
    out.in_words += made.without_rewrite == Kept::kYes ? " (but the reader finds it from the problem alone)"
                                                       : " (the reader does not find it from the problem alone)";
  return out;
}

void report(const RewriteArguments& arguments, const Rewritten& made, const Model& model) {
  const Units u = units(made.after, made.original, model);
  say(format("original %8zu bytes, coded %6llu bytes", made.original.size(),
             static_cast<unsigned long long>(made.before.bytes)));
  say(format("rewrite  %8zu bytes, coded %6llu bytes (%llu bits) => %s", made.text.size(),
             static_cast<unsigned long long>(made.after.bytes), static_cast<unsigned long long>(made.after.bits()),
             arguments.output.c_str()));
  say(format(
      "%.4f of the original's bytes, %.3f bits a byte of it, %.4f of its tokens x log2 V; %.2f of the original coded",
      u.of_bytes, u.bits_per_byte, u.of_tokens,
      static_cast<double>(made.after.bytes) / static_cast<double>(made.before.bytes)));
  say(made.in_words);
}

Status rewrite(const RewriteArguments& arguments) {
  // Before anything is paid for.
  for (const std::string& path : {arguments.output, arguments.record})
    if (!arguments.force && ::access(path.c_str(), F_OK) == 0)
      return Error{ErrorCode::kUsage, path + ": exists already; -f to overwrite it"};
  KOAN_ASSIGN(std::string text, read_if_named(arguments.input));
  KOAN_ASSIGN(const std::string problem, read_if_named(arguments.problem));
  KOAN_ASSIGN(const std::unique_ptr<koan::Codec> codec, koan::Codec::create());
  if (!arguments.model.empty()) {
    KOAN_ASSIGN(const ModelBytes model, read_model(arguments.model));
    KOAN_TRY(model.embedded ? codec->store().choose(*model.embedded) : codec->store().add(model.gguf(), true));
  }
  CodecOptions options;
  options.level = arguments.level;
  CostMeter meter(*codec, options, problem);
  KOAN_ASSIGN(const std::shared_ptr<const Model> model, meter.model());
  KOAN_ASSIGN(const Kernels* kernels, choose_kernels());
  auto made = arguments.extract ? by_surprisal(arguments, std::move(text), meter, *kernels)
                                : by_models(arguments, text, meter, *model);
  if (!made) return std::move(made).error();

  Json record = {
      {"koan", koan_version()},
      {"coder", {{"name", model->config().name}, {"sha256", to_hex(model->sha256())}, {"level", arguments.level}}},
      {"problem_sha256", problem.empty() ? Json() : Json(to_hex(sha256(as_bytes(problem))))},
      {"original_sha256", to_hex(sha256(as_bytes(made->original)))},
      {"original", json_of(made->before, made->original, made->original, *model)}};
  const Status& result = made->result;
  if (result) {
    record["output"] = arguments.output;
    record["rewrite"] = json_of(made->after, made->text, made->original, *model);
    record["rewrite"]["text"] = made->text;
  } else {
    record["output"] = nullptr;
  }
  record.update(made->how);
  const std::string line = record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (result) KOAN_TRY(write_whole(arguments.output, made->after.file, arguments.force));
  KOAN_TRY(write_whole(arguments.record, as_bytes(line), arguments.force));
  if (arguments.json) std::printf("%s", line.c_str());
  if (result && !arguments.quiet && !arguments.json) report(arguments, *made, *model);
  return result;
}

}  // namespace

int run_rewrite(const std::vector<std::string>& words) {
  int code = kExitOk;
  const auto arguments = parse_rewrite(words, &code);
  if (!arguments) return code;
  return end_with(rewrite(*arguments));
}

}  // namespace koan::cli
