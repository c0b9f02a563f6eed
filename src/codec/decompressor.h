// .koan parts to output, batch by batch in bounded memory; every checksum on the way.
#pragma once

#include "base/io.h"
#include "codec/compressor.h"
#include "codec/segment_decoder.h"

namespace koan {

// Raw bytes that are decoded together: enough for the streams of several threads, little enough to hold in memory.
inline constexpr std::uint64_t kBatchBytes = std::uint64_t{8} << 20;

Result<CodecStats> decompress(Source& source, Sink& sink, CoderProvider& coders, Progress& progress);

// The message that begins here, taken from `in`.
Result<Bytes> take_message(BufferedSource& in, CoderProvider& coders, CodecStats& stats, Progress& progress);

}  // namespace koan
