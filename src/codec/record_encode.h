// Lines of JSON to record blocks (docs/format.md "Record blocks"): every record a text of its own for the model,
// conditioned on another value of its line.
#pragma once

#include "codec/planner.h"
#include "codec/record_block.h"

namespace koan {

// How long a block of lines is meant to be, for segments of this size.
std::size_t record_block_bytes(std::size_t segment_bytes) noexcept;

// Whole lines, at most kMaxBlock of them in all. Where records do not pay, segments of other methods come out.
// setup.coders is not null. `records` grows by the records found.
Result<std::vector<CodedSegment>> plan_records(ByteView lines, const RecordFields& fields, const PlanSetup& setup,
                                               std::uint64_t& records, Progress& progress);

}  // namespace koan
