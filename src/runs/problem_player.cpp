#include "runs/problem_player.h"

#include <algorithm>
#include <utility>

#include "ask/parse.h"
#include "base/file.h"
#include "formats/adapter.h"
#include "runs/bit_model.h"

namespace koan::runs {
namespace {

constexpr std::string_view kFirst = "batch10";  // whose attempt is the first attempt of all arms
constexpr std::uint64_t kTrialStride = 1000;    // more than the seeds of any arm

// What the oracle is told.
Result<std::string> gold_of(const tasks::Problem& problem) {
  std::string out = problem.solution;
  if (!problem.target.reference.empty()) out += (out.empty() ? "Answer: " : "\n\nAnswer: ") + problem.target.reference;
  if (out.empty())
    return Error{ErrorCode::kUsage, "problem " + problem.id + " has no reference that an oracle could be told"};
  return out;
}

Result<Sha256> identity_of(const ChatModel& model) {
  if (const auto hash = sha256_from_hex(model.identity())) return *hash;
  return Error{ErrorCode::kInternal, model.name() + " is not exact"};
}

}  // namespace

std::uint64_t seed_of_trial(std::uint64_t seed, std::uint32_t trial) noexcept { return seed + trial * kTrialStride; }

// The one place that knows of sets of prompts.
Result<ask::ProtocolData> protocol_for(std::string_view name, const std::string& prompts) {
  return ask::find_protocol(std::string(name) + (prompts == "plain" ? "" : "@" + prompts));
}

ProblemPlayer::ProblemPlayer(const PlayRules& rules, const CrewFacts& facts, Crew& crew, const tasks::Problem& problem,
                             std::size_t index)
    : rules_(rules),
      crew_(crew),
      problem_(problem),
      index_(index),
      small_(*crew.small, facts.small, rules.clock),
      large_(*crew.large, facts.large, rules.clock),
      near_small_(*crew.small, facts.small, rules.clock),
      near_large_(*crew.large, facts.large, rules.clock) {}

ProblemPlayer::Uses ProblemPlayer::take_uses() noexcept {
  Uses out{small_.take_use(), large_.take_use()};
  add(out.large, std::exchange(answer_use_, Use{}));
  return out;
}

Result<Played> ProblemPlayer::play(const Arm& arm, std::uint32_t trial, std::uint64_t seed) {
  switch (arm.kind) {
    case ArmKind::kSmall:
      return attempt(seed);
    case ArmKind::kRetry:
      return retry(seed);
    case ArmKind::kSelfConsistency:
      return self_consistency(seed);
    case ArmKind::kProtocol:
      return protocol(arm, trial, seed);
    case ArmKind::kRewrite:
      return rewrite(trial, seed);
    case ArmKind::kLarge:
    case ArmKind::kLossless:
      break;
  }
  return large(arm, trial, seed);
}

// That of the protocol itself, so that it is the same to the letter.
Result<ChatRequest> ProblemPlayer::attempt_request(std::uint64_t seed) const {
  KOAN_ASSIGN(ask::ProtocolData data, protocol_for(kFirst, rules_.prompts));
  ask::Settings settings;
  settings.problem = problem_.text;
  settings.seed = seed;
  settings.cap = rules_.cap;
  KOAN_ASSIGN(const ask::Protocol protocol, ask::Protocol::create(std::move(data), std::move(settings)));
  return protocol.step().requests.front();
}

Result<std::string> ProblemPlayer::reply(ChatModel& model, const ChatRequest& request) {
  KOAN_ASSIGN(const ChatReply reply, model.reply(request));
  return std::string(ask::without_thoughts(reply.text));
}

Result<Played> ProblemPlayer::attempt(std::uint64_t seed) {
  KOAN_ASSIGN(const ChatRequest request, attempt_request(seed));
  Played out;
  KOAN_ASSIGN(out.text, reply(small_, request));
  return out;
}

Result<Played> ProblemPlayer::retry(std::uint64_t seed) {
  KOAN_ASSIGN(ChatRequest request, attempt_request(seed + 1));
  request.temperature = kSampleTemperature;
  Played out;
  KOAN_ASSIGN(out.text, reply(small_, request));
  return out;
}

// The first attempt and samples beside it. Of answers that are given equally often, the one that came first.
Result<Played> ProblemPlayer::self_consistency(std::uint64_t seed) {
  std::vector<ChatRequest> requests;
  for (std::uint32_t k = 0; k < rules_.samples; ++k) {
    KOAN_ASSIGN(requests.emplace_back(), attempt_request(seed + k));
    if (k > 0) requests.back().temperature = kSampleTemperature;
  }
  KOAN_ASSIGN(const std::vector<ChatReply> replies, small_.replies(requests));
  std::vector<std::string> texts, answers;
  for (const ChatReply& reply : replies) {
    texts.emplace_back(ask::without_thoughts(reply.text));
    answers.push_back(grade::answer_of(problem_.target, texts.back()));
  }
  std::size_t best = 0, most = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].empty()) continue;
    const auto votes =
        static_cast<std::size_t>(std::count_if(answers.begin(), answers.end(), [&](const std::string& a) {
          return !a.empty() && grade::same(problem_.target, answers[i], a);
        }));
    if (votes > most) best = i;
    most = std::max(most, votes);
  }
  Played out;
  out.text = texts[best];
  return out;
}

