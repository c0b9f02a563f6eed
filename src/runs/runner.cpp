#include "runs/runner.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

#include "base/workers.h"

namespace koan::runs {
namespace {

bool is_of_the_sample(ErrorCode code) noexcept {
  return code == ErrorCode::kRemote || code == ErrorCode::kVerification || code == ErrorCode::kLimit ||
         code == ErrorCode::kCorrupt;
}

// What is done, by whoever.
class Board {
 public:
  Board(const RunSetup& setup, Samples there) : setup_(setup), there_(std::move(there)) {
    for (std::size_t i = 0; i < setup.config.problems.size(); ++i) {
      if (!setup.shard.owns(i)) continue;
      mine_.push_back(i);
      for (const Arm& arm : setup.config.arms)
        for (std::uint32_t trial = 0; trial < setup.config.trials; ++trial)
          done_ += find({i, std::string(arm.name), trial}) != nullptr ? 1 : 0;
    }
    outcome_.samples = mine_.size() * setup.config.arms.size() * setup.config.trials;
  }

  // Null: still to be made.
  const Sample* find(const SampleKey& key) const {
    const auto found = there_.find(key);
    return found != there_.end() && found->second.error.empty() ? &found->second : nullptr;
  }
  std::optional<std::size_t> next_problem() {
    const std::size_t at = next_++;
    return at < mine_.size() && !stopped_ ? std::optional(mine_[at]) : std::nullopt;
  }
  bool stopped() const noexcept { return stopped_; }
  void stop() noexcept { stopped_ = true; }

  // False: nothing is left.
  bool start() const {
    tell();
    return done_ < outcome_.samples;
  }
  void made(const Sample& sample, const std::optional<Error>& error) {
    const std::lock_guard lock(mutex_);
    ++outcome_.made;
    ++done_;
    tell();
    if (!error) return;
    ++outcome_.failed;
    if (!outcome_.first_error.empty()) return;
    outcome_.first_error = "problem " + sample.id + ", arm " + sample.key.arm + ": " + sample.error;
    outcome_.first_code = error->code;
  }
  // One whose samples all came out, or the error of one that did not.
  Status problem_done(const std::optional<Error>& error) {
    const std::lock_guard lock(mutex_);
    failures_ = error ? failures_ + 1 : 0;
    if (failures_ < kMostFailures) return {};
    return Error{error->code, "samples of " + std::to_string(kMostFailures) +
                                  " problems in a row failed, the last one: " + error->message};
  }
  const RunOutcome& outcome() const noexcept { return outcome_; }

 private:
  void tell() const {
    if (setup_.progress) setup_.progress(done_, outcome_.samples);
  }

  const RunSetup& setup_;
  const Samples there_;
  std::vector<std::size_t> mine_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::size_t done_ = 0;
  unsigned failures_ = 0;  // problems in a row
  RunOutcome outcome_;
};

class Worker {
 public:
  Worker(const RunSetup& setup, Board& board, Journal& journal, Crew& crew)
      : setup_(setup), board_(board), journal_(journal), crew_(crew), means_{crew.judge.get(), setup.run_program} {}

  Status all() {
    while (const auto index = board_.next_problem()) {
      Status done = problem(*index);
      if (done) continue;
      board_.stop();
      return done;
    }
    return {};
  }

 private:
  Status problem(std::size_t index) {
    const RunConfig& config = setup_.config;
    ProblemPlayer player(config.rules, setup_.facts, crew_, config.problems[index], index);
    std::optional<Error> failed;
    for (std::uint32_t trial = 0; trial < config.trials; ++trial) {
      if (const Sample* large = board_.find({index, std::string(kLargeArm), trial}))
        KOAN_TRY(player.remember_large(trial, large->text, large->large));
      for (const Arm& arm : config.arms) {
        if (board_.stopped()) return {};
        if (board_.find({index, std::string(arm.name), trial}) == nullptr)
          KOAN_TRY(sample(player, arm, index, trial, failed));
      }
    }
    return board_.problem_done(failed);
  }

