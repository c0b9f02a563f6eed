#include "http/url.h"

#include <algorithm>

namespace koan {
namespace {

Error refused(std::string_view url, const std::string& why) {
  return Error{ErrorCode::kUsage, "address '" + std::string(url) + "': " + why};
}

// "0".."255", as one writes it.
bool is_byte(std::string_view text) noexcept {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return false;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value < 256;
}

bool is_in_host(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5) return false;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value >= 1 && value <= 65535;
}

}  // namespace

bool is_loopback(std::string_view host) noexcept {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  if (!host.starts_with("127.")) return false;
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = host.find('.');
    if ((dot == std::string_view::npos) != (part == 3) || !is_byte(host.substr(0, dot))) return false;
    host.remove_prefix(part == 3 ? host.size() : dot + 1);
  }
  return true;
}

Result<std::string> checked_url(std::string_view url) {
  const bool plain = url.starts_with("http://");
  if (!plain && !url.starts_with("https://")) return refused(url, "it begins neither with https:// nor with http://");
  const std::size_t begin = plain ? 7 : 8;
  // What is not there cannot be read in two ways, or hold a secret.
  if (url.find('@') != std::string_view::npos)
    return Error{ErrorCode::kUsage, "an address with a name or password in it; keys come from the environment"};
  if (url.find_first_of("?#") != std::string_view::npos)
    return Error{ErrorCode::kUsage, "an address with a query in it; name the base address, such as https://host/v1"};
  if (!std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7F && c != '\\' && c != '"'; }))
    return refused(url, "it has a character that belongs in no address");

  const std::size_t slash = std::min(url.find('/', begin), url.size());
  std::string_view host = url.substr(begin, slash - begin), port;
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) return refused(url, "'[' without ']'");
    port = host.substr(close + 1);
    host = host.substr(0, close + 1);
  } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
  }
  if (!port.empty() && (port[0] != ':' || !is_port(port.substr(1)))) return refused(url, "the port is not a number");
  if (host.empty() || (!host.starts_with('[') && !std::ranges::all_of(host, is_in_host)))
    return refused(url, "no name of a host");
  if (plain && !is_loopback(host)) {
    return refused(url,
                   "http:// would send prompts and the key in the clear; only this machine (localhost, 127.*, [::1]) "
                   "is reached so. Write https://");
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

}  // namespace koan
