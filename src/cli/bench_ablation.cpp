// koan bench --ablation: what each adaptive predictor is worth. Works on the coder itself, so that every segment is
// coded by the model, that of a short input too.
#include <cstdio>

#include "cli/bench_rows.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "codec/levels.h"
#include "codec/model_store.h"
#include "codec/planner.h"
#include "kernels/dispatch.h"
#include "text/line_ends.h"

namespace koan::cli {
namespace {

struct Choice {
  std::string name;
  std::uint32_t predictors;
};

std::vector<Choice> choices() {
  std::vector<Choice> out = {{"model alone", 0}};
  const auto each = [&](const char* sign, bool with) {
    for (unsigned bit = 0; bit < kPredictorCount; ++bit) {
      const std::uint32_t one = std::uint32_t{1} << bit;
      out.push_back({sign + std::string(predictor_name(bit)), with ? one : kPredictorsAll & ~one});
    }
  };
  each("+ ", true);
  each("all but ", false);
  out.push_back({"all", kPredictorsAll});
  return out;
}

Result<CoderSetup> coder_setup(const Arguments& arguments) {
  CoderSetup out;
  KOAN_ASSIGN(out.kernels, choose_kernels());
  KOAN_ASSIGN(ModelStore store, ModelStore::create(out.kernels));
  if (!arguments.model.empty()) {
    KOAN_ASSIGN(const ModelBytes bytes, read_model(arguments.model));
    auto added = bytes.embedded ? store.choose(*bytes.embedded) : store.add(bytes.owned, true);
    if (!added) return std::move(added).error().in(arguments.model);
  }
  const std::size_t by_level = level_of(arguments.level).tier;
  KOAN_ASSIGN(out.model, store.model(store.chosen().value_or(by_level)));
  out.window = default_window(out.model->config());
  out.threads = arguments.threads;
  out.streams = arguments.streams;
  KOAN_ASSIGN(Bytes context, read_context(arguments));
  if (!context.empty()) out.context = std::make_shared<const Bytes>(std::move(context));
  return out;
}

// The segments that the level makes, after the line-end transform.
std::vector<Bytes> segment_texts(ByteView data, const Arguments& arguments) {
  const std::size_t by_level =
      arguments.segment_bytes != 0 ? arguments.segment_bytes : level_of(arguments.level).segment_bytes;
  std::vector<Bytes> out;
  for (; !data.empty(); data = data.subspan(std::min(data.size(), kMaxBlock))) {
    const ByteView block = data.first(std::min(data.size(), kMaxBlock));
    for (const ByteView raw : cut_pieces(block, piece_bytes(block.size(), arguments.segments, by_level))) {
      auto lf = crlf_to_lf(raw);
      out.push_back(lf ? std::move(*lf) : Bytes(raw.begin(), raw.end()));
    }
  }
  return out;
}

// One run of coding all texts and back.
Status run_once(TokenCoder& coder, const std::vector<Bytes>& texts, Measured& out) {
  Progress progress([](const ProgressReport&) { return !interrupted(); }, 0);
  std::vector<EncodeJob> encode(texts.size());
  std::vector<DecodeJob> decode(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) encode[i].text = texts[i];
  const double start = seconds_now();
  KOAN_TRY(coder.encode(encode, progress));
  const double middle = seconds_now();
  out.coded_bytes = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    decode[i].coded = encode[i].coded;
    decode[i].text_bytes = texts[i].size();
    out.coded_bytes += encode[i].coded.size();
  }
  KOAN_TRY(coder.decode(decode, progress));
  out.encode.seconds.push_back(middle - start);
  out.decode.seconds.push_back(seconds_now() - middle);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (decode[i].damaged || decode[i].text != texts[i])
      return Error{ErrorCode::kVerification, "koan decoded other data"};
  }
  return {};
}

Result<MeasuredInput> measure(const std::string& path, const CoderSetup& setup, const Arguments& arguments) {
  KOAN_ASSIGN(const BenchInput file, open_bench_input(path));
  KOAN_ASSIGN(const Bytes data, read_file(path, kMaxBenchInput));
  const std::vector<Bytes> texts = segment_texts(data, arguments);
  MeasuredInput out{path, data.size(), {}};
  for (const Choice& choice : choices()) {
    CoderSetup chosen = setup;
    chosen.predictors = choice.predictors;
    TokenCoder coder(std::move(chosen));
    Measured& row = out.rows.emplace_back();
    row.name = choice.name;
    for (unsigned run = 0; run < arguments.runs; ++run) {
      auto status = run_once(coder, texts, row);
      if (!status) return std::move(status).error().in(path + ", " + choice.name);
    }
  }
  return out;
}

}  // namespace

int run_ablation(const Arguments& arguments) {
  Outcomes outcomes;
  if (!level_of(arguments.level).use_model) {
    outcomes.failed({ErrorCode::kUsage, "--ablation needs a level that uses the model"});
    return outcomes.exit_code();
  }
  const auto setup = coder_setup(arguments);
  if (!setup) {
    outcomes.failed(setup.error());
    return outcomes.exit_code();
  }
  Json files = Json::array();
  std::vector<MeasuredInput> done;
  for (const std::string& path : arguments.files) {
    auto measured = measure(path, *setup, arguments);
    if (interrupted()) return kExitInterrupted;
    if (!measured) {
      outcomes.failed(measured.error());
      files.push_back({{"file", path}, {"error", json_of(measured.error())}});
      continue;
    }
    if (!arguments.json) print_rows(*measured, arguments, false);
    std::fflush(stdout);
    done.push_back(std::move(*measured));
  }
  return finish_rows(done, std::move(files), outcomes, arguments);
}

}  // namespace koan::cli
