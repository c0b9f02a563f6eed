// koan ask: the question-asking protocol (docs/ask_protocol.md), both sides or one of them.
#include <algorithm>
#include <cstdio>

#include "ask/live.h"
#include "ask/render.h"
#include "base/file.h"
#include "cli/ask_session.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/whole_file.h"
#include "codec/model_store.h"

namespace koan::cli {
namespace {

Result<std::string> read_gold(const AskArguments& arguments) {
  if (arguments.gold.empty()) return std::string();
  KOAN_ASSIGN(const Bytes text, read_file(arguments.gold, std::uint64_t{1} << 20));
  return std::string(as_text(text));
}

// run and send: both sides.
Status both_sides(const AskArguments& arguments) {
  KOAN_ASSIGN(const std::string problem, read_problem(arguments));
  const std::string small = arguments.small.empty() ? kDefaultSmall : arguments.small;
  const std::string large = arguments.large.empty() ? kDefaultLarge : arguments.large;
  KOAN_ASSIGN(const ask::ProtocolData data, protocol_for(arguments.protocol, small));
  AskRun run;
  run.settings.problem = problem;
  run.settings.seed = arguments.seed;
  run.settings.cap = arguments.max_tokens;
  KOAN_ASSIGN(run.settings.gold, read_gold(arguments));
  const std::string words[ask::kRoles] = {small, arguments.questioner.empty() ? small : arguments.questioner, large,
                                          arguments.judge.empty() ? large : arguments.judge};
  KOAN_ASSIGN(AskModels models, AskModels::create(arguments));
  for (std::size_t i = 0; i < ask::kRoles; ++i) {
    KOAN_ASSIGN(run.cast.models[i], models.get(words[i]));
  }
  const ask::Cast cast = run.cast;
  auto identity = identity_of(problem, data, cast);
  const bool sends = arguments.verb == AskVerb::kSend;
  if (sends && !identity) return std::move(identity).error();
  std::optional<AtomicFile> output;
  if (sends) {
    KOAN_ASSIGN(AtomicFile file, AtomicFile::create(arguments.output, arguments.force));
    output.emplace(std::move(file));
  }
  KOAN_ASSIGN(const ask::Protocol played, play(arguments, data, std::move(run)));
  Bytes file;
  if (identity) {
    const Bytes payload = ask::encode_decisions(played.exchange().decisions, data);
    file = ask::write_ask_file(*identity, arguments.seed, arguments.max_tokens, payload, played.exchange().answer);
  }
  if (sends) {
    KOAN_TRY(FileSink(output->fd(), arguments.output).write(file));
    KOAN_TRY(output->commit());
  }
  report(arguments, played, file.size());
  warn_of_embedded(arguments, small);
  return {};
}

// run with a server: the near side.
Status live(const AskArguments& arguments) {
  KOAN_ASSIGN(const std::string problem, read_problem(arguments));
  const std::string small = arguments.small.empty() ? kDefaultSmall : arguments.small;
  KOAN_ASSIGN(const ask::ProtocolData data, protocol_for(arguments.protocol, small));
  KOAN_TRY(ask::check_live(data));
  if (!arguments.gold.empty() || !arguments.judge.empty())
    return Error{ErrorCode::kUsage, "--gold and --judge are for models that answer here, not for a server"};
  AskRun run;
  KOAN_ASSIGN(run.far, connect_far(arguments));
  KOAN_ASSIGN(AskModels models, AskModels::create(arguments));
  KOAN_ASSIGN(run.cast.models[0], models.get(small));
  KOAN_ASSIGN(run.cast.models[1], models.get(arguments.questioner.empty() ? small : arguments.questioner));
  run.settings.problem = problem;
  run.settings.seed = arguments.seed;
  run.settings.cap = arguments.max_tokens;
  run.settings.side = ask::Side::kNear;
  run.settings.mode = ask::Mode::kPlain;
  run.settings.live = true;
  KOAN_ASSIGN(const ask::Protocol played, play(arguments, data, std::move(run)));
  report(arguments, played, 0);
  warn_of_embedded(arguments, small);
  return {};
}

Status run_or_send(const AskArguments& arguments) {
  if (is_ask_server(arguments.judge))
    return Error{ErrorCode::kUsage, "a server (serve:) gives no scores: it is no --judge"};
  if (!is_ask_server(arguments.large)) return both_sides(arguments);
  if (arguments.verb == AskVerb::kRun) return live(arguments);
  return Error{ErrorCode::kUsage, "send writes a file beside the large model; a server (serve:) is for run"};
}

// The protocol that an ask file names.
Result<ask::ProtocolData> protocol_of(const ask::AskFile& parsed) {
  for (ask::ProtocolData& data : ask::all_protocols())
    if (ask::short_hash(data.hash) == parsed.protocol) return std::move(data);
  return Error{ErrorCode::kNeedsVersion, "this koan has no protocol whose hash begins with " + to_hex(parsed.protocol) +
                                             ", as the ask file needs"};
}

// The word of a model, or of the embedded one that the file names.
std::string near_word(const std::string& word, const ask::ShortHash& wanted) {
  if (!word.empty()) return word;
  for (const EmbeddedModel& model : embedded_models())
    if (ask::short_hash(sha256(model.gguf)) == wanted) return "local:" + std::string(model.name);
  return kDefaultSmall;  // whose hash is then said to differ
}

Status receive(const AskArguments& arguments) {
  KOAN_ASSIGN(const std::string problem, read_problem(arguments));
  KOAN_ASSIGN(const Bytes file, read_file(arguments.ask_file, ask::kMaxAskFile));
  auto parsed = ask::parse_ask_file(file);
  if (!parsed) return std::move(parsed).error().in(arguments.ask_file);
  KOAN_ASSIGN(const ask::ProtocolData data, protocol_of(*parsed));
  const std::string small = near_word(arguments.small, parsed->solver);
  const std::string questioner = arguments.questioner.empty() && parsed->questioner == parsed->solver
                                     ? small
                                     : near_word(arguments.questioner, parsed->questioner);
  KOAN_ASSIGN(AskModels models, AskModels::create(arguments));
  AskRun run;
  KOAN_ASSIGN(run.cast.models[0], models.get(small));
  KOAN_ASSIGN(run.cast.models[1], models.get(questioner));
  KOAN_ASSIGN(const ask::AskIdentity identity, identity_of(problem, data, run.cast));
  auto same = ask::check_identity(*parsed, file, identity);
  if (!same) return std::move(same).error().in(arguments.ask_file);
  ask::DecisionReader decisions(parsed->payload, data);
  run.settings.problem = problem;
  run.settings.seed = parsed->seed;
  run.settings.cap = parsed->cap;
  run.settings.side = ask::Side::kNear;
  run.settings.mode = decisions.mode();
  run.decisions = &decisions;
  auto played = play(arguments, data, std::move(run));
  if (!played) return std::move(played).error().in(arguments.ask_file);
  KOAN_TRY(ask::check_answer(*parsed, played->exchange().answer));
  report(arguments, *played, file.size());
  warn_of_embedded(arguments, small);
  return {};
}

Status show(const AskArguments& arguments) {
  KOAN_ASSIGN(const Bytes bytes, read_file(arguments.input, ask::kMaxTranscript));
  std::size_t complete = 0;
  auto lines = ask::parse_transcript(as_text(bytes), &complete);
  if (!lines) return std::move(lines).error().in(arguments.input);
  auto text = arguments.html ? ask::render_html(*lines) : ask::render_text(*lines);
  if (!text) return std::move(text).error().in(arguments.input);
  if (arguments.output.empty() || arguments.output == "-") {
    std::fwrite(text->data(), 1, text->size(), stdout);
    return {};
  }
  return write_whole(arguments.output, as_bytes(*text), arguments.force);
}

Status list_protocols(const AskArguments& arguments) {
  Json list = Json::array();
  Table table({"protocol", "version", "sha256", ""}, {0, 2, 3});
  for (const ask::ProtocolData& data : ask::all_protocols()) {
    const std::string hash = to_hex(data.hash);
    list.push_back({{"name", data.name}, {"version", data.version}, {"sha256", hash}, {"summary", data.summary}});
    table.add({data.name, std::to_string(data.version), hash.substr(0, 8), data.summary});
  }
  std::printf("%s\n", arguments.json ? list.dump(2).c_str() : table.text().c_str());
  return {};
}

Status run(const AskArguments& arguments) {
  switch (arguments.verb) {
    case AskVerb::kRun:
    case AskVerb::kSend:
      return run_or_send(arguments);
    case AskVerb::kReceive:
      return receive(arguments);
    case AskVerb::kServe:
      return serve_answers(arguments);
    case AskVerb::kShow:
      return show(arguments);
    case AskVerb::kProtocols:
      return list_protocols(arguments);
  }
  return {};
}

}  // namespace

int run_ask(const std::vector<std::string>& words) {
  int code = kExitOk;
  const auto arguments = parse_ask(words, &code);
  if (!arguments) return code;
  return end_with(run(*arguments));
}

}  // namespace koan::cli