Result<Played> ProblemPlayer::protocol(const Arm& arm, std::uint32_t trial, std::uint64_t seed) {
  KOAN_ASSIGN(ask::ProtocolData data, protocol_for(arm.protocol, rules_.prompts));
  ask::Settings settings;
  settings.problem = problem_.text;
  settings.seed = seed;
  settings.cap = rules_.cap;
  if (data.gold) {
    KOAN_ASSIGN(settings.gold, gold_of(problem_));
  }
  BitModel bits(arm.far);
  const bool knows_nothing = arm.far != Far::kLarge && arm.far != Far::kSmall;
  ChatModel* far = knows_nothing ? static_cast<ChatModel*>(&bits) : arm.far == Far::kSmall ? &small_ : &large_;
  const ask::Cast cast{{&small_, arm.large_asks ? static_cast<ChatModel*>(&large_) : &small_, far, far}};
  ask::set_scores(cast, &settings);
  KOAN_ASSIGN(ask::Protocol played, ask::Protocol::create(std::move(data), std::move(settings)));
  ask::PlayOptions options;
  options.cancelled = rules_.cancelled;
  KOAN_TRY(ask::play_out(played, cast, options));
  const ask::Exchange& exchange = played.exchange();
  Played out;
  out.text = exchange.answer;
  out.questions = exchange.asked.size();
  out.bits = ask::to_bits(
      ask::cost_of(exchange.decisions, ask::cheaper_mode(exchange.decisions, played.data()), played.data()));
  out.payload_bytes = ask::encode_decisions(exchange.decisions, played.data()).size();
  if (rules_.replays && !cast.at(ask::Role::kSolver)->identity().empty() &&
      !cast.at(ask::Role::kQuestioner)->identity().empty()) {
    KOAN_ASSIGN(out.file_bytes, keep_and_replay(played, arm, trial));
  }
  return out;
}

