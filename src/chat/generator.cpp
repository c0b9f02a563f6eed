#include "chat/generator.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_set>

#include "base/split_mix.h"
#include "base/workers.h"
#include "chat/stop_filter.h"

namespace koan {
namespace {

constexpr std::uint32_t kSinks = 4;
constexpr std::uint32_t kMinWindow = 16, kMaxWindow = 65536;  // of Streams
constexpr std::uint32_t kPromptRows = 64;                     // of one prompt in one step

// One prompt on its way through a stream.
struct Job {
  std::size_t index;  // of the prompt
  std::size_t fed = 0;
  Sampler sampler;
  StopFilter filter;
  std::uint32_t last_row = 0;  // of this step
};

// One call of Generator::run; its workers take the prompts in turn, each with streams of its own.
class Run {
 public:
  Run(const Model& model, const SpecialTokens& special, const GenerateOptions& options,
      const Generator::OnText& on_text, std::span<const Generator::Prompt> prompts)
      : model_(model),
        special_(special),
        options_(options),
        on_text_(on_text),
        prompts_(prompts),
        out_(prompts.size()) {
    for (std::size_t i = 0; i < prompts.size(); ++i) out_[i].prompt_tokens = prompts[i].size();
    // What is no text and ends none is not for a model to write.
    const Tokenizer& tokenizer = model.tokenizer();
    for (Token t = 0; t < model.config().vocabulary; ++t)
      if (special.ends_text(t) ? options.ignore_end : tokenizer.is_special(t)) never_.push_back(t);
  }

  // Until no prompt is left.
  void work(Streams& streams, std::uint32_t n_streams) {
    std::vector<std::optional<Job>> jobs(n_streams);
    while (true) {
      std::vector<Row> rows;
      for (std::uint32_t s = 0; s < n_streams; ++s) {
        if (!jobs[s]) start(jobs[s], streams, s);
        if (jobs[s]) add_rows(*jobs[s], s, prompts_[jobs[s]->index], rows);
      }
      if (rows.empty()) return;
      streams.forward(rows);
      for (std::optional<Job>& job : jobs) {
        if (!job || job->fed < prompts_[job->index].size() + out_[job->index].tokens.size()) continue;
        if (!continue_with(*job, streams.next(job->last_row))) job.reset();
      }
    }
  }

  std::vector<Completion> take() { return std::move(out_); }

 private:
  void start(std::optional<Job>& job, Streams& streams, std::uint32_t stream) {
    const std::size_t index = next_++;
    if (index >= prompts_.size()) return;
    streams.reset(stream);
    job.emplace(
        Job{index, 0, Sampler(options_.sampling, mix64(options_.seed) + mix64(index)), StopFilter(options_.stop)});
  }

  void add_rows(Job& job, std::uint32_t stream, const Generator::Prompt& prompt, std::vector<Row>& rows) const {
    const std::vector<Token>& made = out_[job.index].tokens;
    for (std::uint32_t n = 0; n < kPromptRows && job.fed < prompt.size() + made.size(); ++n, ++job.fed)
      rows.push_back({stream, job.fed < prompt.size() ? prompt[job.fed] : made[job.fed - prompt.size()]});
    job.last_row = static_cast<std::uint32_t>(rows.size() - 1);
  }

  // False: complete.
  bool continue_with(Job& job, NextToken next) {
    Completion& out = out_[job.index];
    for (const Token t : never_) next.freqs[t] = 0;
    const Token token = job.sampler.pick(next.freqs);
    if (special_.ends_text(token)) return finish(job, FinishReason::kEnd);
    out.tokens.push_back(token);
    const ByteView bytes = model_.tokenizer().bytes(token);
    if (!show(job, job.filter.add(as_text(bytes)))) return finish(job, FinishReason::kCancelled);
    if (job.filter.stopped()) return finish(job, FinishReason::kStop);
    return out.tokens.size() < options_.max_tokens || finish(job, FinishReason::kLength);
  }

  bool show(const Job& job, std::string piece) {
    out_[job.index].text += piece;
    return piece.empty() || !on_text_ || on_text_(job.index, piece);
  }

  bool finish(Job& job, FinishReason reason) {
    show(job, job.filter.rest());
    out_[job.index].reason = reason;
    return false;
  }

