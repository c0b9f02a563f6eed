// What a .koan file holds, read without a model and without decoding.
#pragma once

#include <functional>
#include <optional>

#include "base/io.h"
#include "formats/part.h"

namespace koan {

struct PartInfo {
  bool is_message = false;
  std::uint64_t offset = 0;
  std::optional<ContextRef> context;                    // frames
  std::optional<ModelRef> model;                        // frames
  std::vector<Sha256> adapters;                         // frames
  std::optional<std::array<std::uint8_t, 2>> model_id;  // messages coded by a model
};

struct SegmentInfo {
  std::uint64_t part = 0, offset = 0, raw_offset = 0, record_bytes = 0;
  SegmentHead head;
};

// on_part comes after the segments of the part, because the model record comes with the first segment that needs it.
// A model-coded message does not say how long it is; it is taken to fill the rest of the input.
Status inspect(Source& source, const std::function<void(const PartInfo&)>& on_part,
               const std::function<void(const SegmentInfo&)>& on_segment);

}  // namespace koan