// What koan ask send writes and koan ask receive makes of it, with models that remember nothing of the sender's.
Result<std::uint64_t> ProblemPlayer::keep_and_replay(const ask::Protocol& played, const Arm& arm, std::uint32_t trial) {
  const ask::ProtocolData& data = played.data();
  const ask::Cast near{{&near_small_, arm.large_asks ? &near_large_ : &near_small_, nullptr, nullptr}};
  ask::AskIdentity identity;
  identity.problem = sha256(as_bytes(problem_.text));
  identity.protocol = data.hash;
  KOAN_ASSIGN(identity.solver, identity_of(*near.at(ask::Role::kSolver)));
  KOAN_ASSIGN(identity.questioner, identity_of(*near.at(ask::Role::kQuestioner)));
  const Bytes payload = ask::encode_decisions(played.exchange().decisions, data);
  const Bytes file =
      ask::write_ask_file(identity, played.settings().seed, played.settings().cap, payload, played.exchange().answer);
  if (!rules_.asks.empty()) {
    KOAN_TRY(write_file(rules_.asks + "/" + std::string(arm.name) + "-" + std::to_string(index_) + "-" +
                            std::to_string(trial) + ".kask",
                        file));
  }
  KOAN_ASSIGN(const ask::AskFile parsed, ask::parse_ask_file(file));
  KOAN_TRY(ask::check_identity(parsed, file, identity));
  ask::DecisionReader decisions(parsed.payload, data);
  ask::Settings settings;
  settings.problem = problem_.text;
  settings.seed = parsed.seed;
  settings.cap = parsed.cap;
  settings.side = ask::Side::kNear;
  settings.mode = decisions.mode();
  ask::set_scores(near, &settings);
  KOAN_ASSIGN(ask::Protocol received, ask::Protocol::create(data, std::move(settings)));
  ask::PlayOptions options;
  options.decisions = &decisions;
  options.cancelled = rules_.cancelled;
  Status done = ask::play_out(received, near, options);
  if (!done && done.error().code == ErrorCode::kCancelled) return std::move(done).error();
  if (!done || received.exchange().answer != played.exchange().answer)
    return Error{ErrorCode::kVerification, "the receiver of the ask file comes to another answer" +
                                               (done ? std::string() : ": " + done.error().message)};
  return file.size();
}

Result<const LargeAnswer*> ProblemPlayer::large_answer(std::uint32_t trial, std::uint64_t seed) {
  const auto known = answers_.find(trial);
  if (known != answers_.end()) return &known->second;
  KOAN_ASSIGN(const ChatRequest request, attempt_request(seed));
  KOAN_ASSIGN(const std::string text, reply(large_, request));
  KOAN_TRY(remember_large(trial, text, large_.take_use()));
  return &answers_.at(trial);
}

Status ProblemPlayer::remember_large(std::uint32_t trial, const std::string& text, const Use& use) {
  KOAN_ASSIGN(const CodedText coded, crew_.coder->of(text, problem_.text));
  answers_[trial] = {text, coded, use};
  return {};
}

// Of large itself the text travels as it is.
Result<Played> ProblemPlayer::large(const Arm& arm, std::uint32_t trial, std::uint64_t seed) {
  KOAN_ASSIGN(const LargeAnswer* answer, large_answer(trial, seed));
  answer_use_ = answer->use;
  Played out;
  out.text = answer->text;
  const bool coded = arm.kind == ArmKind::kLossless;
  out.bits = coded ? answer->coded.bits : 8.0 * static_cast<double>(answer->text.size());
  out.payload_bytes = coded ? answer->coded.file : answer->text.size();
  out.file_bytes = coded ? answer->coded.file : 0;
  return out;
}

Result<Played> ProblemPlayer::rewrite(std::uint32_t trial, std::uint64_t seed) {
  KOAN_ASSIGN(const LargeAnswer* answer, large_answer(trial, seed));
  answer_use_ = answer->use;
  AnswerCoder::Rewrite made;
  if (!answer->text.empty()) {
    RewriteTask task;
    task.problem = problem_.text;
    task.text = answer->text;
    task.seed = seed;
    KOAN_ASSIGN(made, crew_.coder->rewrite(large_, task, rules_.cap));
  }
  KOAN_ASSIGN(ChatRequest request, attempt_request(seed));
  request.messages = fill(rules_.own.read, {{"problem", problem_.text}, {"notes", made.text}});
  Played out;
  KOAN_ASSIGN(out.text, reply(small_, request));
  out.bits = made.coded.bits;
  out.payload_bytes = out.file_bytes = made.coded.file;
  return out;
}

}  // namespace koan::runs