  Status sample(ProblemPlayer& player, const Arm& arm, std::size_t index, std::uint32_t trial,
                std::optional<Error>& failed) {
    const tasks::Problem& problem = setup_.config.problems[index];
    Sample out;
    out.key = {index, std::string(arm.name), trial};
    out.id = problem.id;
    out.problem = problem.text;
    out.level = problem.level;
    out.subject = problem.subject;
    out.doc_hash = hash_of(problem);
    out.target = problem.target.reference;
    out.seed = seed_of_trial(setup_.config.seed, trial);
    Status done = fill(player, arm, problem, out);
    if (!done && !is_of_the_sample(done.error().code)) return done;
    std::optional<Error> error;
    if (!done) {
      error = done.error();
      out.error = error->message.empty() ? "failed" : error->message;
    }
    KOAN_TRY(journal_.append(to_json(out, setup_.config.task.name)));
    board_.made(out, error);
    if (error) failed = std::move(error);
    return {};
  }

  Status fill(ProblemPlayer& player, const Arm& arm, const tasks::Problem& problem, Sample& out) {
    KOAN_ASSIGN(const LargeAnswer* large, player.large_answer(out.key.trial, out.seed));
    out.answer_bits = large->coded.bits;
    out.answer_tokens = large->use.tokens.output_tokens;
    player.take_uses();  // of an arm that failed
    KOAN_ASSIGN(Played played, player.play(arm, out.key.trial, out.seed));
    const ProblemPlayer::Uses uses = player.take_uses();
    out.bits = played.bits;
    out.questions = played.questions;
    out.payload_bytes = played.payload_bytes;
    out.file_bytes = played.file_bytes;
    out.small = uses.small;
    out.large = uses.large;
    out.flop = flop_of(uses.small, setup_.facts.small) + flop_of(uses.large, setup_.facts.large);
    out.money = money_of(uses.small, setup_.facts.small) + money_of(uses.large, setup_.facts.large);
    out.text = std::move(played.text);
    KOAN_ASSIGN(grade::Grade grade, grade::grade(problem.target, out.text, means_));
    out.right = grade.right;
    out.answer = std::move(grade.answer);
    out.why = grade.right ? std::string() : std::move(grade.why);
    return {};
  }

  const RunSetup& setup_;
  Board& board_;
  Journal& journal_;
  Crew& crew_;
  grade::Means means_;
};

}  // namespace

Result<RunOutcome> run(const RunSetup& setup) {
  KOAN_ASSIGN(const std::unique_ptr<Journal> journal, Journal::open(setup.folder, setup.shard));
  KOAN_ASSIGN(Samples there, read_journals(setup.folder));
  Board board(setup, std::move(there));
  if (!board.start()) return board.outcome();
  KOAN_TRY(run_workers(std::max(setup.workers, 1u), [&](unsigned) -> Status {
    auto crew = setup.crew();
    if (!crew) {
      board.stop();
      return std::move(crew).error();
    }
    return Worker(setup, board, *journal, *crew).all();
  }));
  return board.outcome();
}

Result<Gathered> gather(const RunConfig& config, const std::string& folder) {
  KOAN_ASSIGN(Samples there, read_journals(folder));
  Gathered out;
  for (std::size_t i = 0; i < config.problems.size(); ++i) {
    const std::string hash = hash_of(config.problems[i]);
    for (const Arm& arm : config.arms) {
      for (std::uint32_t trial = 0; trial < config.trials; ++trial) {
        ++out.wanted;
        const auto found = there.find({i, std::string(arm.name), trial});
        if (found == there.end()) continue;
        if (found->second.doc_hash != hash)
          return Error{ErrorCode::kUsage, folder + ": a journal has a sample of another problem " + std::to_string(i)};
        out.failed += found->second.error.empty() ? 0 : 1;
        out.samples.push_back(std::move(found->second));
      }
    }
  }
  return out;
}

}  // namespace koan::runs
