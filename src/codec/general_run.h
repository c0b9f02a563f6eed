// Data that no model codes well, as segments: one for all of it by zstd or LZMA, which find again what is far away, or
// pieces by context mixing, which is slow but runs on all threads.
#pragma once

#include "codec/general.h"
#include "codec/planner.h"

namespace koan {

// What a segment record costs beside its payload, for comparing choices: tag, transform, lengths, check, index entry.
inline constexpr std::size_t kRecordCost = 21;
std::size_t coded_total(const std::vector<CodedSegment>& segments) noexcept;

CodedSegment general_segment(ByteView raw, GeneralCoded coded);

// `run` is not empty and at most kMaxBlock long.
Result<std::vector<CodedSegment>> code_run(ByteView run, const PlanSetup& setup, Progress& progress);

}  // namespace koan
