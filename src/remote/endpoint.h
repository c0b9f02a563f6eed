// What an endpoint is: a word on the command line, or a table of the configuration (docs/remote.md, Endpoints).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace koan {

struct Prices {
  double input = 0, output = 0;  // of a million tokens, in the money that the budget is in
};

struct Endpoint {
  enum class Kind { kLocal, kOpenAi, kAnthropic };
  Kind kind = Kind::kLocal;
  std::string name;     // as it was named
  std::string model;    // what the server calls it; of a local one, a name or a path
  std::string url;      // base address without a slash at its end; empty for a local one
  std::string key_env;  // the variable that has the key; empty: the server needs none
  std::string ca_file;  // certificates to trust, PEM; empty: the system's
  std::optional<Prices> prices;
  unsigned concurrency = 4;

  // KIND:MODEL@URL: the same for one server and model, whatever it was named.
  std::string id() const;
};

inline constexpr unsigned kMaxConcurrency = 64;

// Whether a word says its kind: openai:, anthropic: or local:.
bool has_kind(std::string_view word) noexcept;
// "openai", "anthropic", "local"; nothing for anything else.
std::optional<Endpoint::Kind> kind_named(std::string_view name) noexcept;

// "local:NAME", "openai:MODEL[@URL]", "anthropic:MODEL[@URL]". Errors: kUsage.
Result<Endpoint> parse_endpoint(std::string_view word);
// Fills in what was not said (address, variable of the key) and checks the rest. Errors: kUsage.
Result<Endpoint> complete_endpoint(Endpoint endpoint);

}  // namespace koan
