// The server of live mode without its network: a request becomes a reply, and every bit is in the ledger first
// (docs/ask_protocol.md, "Metering").
#pragma once

#include <functional>
#include <mutex>

#include "ask/bit_meter.h"
#include "ask/live.h"

namespace koan::ask {

struct LiveReply {
  int status = 0;
  std::string body;
};
// The error of a status. `more` may depend on the request, never on what a model said.
LiveReply live_error(int status, std::string_view more = {});

struct LiveHooks {
  std::function<std::string()> day;  // now, UTC, YYYY-MM-DD
  std::function<void(const std::string& client, std::uint64_t bits, std::uint64_t left)> on_spent = {};
  std::function<void(const Error&)> on_failure = {};  // of the model or the ledger; the client is not told
};

class LiveService {
 public:
  LiveService(FarSide far, BitMeter meter, LiveHooks hooks)
      : far_(std::move(far)), meter_(std::move(meter)), hooks_(std::move(hooks)) {}

  // From any thread; one request is decided at a time.
  LiveReply decide(const std::string& client, std::string_view body);

 private:
  std::string id_of(const std::string& client, const FarQuestion& asked) const;
  LiveReply charge(const std::string& client, const std::string& id, const char* word);
  bool spend(const Spending& entry);
  void failed(const Error& error) const {
    if (hooks_.on_failure) hooks_.on_failure(error);
  }

  std::mutex mutex_;
  FarSide far_;
  BitMeter meter_;
  LiveHooks hooks_;
};

}  // namespace koan::ask
