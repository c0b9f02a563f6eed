// Models that think aloud do so between <think> and </think>, before they reply.
#pragma once

#include <string_view>

#include "text/strip.h"

namespace koan::grade {

// What follows the last </think>; nothing if the reply was cut off while it was thinking.
inline std::string_view without_thoughts(std::string_view reply) noexcept {
  constexpr std::string_view kBegin = "<think>", kEnd = "</think>";
  const std::size_t end = reply.rfind(kEnd);
  if (end != std::string_view::npos) return reply.substr(end + kEnd.size());
  return strip(reply).starts_with(kBegin) ? std::string_view() : reply;
}

}  // namespace koan::grade
