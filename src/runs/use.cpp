#include "runs/use.h"

#include <utility>

#include "chat/sampler.h"

namespace koan::runs {
namespace {

void put(Bytes& out, std::string_view text) {
  append_varint(out, text.size());
  append_bytes(out, as_bytes(text));
}

std::string key_of(const ChatRequest& request, std::span<const std::string> choices) {
  Bytes out;
  append_varint(out, request.messages.size());
  for (const ChatMessage& message : request.messages) {
    put(out, message.role);
    put(out, message.content);
  }
  append_fixed(out, to_fraction(request.temperature));
  append_fixed(out, to_fraction(request.top_p));
  append_fixed(out, request.temperature > 0 ? request.seed : std::uint64_t{0});
  append_fixed(out, request.max_tokens);
  append_varint(out, request.stop.size());
  for (const std::string& stop : request.stop) put(out, stop);
  for (const std::string& choice : choices) put(out, choice);
  return std::string(as_text(out));
}

}  // namespace

void add(Use& to, const Use& more) noexcept {
  to.tokens.input_tokens += more.tokens.input_tokens;
  to.tokens.output_tokens += more.tokens.output_tokens;
  to.seconds += more.seconds;
}

double flop_of(const Use& use, const ModelFacts& facts) noexcept {
  return 2.0 * static_cast<double>(facts.parameters) *
         static_cast<double>(use.tokens.input_tokens + use.tokens.output_tokens);
}

double money_of(const Use& use, const ModelFacts& facts) noexcept {
  if (!facts.prices) return 0;
  return (static_cast<double>(use.tokens.input_tokens) * facts.prices->input +
          static_cast<double>(use.tokens.output_tokens) * facts.prices->output) /
         1e6;
}

std::uint64_t guessed_tokens(const ChatRequest& request) noexcept {
  std::uint64_t bytes = 0;
  for (const ChatMessage& message : request.messages) bytes += message.content.size();
  return bytes / 4;
}

Result<std::vector<ChatReply>> Remembering::replies(std::span<const ChatRequest> requests) {
  std::vector<std::string> keys;
  std::vector<ChatRequest> wanted;
  std::vector<std::string> wanted_keys;
  for (const ChatRequest& request : requests) {
    keys.push_back(key_of(request, {}));
    if (replies_.contains(keys.back())) continue;
    replies_[keys.back()];  // the same request twice in a call is one
    wanted.push_back(request);
    wanted_keys.push_back(keys.back());
  }
  if (!wanted.empty()) {
    const double start = clock_();
    auto fresh = model_.replies(wanted);
    const double each = (clock_() - start) / static_cast<double>(wanted.size());
    if (!fresh) {
      for (const std::string& key : wanted_keys) replies_.erase(key);
      return std::move(fresh).error();
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) replies_[wanted_keys[i]] = {std::move((*fresh)[i]), each};
  }
  std::vector<ChatReply> out;
  for (const std::string& key : keys) {
    const Reply& reply = replies_.at(key);
    add(use_, {reply.reply.usage, reply.seconds});
    out.push_back(reply.reply);
  }
  return out;
}

Result<std::vector<ChoiceScore>> Remembering::choose(const ChatRequest& request, std::span<const std::string> choices) {
  const std::string key = key_of(request, choices);
  auto known = choices_.find(key);
  if (known == choices_.end()) {
    const double start = clock_();
    KOAN_ASSIGN(std::vector<ChoiceScore> scores, model_.choose(request, choices));
    const std::uint64_t tokens = facts_.count_tokens ? facts_.count_tokens(request) : guessed_tokens(request);
    known = choices_.emplace(key, Choice{std::move(scores), {{tokens, 0}, clock_() - start}}).first;
  }
  add(use_, known->second.use);
  return known->second.scores;
}

Use Remembering::take_use() noexcept { return std::exchange(use_, Use{}); }

}  // namespace koan::runs
