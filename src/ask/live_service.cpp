#include "ask/live_service.h"

namespace koan::ask {
namespace {

constexpr std::size_t kIdDigits = 32, kMostOfMore = 200;

const char* text_of_status(int status) noexcept {
  switch (status) {
    case 400:
      return "this is no request of koan ask";
    case 401:
      return "the token is not known";
    case 404:
      return "there is only POST /v1/decide";
    case 413:
      return "the request is too large";
    case 415:
      return "a request is application/json";
    case 429:
      return "the bits of the day are spent";
    case 503:
      return "the server is busy, starting or ending, or has no budget";
    default:
      return status < 500 ? text_of_status(400) : "the server fails";
  }
}

}  // namespace

LiveReply live_error(int status, std::string_view more) {
  std::string text = text_of_status(status);
  if (!more.empty()) text += ": " + std::string(more.substr(0, kMostOfMore));
  return {status, write_live_error(text)};
}

std::string LiveService::id_of(const std::string& client, const FarQuestion& asked) const {
  // Written anew, so that requests that mean the same are the same. No name holds a line end.
  const std::string all = client + "\n" + far_.model_name() + "\n" + write_live_request(asked);
  return to_hex(sha256(as_bytes(all))).substr(0, kIdDigits);
}

LiveReply LiveService::decide(const std::string& client, std::string_view body) {
  const auto asked = parse_live_request(body);
  if (!asked) return live_error(400, asked.error().message);
  const std::string id = id_of(client, *asked);
  const std::lock_guard lock(mutex_);
  if (const std::string* word = meter_.answered(id)) return {200, write_live_reply(*word)};
  if (meter_.left(client, hooks_.day()) < kAnswerBits) return live_error(429);
  const auto symbol = far_.decide(*asked);
  if (symbol) return charge(client, id, word_of_symbol(*symbol));
  failed(symbol.error());
  // These are of no question.
  const ErrorCode code = symbol.error().code;
  if (code == ErrorCode::kCancelled || code == ErrorCode::kBudget) return live_error(503);
  // As of a reply that cannot be read.
  return charge(client, id, word_of_symbol(asked->is_verdict ? kNo : kUnanswered));
}

LiveReply LiveService::charge(const std::string& client, const std::string& id, const char* word) {
  const std::string today = hooks_.day();
  const std::uint64_t left = meter_.left(client, today);
  const std::uint64_t bits = word == std::string_view(word_of_symbol(kUnanswered)) ? kUnansweredBits : kAnswerBits;
  if (bits <= left)
    return spend({today, client, bits, id, word}) ? LiveReply{200, write_live_reply(word)} : live_error(500);
  // This refusal tells something. It is not to be had again.
  if (left > 0 && !spend({today, client, left, id, kRefused})) return live_error(500);
  return live_error(429);
}

bool LiveService::spend(const Spending& entry) {
  const Status spent = meter_.spend(entry);
  if (!spent) failed(spent.error());
  if (spent && hooks_.on_spent) hooks_.on_spent(entry.client, entry.bits, meter_.left(entry.client, entry.day));
  return spent.has_value();
}

}  // namespace koan::ask
