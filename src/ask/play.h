// One walk through the protocol along what was given so far. Private to src/ask/protocol.cpp, play*.cpp.
#pragma once

#include <functional>
#include <map>

#include "ask/far_side.h"
#include "ask/protocol.h"

namespace koan::ask {

// The protocol as a straight line of code. Functions that return bool return false where the history ends: step() is
// then what is wanted.
class Play {
 public:
  Play(const ProtocolData& data, const Settings& settings, std::span<const Given> history)
      : data_(data), settings_(settings), history_(history) {}

  bool run();
  // Of live mode: one decision of the far side about what the near side tells.
  bool decide_alone(const FarQuestion& asked, std::size_t* symbol);
  void know_solution(const std::string& text);  // of the answerer, which is then not asked for it
  const std::optional<std::string>& known_solution() const noexcept { return solution_; }
  Step& step() noexcept { return step_; }
  Exchange& exchange() noexcept { return out_; }

 private:
  const Given* take(Step step);
  ChatRequest request(const Prompt& prompt, const PromptFields& fields, std::uint32_t tokens) const;
  bool reply(Role role, const char* label, ChatRequest request, std::string* text);
  const std::string& attempt() const noexcept { return lead_ ? out_.attempts[*lead_] : out_.attempts.back(); }
  // The problem, the attempt, the questions with answers, and more.
  PromptFields fields(PromptFields more = {}) const;

  // play.cpp: the near side.
  bool attempts();
  bool rounds();
  bool select();
  bool questions(const Prompt& prompt, std::size_t count, std::vector<std::string>* out);
  bool ask(const std::vector<std::string>& questions);
  bool predicted(const std::string& question, Frequencies* out);
  bool revise();

  // play_chosen.cpp
  bool chosen();
  bool shares(const std::vector<std::string>& pool, std::vector<std::vector<std::uint32_t>>* out);

  // play_far.cpp: the far side, and what it decides.
  using Far = std::function<bool(std::size_t* symbol)>;
  bool decide(Decision decision, const Far& far);
  bool solution();
  bool score(std::size_t attempt, unsigned* out);
  bool verdict(bool* right);
  bool far_verdict(std::size_t* symbol);
  bool stop(bool* stops);
  bool keep();
  bool answer(const std::string& question, Frequencies frequencies, const Far& far);
  // Symbols of answers to all of these.
  bool far_answers(const std::vector<std::string>& questions, std::vector<std::size_t>* out);
  bool far_answers_by_text(const std::vector<std::string>& questions, std::vector<std::size_t>* out);
  using Parse = std::function<std::optional<std::size_t>(std::string_view)>;
  struct Pick {
    Role role;
    const char* label;
    const Prompt* prompt;
    PromptFields fields;
    std::vector<std::string> choices;
    Parse parse;           // of a reply: an index of choices
    std::size_t fallback;  // after two replies that cannot be read
  };
  bool far_pick(const Pick& pick, std::size_t* out);
  bool scores(Role role) const noexcept { return settings_.scores[static_cast<std::size_t>(role)]; }

  const ProtocolData& data_;
  const Settings& settings_;
  std::span<const Given> history_;
  std::size_t taken_ = 0;
  Step step_;
  Exchange out_;
  std::optional<std::size_t> lead_;  // the attempt that is believed in most; nothing: the last
  std::optional<std::string> solution_;
  std::map<std::size_t, unsigned> scores_;
};

// "1. first\n2. second"; `nothing` if there is none.
std::string numbered_list(std::span<const std::string> items, const std::string& nothing);

}  // namespace koan::ask
