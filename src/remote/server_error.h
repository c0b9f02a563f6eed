// What a server says when it does not reply: its status, or an error object, which may stand in a reply of status 200.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/json_document.h"

namespace koan {

struct ServerError {
  int status = 0;       // of HTTP, or the one that the error object stands for; 0: neither says
  bool broken = false;  // there is no complete reply: not reached, cut, too late
  std::string kind;     // type and code of the error object, in lower case
  std::string message;  // for people
};

// What has "error" inside; nothing if it is no error.
std::optional<ServerError> find_server_error(const JsonDocument& json);
// Of a reply whose status is none of success.
ServerError read_server_error(int status, std::string_view body);

// The account is empty or not paid: waiting does not help.
bool is_out_of_money(const ServerError& error);

inline constexpr std::size_t kMaxReplyBytes = 16 << 20;

}  // namespace koan
