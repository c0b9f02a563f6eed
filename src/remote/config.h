// The configuration file, config.toml (docs/remote.md, Configuration). Hides toml++.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "remote/endpoint.h"

namespace koan {

inline constexpr std::size_t kMaxConfigBytes = 1 << 20;

struct Config {
  std::map<std::string, Endpoint> endpoints;
};

// Errors: kUsage with `path`, the line, and the field; kLimit.
Result<Config> parse_config(std::string_view toml, const std::string& path);

}  // namespace koan
