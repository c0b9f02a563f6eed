// The compressors that koan is compared with, as the programs that people run.
#include <algorithm>

#include "cli/bench.h"
#include "cli/child_process.h"

namespace koan::cli {
namespace {

struct Peer {
  const char* name;
  std::vector<std::string> encode, decode;
};

std::vector<Peer> peers(std::uint64_t size) {
  // From a pipe zstd would have to guess the size that it knows from a file.
  const std::string stream_size = "--stream-size=" + std::to_string(size);
  return {
      {"xz -9e", {"xz", "-9e", "-T1", "-c"}, {"xz", "-dc"}},
      {"zstd -19", {"zstd", "-q", "-19", "-c", stream_size}, {"zstd", "-q", "-dc"}},
      {"zstd --ultra -22",
       {"zstd", "-q", "--ultra", "-22", "-c", stream_size},
       {"zstd", "-q", "-dc", "--memory=2048MB"}},
      {"brotli -q 11", {"brotli", "-q", "11", "-c"}, {"brotli", "-dc"}},
      {"bzip2 -9", {"bzip2", "-9", "-c"}, {"bzip2", "-dc"}},
  };
}

constexpr double kLongRun = 5;  // seconds; what takes longer is measured once

Status measure(Measured& out, const Peer& peer, int fd, unsigned runs) {
  for (unsigned run = 0; run < runs; ++run) {
    KOAN_ASSIGN(const ChildRun packed, run_filter(peer.encode, fd));
    KOAN_ASSIGN(const ChildRun unpacked, run_filter(peer.decode, packed.output.fd()));
    KOAN_ASSIGN(const bool same, same_contents(unpacked.output.fd(), fd));
    if (!same) return Error{ErrorCode::kVerification, "decoded other data"};
    out.coded_bytes = packed.output_bytes;
    out.encode.seconds.push_back(packed.seconds);
    out.decode.seconds.push_back(unpacked.seconds);
    out.encode_peak_bytes = std::max(out.encode_peak_bytes, packed.peak_bytes);
    out.decode_peak_bytes = std::max(out.decode_peak_bytes, unpacked.peak_bytes);
    if (packed.seconds > kLongRun) break;
  }
  return {};
}

}  // namespace

Result<std::vector<Measured>> measure_peers(int fd, std::uint64_t size, const Arguments& arguments) {
  std::vector<Measured> out;
  for (const Peer& peer : peers(size)) {
    Measured measured;
    measured.name = peer.name;
    const Status done = measure(measured, peer, fd, arguments.runs);
    if (!done && done.error().code == ErrorCode::kCancelled) return done.error();
    if (!done) measured.missing = done.error().message;
    out.push_back(std::move(measured));
  }
  return out;
}

}  // namespace koan::cli
