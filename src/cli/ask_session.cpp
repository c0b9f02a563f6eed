#include "cli/ask_session.h"

#include <unistd.h>

#include <cstdio>

#include "base/utf8.h"
#include "cli/signals.h"
#include "cli/whole_file.h"
#include "codec/model_store.h"
#include "formats/adapter.h"

namespace koan::cli {
namespace {

constexpr TextKind kProblem{"a problem", std::uint64_t{1} << 20};

// Its place among the embedded models; none for others.
std::optional<std::size_t> embedded_of(const std::string& word) {
  constexpr std::string_view kLocal = "local:";
  return find_embedded(word.starts_with(kLocal) ? std::string_view(word).substr(kLocal.size()) : word);
}

Result<Sha256> hash_of(const ChatModel& model, const char* role) {
  if (const auto hash = sha256_from_hex(model.identity())) return *hash;
  return Error{ErrorCode::kUsage, std::string(role) + " " + model.name() +
                                      ": an ask file needs models that are exact, such as local:drill-small"};
}

}  // namespace

Result<std::string> read_problem(const AskArguments& arguments) {
  KOAN_ASSIGN(std::string text, read_argument(arguments.input, arguments.from_file, kProblem));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error{ErrorCode::kUsage, "the problem is empty"};
  if (find_binary(as_bytes(text)) != text.size()) return Error{ErrorCode::kUsage, "the problem is not text in UTF-8"};
  return text;
}

Result<AskModels> AskModels::create(const AskArguments& arguments) {
  KOAN_ASSIGN(Endpoints endpoints, Endpoints::create(arguments.remote, arguments.threads));
  return AskModels(std::move(endpoints));
}

Result<ChatModel*> AskModels::get(const std::string& word) {
  std::unique_ptr<ChatModel>& model = models_[word];
  if (!model) {
    KOAN_ASSIGN(model, endpoints_.open(word));
  }
  return model.get();
}

Result<ask::Protocol> play(const AskArguments& arguments, const ask::ProtocolData& data, AskRun run) {
  ask::set_scores(run.cast, &run.settings);
  KOAN_ASSIGN(ask::Protocol protocol, ask::Protocol::create(data, std::move(run.settings)));
  std::optional<ask::Transcript> transcript;
  if (!arguments.transcript.empty()) {
    KOAN_ASSIGN(transcript, ask::Transcript::open(arguments.transcript, ask::header_of(protocol, run.cast)));
  }
  const bool shows = !arguments.quiet && !arguments.json && ::isatty(STDERR_FILENO) != 0;
  ask::PlayOptions options;
  options.transcript = transcript ? &*transcript : nullptr;
  options.decisions = run.decisions;
  options.ask_far = run.far;
  options.on_step = [&](const ask::Step& step) {
    if (shows && step.kind != ask::StepKind::kDecision) say(std::string(ask::name_of(step.role)) + ": " + step.label);
  };
  options.cancelled = [] { return interrupted(); };
  KOAN_TRY(ask::play_out(protocol, run.cast, options));
  return protocol;
}

Result<ask::AskIdentity> identity_of(const std::string& problem, const ask::ProtocolData& data, const ask::Cast& cast) {
  ask::AskIdentity out;
  out.problem = sha256(as_bytes(problem));
  out.protocol = data.hash;
  KOAN_ASSIGN(out.solver, hash_of(*cast.at(ask::Role::kSolver), "--small"));
  KOAN_ASSIGN(out.questioner, hash_of(*cast.at(ask::Role::kQuestioner), "--questioner"));
  return out;
}

Result<ask::ProtocolData> protocol_for(const std::string& protocol, const std::string& model) {
  const auto embedded = embedded_of(model);
  const bool drilled = embedded && *embedded >= kTiers && protocol.find('@') == std::string::npos;
  return ask::find_protocol(protocol + (drilled ? "@drill" : ""));
}

void warn_of_embedded(const AskArguments& arguments, const std::string& word) {
  const auto embedded = embedded_of(word);
  if (!embedded || arguments.quiet || arguments.json) return;
  say(word +
      (*embedded < kTiers
           ? " predicts text and was never taught to answer: the bits are real, its answers are not worth reading"
           : " was taught word problems with two to four steps of arithmetic, and nothing else"));
}

void report(const AskArguments& arguments, const ask::Protocol& played, std::size_t file_bytes) {
  const ask::ProtocolData& data = played.data();
  Json result = ask::result_of(played);
  if (arguments.json) {
    Json object = {{"protocol", data.name}, {"oracle", data.gold}, {"seed", played.settings().seed}};
    object.update(result);
    object.erase("kind");
    if (file_bytes != 0) object["file_bytes"] = file_bytes;
    std::printf("%s\n", object.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
    return;
  }
  std::printf("%s\n", played.exchange().answer.c_str());
  if (arguments.quiet) return;
  if (data.gold) say("oracle: the answerer was given the reference answer");
  std::string line =
      format("%s: %zu questions, %zu decisions, %.*f bits", data.name.c_str(), played.exchange().asked.size(),
             played.exchange().decisions.size(), played.settings().live ? 0 : 2, result.at("bits").get<double>());
  if (played.settings().live) line += " as the server meters them";
  if (result.contains("payload_bytes"))
    line += format(", payload %zu bytes", result.at("payload_bytes").get<std::size_t>());
  if (file_bytes != 0) line += format(", ask file %zu bytes", file_bytes);
  say(line);
}

}  // namespace koan::cli
