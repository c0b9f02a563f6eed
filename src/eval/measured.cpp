#include "eval/measured.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/file.h"

namespace koan {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::uint64_t kMaxMeasuredFile = std::uint64_t{256} << 20;

// "adapter:chat" as a file name.
std::string path_of(const std::string& folder, const std::string& domain, const std::string& condition) {
  std::string name = condition;
  std::replace(name.begin(), name.end(), ':', '.');
  return folder + "/" + domain + "/" + name + ".json";
}

template <typename T>
std::optional<T> optional_at(const Json& json, const char* key) {
  return json.contains(key) ? std::optional<T>(json.at(key).get<T>()) : std::nullopt;
}

}  // namespace

std::uint64_t Measured::text_coded_bytes() const noexcept {
  return std::accumulate(record_bytes.begin(), record_bytes.end(), shared_bytes);
}

std::optional<Measured> load_measured(const std::string& folder, const std::string& domain,
                                      const std::string& condition, const std::string& key) {
  const auto data = read_file(path_of(folder, domain, condition), kMaxMeasuredFile);
  if (!data) return std::nullopt;
  const Json json = Json::parse(as_text(*data), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    Measured out;
    out.key = json.at("key").get<std::string>();
    if (out.key != key) return std::nullopt;
    out.domain = json.at("domain").get<std::string>();
    out.condition = json.at("condition").get<std::string>();
    out.record_bytes = json.at("record_bytes").get<std::vector<std::uint64_t>>();
    out.shared_bytes = json.at("shared_bytes").get<std::uint64_t>();
    out.joined_bytes = optional_at<std::uint64_t>(json, "joined_bytes");
    out.file_bytes = optional_at<std::uint64_t>(json, "file_bytes");
    out.side_bytes = json.at("side_bytes").get<std::uint64_t>();
    if (json.contains("choices")) out.choices = json.at("choices").get<std::vector<std::string>>();
    out.encode_seconds = json.at("encode_seconds").get<double>();
    out.decode_seconds = json.at("decode_seconds").get<double>();
    return out;
  } catch (const Json::exception&) {
    return std::nullopt;  // not written by this version: measured again
  }
}

Status keep_measured(const std::string& folder, const Measured& measured) {
  Json json = {{"domain", measured.domain},
               {"condition", measured.condition},
               {"key", measured.key},
               {"text_coded_bytes", measured.text_coded_bytes()},
               {"shared_bytes", measured.shared_bytes},
               {"side_bytes", measured.side_bytes},
               {"encode_seconds", measured.encode_seconds},
               {"decode_seconds", measured.decode_seconds},
               {"record_bytes", measured.record_bytes}};
  if (measured.joined_bytes) json["joined_bytes"] = *measured.joined_bytes;
  if (measured.file_bytes) json["file_bytes"] = *measured.file_bytes;
  if (!measured.choices.empty()) json["choices"] = measured.choices;
  return write_result(path_of(folder, measured.domain, measured.condition), json.dump() + "\n");
}

Status write_result(const std::string& path, std::string_view text) {
  std::error_code failed;
  const fs::path parent = fs::path(path).parent_path();
  if (!parent.empty()) fs::create_directories(parent, failed);
  if (failed) return Error{ErrorCode::kIo, parent.string() + ": " + failed.message()};
  return write_file(path, as_bytes(text));
}

}  // namespace koan
