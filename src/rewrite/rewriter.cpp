#include "rewrite/rewriter.h"

#include <algorithm>
#include <cctype>

#include "grade/answer.h"
#include "grade/math.h"
#include "rewrite/hide.h"
#include "text/strip.h"

namespace koan {
namespace {

constexpr std::uint32_t kMostCandidates = 64;
constexpr std::uint32_t kMostTokens = 65536;  // of one reply

ChatRequest request_for(const RewritePrompt& prompt, const PromptFields& fields, std::uint64_t seed) {
  ChatRequest out;
  out.messages = fill(prompt.text, fields);
  out.temperature = prompt.temperature;
  out.max_tokens = prompt.max_tokens;
  out.seed = seed;
  return out;
}

// Whether a line is "Solution 3", with marks around it and a title behind.
bool is_heading(std::string_view line) {
  while (!line.empty() && (line.front() == '#' || line.front() == '*' || line.front() == ' ')) line.remove_prefix(1);
  constexpr std::string_view kWord = "solution ";
  if (line.size() <= kWord.size()) return false;
  for (std::size_t i = 0; i < kWord.size(); ++i)
    if (std::tolower(static_cast<unsigned char>(line[i])) != kWord[i]) return false;
  line.remove_prefix(kWord.size());
  std::size_t digits = 0;
  while (digits < line.size() && std::isdigit(static_cast<unsigned char>(line[digits])) != 0) ++digits;
  if (digits == 0 || digits > 3) return false;
  return digits == line.size() || std::string_view(".:* \r").find(line[digits]) != std::string_view::npos;
}

}  // namespace

std::vector<std::string> split_solutions(std::string_view reply) {
  std::vector<std::string> out;
  bool headed = false;
  std::string current;
  const auto finish = [&] {
    // What goes before the first heading is no solution.
    if (const std::string_view text = strip(current); headed && !text.empty()) out.emplace_back(text);
    current.clear();
  };
  for (std::size_t at = 0; at < reply.size();) {
    const std::size_t end = std::min(reply.find('\n', at), reply.size());
    const std::string_view line = reply.substr(at, end - at);
    if (is_heading(line)) {
      finish();
      headed = true;
    } else {
      current.append(line).push_back('\n');
    }
    at = end + 1;
  }
  finish();
  if (out.empty()) out.emplace_back(strip(reply));
  return out;
}

std::optional<std::size_t> choose_candidate(const std::vector<RewriteCandidate>& candidates, const Cost& original) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].kept == Kept::kNo) continue;
    const Cost& least = best ? candidates[*best].cost : original;
    if (candidates[i].cost.less_than(least)) best = i;
  }
  return best;
}

Result<std::vector<ChatReply>> Rewriter::ask(ChatModel& model, const std::vector<ChatRequest>& requests,
                                             ChatUsage& usage) {
  KOAN_ASSIGN(std::vector<ChatReply> replies, model.replies(requests));
  for (const ChatReply& reply : replies) {
    usage.input_tokens += reply.usage.input_tokens;
    usage.output_tokens += reply.usage.output_tokens;
  }
  return replies;
}

// Texts in the order in which they were made; empty ones are left out.
Result<std::vector<std::string>> Rewriter::propose(const RewriteTask& task, RewriteOutcome& outcome) {
  PromptFields fields = {{"problem", task.problem}, {"count", std::to_string(task.count)}};
  std::vector<ChatRequest> requests;
  if (task.method == RewriteMethod::kSingle) {
    requests.push_back(request_for(prompts_.single, fields, task.seed));
    // Several solutions need several times the room.
    requests.back().max_tokens = std::min(kMostTokens, prompts_.single.max_tokens * task.count);
  } else {
    fields["solution"] = hide_answer(outcome.original, outcome.answer);
    const RewritePrompt& prompt = task.method == RewriteMethod::kAsk ? prompts_.ask : prompts_.sampling;
    for (std::uint32_t i = 0; i < task.count; ++i) {
      requests.push_back(request_for(prompt, fields, task.seed + i));
      if (task.method == RewriteMethod::kAsk && task.count > 1)
        requests.back().temperature = prompts_.temperature_of_many;
    }
  }
  KOAN_ASSIGN(const std::vector<ChatReply> replies, ask(writer_, requests, outcome.written));
  std::vector<std::string> out;
  for (const ChatReply& reply : replies) {
    const std::vector<std::string> texts = task.method == RewriteMethod::kSingle
                                               ? split_solutions(reply.text)
                                               : std::vector{std::string(strip(reply.text))};
    for (const std::string& text : texts)
      if (!text.empty()) out.push_back(text);
  }
  return out;
}

// The reader sees the problem and one candidate, and nothing of the original.
Status Rewriter::check(const RewriteTask& task, RewriteOutcome& outcome) {
  if (reader_ == nullptr || outcome.answer.empty()) return {};
  std::vector<ChatRequest> requests = {request_for(prompts_.read_alone, {{"problem", task.problem}}, task.seed)};
  for (const RewriteCandidate& candidate : outcome.candidates)
    requests.push_back(request_for(prompts_.read, {{"problem", task.problem}, {"rewrite", candidate.text}}, task.seed));
  KOAN_ASSIGN(const std::vector<ChatReply> replies, ask(*reader_, requests, outcome.read));
  const auto verdict = [&](const std::string& answer) {
    return grade::same_math(answer, outcome.answer) ? Kept::kYes : Kept::kNo;
  };
  outcome.without_rewrite = verdict(grade::answer_of_reply(replies[0].text));
  for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
    RewriteCandidate& candidate = outcome.candidates[i];
    candidate.reader_answer = grade::answer_of_reply(replies[i + 1].text);
    candidate.kept = verdict(candidate.reader_answer);
  }
  return {};
}

Result<RewriteOutcome> Rewriter::run(const RewriteTask& task) {
  if (task.count < 1 || task.count > kMostCandidates)
    return Error{ErrorCode::kUsage, "from 1 to " + std::to_string(kMostCandidates) + " candidates can be made"};
  if (task.problem.empty() && (task.text.empty() || task.method != RewriteMethod::kAsk))
    return Error{ErrorCode::kUsage, "there is no problem to solve"};
  RewriteOutcome out;
  out.original = task.text;
  if (out.original.empty()) {
    const ChatRequest request = request_for(prompts_.solve, {{"problem", task.problem}}, task.seed);
    KOAN_ASSIGN(const std::vector<ChatReply> solved, ask(writer_, {request}, out.written));
    out.original = strip(solved[0].text);
    if (out.original.empty()) return Error{ErrorCode::kRemote, writer_.name() + ": wrote nothing"};
  }
  out.answer = task.answer.empty() ? grade::final_answer(out.original).value_or("") : task.answer;
  KOAN_ASSIGN(out.original_cost, meter_.of(out.original));
  KOAN_ASSIGN(const std::vector<std::string> texts, propose(task, out));
  for (const std::string& text : texts) {
    RewriteCandidate candidate;
    candidate.text = text;
    KOAN_ASSIGN(candidate.cost, meter_.of(text));
    out.candidates.push_back(std::move(candidate));
  }
  KOAN_TRY(check(task, out));
  out.chosen = choose_candidate(out.candidates, out.original_cost);
  return out;
}

}  // namespace koan
