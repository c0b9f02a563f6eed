// Lossy compression by rewriting (docs/rewrite.md): a writer proposes shorter texts, an independent reader who sees
// only the problem and the rewrite must still find the answer, and of those that pass the one with the fewest bits
// wins.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chat/chat_model.h"
#include "rewrite/cost.h"
#include "rewrite/prompts.h"

namespace koan {

enum class RewriteMethod {
  kSampling,  // solutions drawn one by one
  kSingle,    // several solutions from one request
  kAsk,       // the solution, answer hidden, rewritten as briefly as it can be ("just ask")
};

struct RewriteTask {
  std::string problem;
  std::string text;    // the solution to shorten; empty: the writer solves the problem first
  std::string answer;  // what a reader must find; empty: the one that the text states
  RewriteMethod method = RewriteMethod::kAsk;
  std::uint32_t count = 1;  // candidates, 1..64
  std::uint64_t seed = 0;
};

enum class Kept { kYes, kNo, kUnchecked };

struct RewriteCandidate {
  std::string text;
  Cost cost;
  Kept kept = Kept::kUnchecked;
  std::string reader_answer;
};

struct RewriteOutcome {
  std::string original;  // the solution that everything is compared with
  Cost original_cost;
  std::string answer;                       // empty: none is known, so nothing could be checked
  Kept without_rewrite = Kept::kUnchecked;  // kYes: the reader finds the answer from the problem alone
  std::vector<RewriteCandidate> candidates;
  std::optional<std::size_t> chosen;  // none: no candidate passed, or none is smaller than the original
  ChatUsage written, read;            // tokens of the two models
};

class Rewriter {
 public:
  // The models live as long as the rewriter; `reader` may be null: nothing is checked then.
  Rewriter(ChatModel& writer, ChatModel* reader, CostMeter& meter, const RewritePrompts& prompts)
      : writer_(writer), reader_(reader), meter_(meter), prompts_(prompts) {}

  // Errors: kUsage (no problem and no text, a count out of range), those of the models and of the coder.
  Result<RewriteOutcome> run(const RewriteTask& task);

 private:
  Result<std::vector<std::string>> propose(const RewriteTask& task, RewriteOutcome& outcome);
  Result<std::vector<ChatReply>> ask(ChatModel& model, const std::vector<ChatRequest>& requests, ChatUsage& usage);
  Status check(const RewriteTask& task, RewriteOutcome& outcome);

  ChatModel& writer_;
  ChatModel* reader_;
  CostMeter& meter_;
  const RewritePrompts& prompts_;
};

// The solutions of a reply to the prompt `single`: texts below headings "Solution K"; without headings, the whole
// reply.
std::vector<std::string> split_solutions(std::string_view reply);

// Of the candidates that passed (or of all, if nothing could be checked) the one of the fewest bits, if it has fewer
// than the original.
std::optional<std::size_t> choose_candidate(const std::vector<RewriteCandidate>& candidates, const Cost& original);

}  // namespace koan
