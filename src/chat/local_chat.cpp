#include "chat/local_chat.h"

#include <algorithm>
#include <atomic>

#include "base/utf8.h"
#include "base/workers.h"
#include "text/strip.h"

namespace koan {
namespace {

// Templates that ask for the date get this one: the day must not change a reply.
constexpr jinja::Date kDate{2026, 1, 1};
// Where a reply ends that goes on with the other side's words, in plain rendering.
constexpr const char* kNextTurn = "\n\nUser:";

Result<GenerateOptions> options_of(const ChatRequest& request, bool plain) {
  if (!(request.temperature >= 0 && request.temperature <= 100))
    return Error{ErrorCode::kUsage, "the temperature is not from 0 to 100"};
  if (!(request.top_p > 0 && request.top_p <= 1)) return Error{ErrorCode::kUsage, "top_p is not above 0 and up to 1"};
  GenerateOptions out;
  out.sampling.temperature = to_fraction(request.temperature);
  out.sampling.top_p = to_fraction(request.top_p);
  out.seed = request.seed;
  out.max_tokens = request.max_tokens;
  out.stop = request.stop;
  if (plain) out.stop.emplace_back(kNextTurn);
  return out;
}

}  // namespace

std::string render_plain(std::span<const ChatMessage> messages) {
  std::string out;
  for (const ChatMessage& message : messages) {
    if (message.role == "user") out += "User: ";
    if (message.role == "assistant") out += "Assistant: ";
    out += message.content + "\n\n";
  }
  return out + "Assistant:";
}

std::string replace_broken_utf8(std::string_view text) {
  std::string out;
  const ByteView bytes = as_bytes(text);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = bytes[at] == 0 ? 0 : utf8_at(bytes, at).size;
    out += size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(at, size);
    at += std::max<std::size_t>(size, 1);
  }
  return out;
}

std::unique_ptr<LocalChat> LocalChat::create(std::string name, LocalModel model, const Kernels* kernels,
                                             unsigned threads, Cancelled cancelled) {
  Generator generator = Generator::create(model.model, model.special, kernels, 1, threads);
  return std::unique_ptr<LocalChat>(
      new LocalChat(std::move(name), std::move(model), std::move(generator), std::move(cancelled)));
}

Result<Generator::Prompt> LocalChat::prompt_of(const ChatRequest& request) const {
  if (model_.chat_template)
    return model_.chat_template->encode(request.messages, model_.special, model_.model->tokenizer(), kDate);
  for (const ChatMessage& message : request.messages)
    if (find_binary(as_bytes(message.content)) != message.content.size())
      return Error{ErrorCode::kUsage, "a message is not text in UTF-8"};
  return model_.plain_prompt(render_plain(request.messages));
}

std::size_t LocalChat::prompt_tokens(const ChatRequest& request) const {
  const auto prompt = prompt_of(request);
  return prompt ? prompt->size() : 0;
}

// Each request is a run of its own: in a shared one its random numbers would depend on its place.
Result<ChatReply> LocalChat::reply_to(const ChatRequest& request, const Generator& generator) const {
  KOAN_ASSIGN(const GenerateOptions options, options_of(request, !model_.chat_template));
  KOAN_ASSIGN(const Generator::Prompt prompt, prompt_of(request));
  const auto goes_on = [&](std::size_t, std::string_view) { return !cancelled_ || !cancelled_(); };
  KOAN_ASSIGN(const std::vector<Completion> made, generator.run(std::span(&prompt, 1), options, goes_on));
  if (made[0].reason == FinishReason::kCancelled) return Error{ErrorCode::kCancelled, "interrupted"};
  return ChatReply{std::string(strip(replace_broken_utf8(made[0].text))),
                   made[0].reason,
                   {made[0].prompt_tokens, made[0].tokens.size()}};
}

Result<std::vector<ChatReply>> LocalChat::replies(std::span<const ChatRequest> requests) {
  std::vector<ChatReply> out(requests.size());
  const auto workers = static_cast<unsigned>(std::clamp<std::size_t>(requests.size(), 1, generator_.threads()));
  const Generator each = generator_.with_threads(generator_.threads() / workers);
  std::atomic<std::size_t> next{0};
  const auto work = [&](unsigned) -> Status {
    for (std::size_t i = next++; i < requests.size(); i = next++) {
      KOAN_ASSIGN(out[i], reply_to(requests[i], each));
    }
    return {};
  };
  KOAN_TRY(run_workers(workers, work));
  return out;
}

Result<std::vector<ChoiceScore>> LocalChat::choose(const ChatRequest& request, std::span<const std::string> choices) {
  KOAN_ASSIGN(const Generator::Prompt prompt, prompt_of(request));
  std::vector<std::string> texts(choices.begin(), choices.end());
  // After "Assistant:" a reply begins with a space; after a template's header it does not.
  if (!model_.chat_template)
    for (std::string& text : texts) text.insert(0, " ");
  return generator_.choose(prompt, texts);
}

}  // namespace koan
