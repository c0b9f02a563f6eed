// One measurement: a test set under one condition, and how it is kept so that an interrupted run goes on where it
// stopped (docs/evaluation.md section 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace koan {

struct Measured {
  std::string domain, condition;
  // Everything that the figures depend on, as one text. Another key is another measurement.
  std::string key;
  // Of the text of each record, coded so that it can be decoded alone.
  std::vector<std::uint64_t> record_bytes;
  // What belongs to all records: headers, lengths, the choice of adapters.
  std::uint64_t shared_bytes = 0;
  // All texts as one stream, no record of which can be decoded alone. General-purpose compressors only.
  std::optional<std::uint64_t> joined_bytes;
  // The test file itself, prompts and all.
  std::optional<std::uint64_t> file_bytes;
  // What the receiver must have beside the program and the model: dictionary, adapters.
  std::uint64_t side_bytes = 0;
  // Of a routed condition: the adapter of each record, empty for the base model.
  std::vector<std::string> choices;
  double encode_seconds = 0, decode_seconds = 0;

  std::uint64_t text_coded_bytes() const noexcept;  // record_bytes and shared_bytes
};

// The measurement kept below `folder` if there is one with this key; nothing if not, or if it cannot be read.
std::optional<Measured> load_measured(const std::string& folder, const std::string& domain,
                                      const std::string& condition, const std::string& key);
// Writes <folder>/<domain>/<condition>.json, complete or not at all.
Status keep_measured(const std::string& folder, const Measured& measured);

// A whole file, complete or not at all; folders above it are made.
Status write_result(const std::string& path, std::string_view text);

}  // namespace koan
