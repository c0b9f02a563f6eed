// Addresses that a key may be sent to: https, and http to this machine alone (docs/remote.md, Endpoints).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace koan {

// localhost, 127.0.0.0/8 in four numbers, [::1].
bool is_loopback(std::string_view host) noexcept;

// The base address of an interface without a slash at its end: "https://host[:port][/path]". Errors: kUsage with the
// reason (http to another machine, a name or password, a query, a character that belongs in no address).
Result<std::string> checked_url(std::string_view url);

}  // namespace koan