  const Model& model_;
  const SpecialTokens& special_;
  const GenerateOptions& options_;
  const Generator::OnText& on_text_;
  std::span<const Generator::Prompt> prompts_;
  std::atomic<std::size_t> next_{0};  // prompt to start
  std::vector<Token> never_;          // to be drawn
  std::vector<Completion> out_;       // each written by the worker that has its prompt
};

Status check(const Generator::Prompt& prompt, const Model& model) {
  if (prompt.empty()) return Error{ErrorCode::kUsage, "the prompt is empty"};
  for (const Token token : prompt)
    if (token >= model.config().vocabulary)
      return Error{ErrorCode::kUsage,
                   "the prompt has token " + std::to_string(token) + ", which the model does not have"};
  return {};
}

}  // namespace

Generator Generator::create(std::shared_ptr<const Model> model, SpecialTokens special, const Kernels* kernels,
                            std::uint32_t batch, unsigned threads) {
  return {std::move(model), std::move(special), kernels, std::clamp(batch, 1u, 64u), std::max(threads, 1u)};
}

Window Generator::window_for(std::size_t tokens) const noexcept {
  const ModelConfig& c = model_->config();
  const std::uint32_t trained = std::clamp(c.window != 0 ? c.window : c.context_length, kMinWindow, kMaxWindow);
  const auto needed = static_cast<std::uint32_t>(std::clamp<std::size_t>(tokens, kMinWindow, kMaxWindow));
  return {std::min(trained, needed), kSinks};
}

Result<std::vector<Completion>> Generator::run(std::span<const Prompt> prompts, const GenerateOptions& options,
                                               const OnText& on_text) const {
  std::size_t longest = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    auto fits = check(prompts[i], *model_);
    if (!fits) return std::move(fits).error().in("prompt " + std::to_string(i + 1));
    longest = std::max(longest, prompts[i].size());
  }
  Run run(*model_, special_, options, on_text, prompts);
  if (prompts.empty() || options.max_tokens == 0) return run.take();
  const auto together = static_cast<std::uint32_t>(std::min<std::size_t>(batch_, prompts.size()));
  const unsigned workers = std::min(threads_, together);
  const Window window = window_for(longest + options.max_tokens);
  const auto work = [&](unsigned worker) -> Status {
    const std::uint32_t n = together / workers + (worker < together % workers ? 1 : 0);
    KOAN_ASSIGN(Streams streams, Streams::create(model_, kernels_, window, n, n * kPromptRows));
    KOAN_TRY(streams.use_threads(threads_for(*model_, threads_, worker, workers)));
    run.work(streams, n);
    return {};
  };
  KOAN_TRY(run_workers(workers, work));
  return run.take();
}

Result<std::vector<ChoiceScore>> Generator::choose(const Prompt& prompt, std::span<const std::string> choices) const {
  KOAN_TRY(check(prompt, *model_));
  if (choices.empty()) return Error{ErrorCode::kUsage, "there is nothing to choose from"};
  std::vector<std::vector<Token>> texts;
  std::size_t longest = 0;
  for (const std::string& choice : choices) {
    texts.push_back(model_->tokenizer().encode(as_bytes(choice)));
    if (texts.back().empty()) return Error{ErrorCode::kUsage, "a choice is empty"};
    if (std::find(texts.begin(), texts.end() - 1, texts.back()) != texts.end() - 1)
      return Error{ErrorCode::kUsage, "the choice '" + choice + "' is there twice"};
    longest = std::max(longest, texts.back().size());
  }
  KOAN_ASSIGN(Streams streams, Streams::create(model_, kernels_, window_for(prompt.size() + longest), 1, kPromptRows));
  KOAN_TRY(streams.use_threads(threads_for(*model_, threads_)));
  const auto feed = [&](const std::vector<Token>& tokens, std::size_t count) {
    std::uint32_t last = 0;
    for (std::size_t at = 0; at < count; at += last + 1) {
      std::vector<Row> rows;
      for (std::size_t i = at; i < count && rows.size() < kPromptRows; ++i) rows.push_back({0, tokens[i]});
      last = static_cast<std::uint32_t>(rows.size() - 1);
      streams.forward(rows);
    }
    return streams.next(last);
  };
  std::vector<ChoiceScore> out(choices.size());
  std::vector<std::uint64_t> lengths(choices.size(), 0);  // bits with 24 fraction bits
  const auto charge = [&](std::size_t i, std::size_t at, const NextToken& next) {
    lengths[i] += log2_fixed(next.total) - std::uint64_t{log2_fixed(next.freqs[texts[i][at]])};
  };
  const NextToken first = feed(prompt, prompt.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    charge(i, 0, first);
    out[i].weight = first.freqs[texts[i][0]];
  }
  for (std::size_t i = 0; i < out.size() && longest > 1; ++i) {
    if (texts[i].size() == 1) continue;
    streams.reset(0);
    NextToken next = feed(prompt, prompt.size());
    for (std::size_t at = 1; at < texts[i].size(); ++at) {
      next = feed({texts[i][at - 1]}, 1);
      charge(i, at, next);
    }
  }
  const std::uint64_t best = *std::min_element(lengths.begin(), lengths.end());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].bits = static_cast<double>(lengths[i]) / (1u << 24);
    if (longest > 1) out[i].weight = exp2_fixed(lengths[i] - best);
  }
  return out;
}

}  // namespace koan
