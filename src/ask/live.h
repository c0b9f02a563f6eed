// What live mode says over HTTP (docs/ask_protocol.md, "Live mode"): requests, replies, and whose they are. No network
// here.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ask/far_side.h"
#include "ask/protocol.h"

namespace koan::ask {

inline constexpr std::size_t kMaxLiveRequest = 4 << 20;
inline constexpr const char* kLivePath = "/v1/decide";

// kNotSupported, with the reason: a protocol with decisions that a server does not make.
Status check_live(const ProtocolData& data);

// The decision that the near side of a protocol wants, as a question.
FarQuestion far_question(const Protocol& protocol);
std::string write_live_request(const FarQuestion& asked);
// Errors: kCorrupt, with the member; kLimit.
Result<FarQuestion> parse_live_request(std::string_view body);

// yes, no, none.
const char* word_of_symbol(std::size_t symbol) noexcept;
// As long for each word.
std::string write_live_reply(std::string_view word);
// The symbol of a decision. Errors: kRemote.
Result<std::size_t> parse_live_reply(std::string_view body, bool is_verdict);
std::string write_live_error(std::string_view text);

// Clients by the SHA-256 of their token, in hexadecimal.
using LiveClients = std::map<std::string, std::string>;
// Errors: kUsage with the line.
Result<LiveClients> parse_live_clients(std::string_view text);
// Of "Bearer TOKEN".
std::optional<std::string> find_client(const LiveClients& clients, std::string_view authorization);

}  // namespace koan::ask
