// Replies on disk, one file each, so that the same request is paid for once (docs/remote.md, Cache).
#pragma once

#include <optional>
#include <string>

#include "remote/dialect.h"

namespace koan {

JsonDocument to_json(const RemoteReply& reply);
// Nothing if it is none.
std::optional<RemoteReply> reply_from_json(const JsonDocument& json);

class ReplyCache {
 public:
  // An empty folder: nothing is kept. It need not exist.
  explicit ReplyCache(std::string folder) : folder_(std::move(folder)) {}

  // 64 hexadecimal digits. `seed` tells requests apart that are to be drawn anew, where the body does not.
  static std::string key_of(const std::string& endpoint_id, const std::string& body, const std::string& seed);

  bool is_on() const noexcept { return !folder_.empty(); }
  // Nothing if there is none, or it is damaged.
  std::optional<RemoteReply> find(const std::string& key) const;
  // Errors: kIo.
  Status keep(const std::string& key, const std::string& endpoint_id, const RemoteReply& reply,
              std::string_view secret) const;

 private:
  std::string path_of(const std::string& key) const { return folder_ + "/" + key + ".json"; }
  std::string folder_;
};

}  // namespace koan
