#include "codec/general.h"

#include <lzma.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "codec/cm.h"

namespace koan {
namespace {

constexpr std::uint32_t kMinDictLog = 12, kMaxDictLog = 26;
constexpr int kMaxZstdWindowLog = 27;

// The probe of context mixing: bytes, of the context too, because each costs a microsecond or more.
constexpr std::size_t kCmProbe = std::size_t{32} << 10;
constexpr int kCmProbeZstd = 19;
// Data that neither method makes this much smaller is left alone.
constexpr double kHardlySmaller = 0.98;
// Context mixing gains as it learns, so it is still tried when it is this much worse on the probe.
constexpr double kCmHopeless = 1.1;

struct ZstdCctxFree {
  void operator()(ZSTD_CCtx* p) const { ZSTD_freeCCtx(p); }
};
struct ZstdDctxFree {
  void operator()(ZSTD_DCtx* p) const { ZSTD_freeDCtx(p); }
};

Result<Bytes> zstd_encode(ByteView text, int level) {
  std::unique_ptr<ZSTD_CCtx, ZstdCctxFree> ctx(ZSTD_createCCtx());
  if (!ctx) return Error{ErrorCode::kInternal, "zstd: out of memory"};
  ZSTD_CCtx_setParameter(ctx.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(ctx.get(), ZSTD_c_contentSizeFlag, 0);
  if (level < 10) ZSTD_CCtx_setParameter(ctx.get(), ZSTD_c_enableLongDistanceMatching, 1);
  Bytes out(ZSTD_compressBound(text.size()));
  const std::size_t n = ZSTD_compress2(ctx.get(), out.data(), out.size(), text.data(), text.size());
  if (ZSTD_isError(n)) return Error{ErrorCode::kInternal, std::string("zstd: ") + ZSTD_getErrorName(n)};
  out.resize(n);
  return out;
}

Result<Bytes> zstd_decode(ByteView coded, std::uint64_t text_bytes) {
  std::unique_ptr<ZSTD_DCtx, ZstdDctxFree> ctx(ZSTD_createDCtx());
  if (!ctx) return Error{ErrorCode::kInternal, "zstd: out of memory"};
  ZSTD_DCtx_setParameter(ctx.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  const std::size_t frame = ZSTD_findFrameCompressedSize(coded.data(), coded.size());
  if (ZSTD_isError(frame) || frame != coded.size()) return Error{ErrorCode::kCorrupt, "zstd data is damaged"};
  Bytes out(static_cast<std::size_t>(text_bytes));
  const std::size_t n = ZSTD_decompressDCtx(ctx.get(), out.data(), out.size(), coded.data(), coded.size());
  if (ZSTD_isError(n) || n != out.size()) return Error{ErrorCode::kCorrupt, "zstd data is damaged"};
  return out;
}

// The low four bits and their complement, so that a flipped bit is not taken for another version.
std::uint8_t cm_version_byte(std::uint32_t version) noexcept {
  return static_cast<std::uint8_t>((~version & 15) << 4 | (version & 15));
}

Result<Bytes> cm_segment_decode(ByteView coded, std::uint64_t text_bytes, ByteView context) {
  const Error damaged{ErrorCode::kCorrupt, "context-mixed data is damaged"};
  if (coded.empty()) return damaged;
  const std::uint32_t version = coded[0] & 15;
  if (coded[0] != cm_version_byte(version) || version == 0) return damaged;
  if (version > kCmVersion) {
    return Error{ErrorCode::kNeedsVersion, "made with version " + std::to_string(version) +
                                               " of context mixing; this koan has version " +
                                               std::to_string(kCmVersion)};
  }
  return cm_decode(coded.subspan(1), text_bytes, context);
}

lzma_options_lzma lzma_options_for(std::uint32_t dict_log) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 9 | LZMA_PRESET_EXTREME);
  options.dict_size = std::uint32_t{1} << dict_log;
  return options;
}

// What LZMA takes as the context of a literal: for text and records the top of the byte before and the position, for
// images nothing.
struct LiteralContext {
  std::uint32_t lc, pb;
};
constexpr LiteralContext kTextLiterals{3, 2}, kImageLiterals{0, 0};
constexpr std::size_t kTryImageLiterals = 4096;  // shorter ones are not worth a second run

Result<Bytes> lzma_encode(ByteView text, LiteralContext literals) {
  std::uint32_t dict_log = kMinDictLog;
  while (dict_log < kMaxDictLog && (std::uint64_t{1} << dict_log) < text.size()) ++dict_log;
  lzma_options_lzma options = lzma_options_for(dict_log);
  options.lc = literals.lc;
  options.pb = literals.pb;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  Bytes out(text.size() + text.size() / 3 + 256);
  out[0] = static_cast<std::uint8_t>((options.pb * 5 + options.lp) * 9 + options.lc);
  out[1] = static_cast<std::uint8_t>(dict_log);
  std::size_t pos = 2;
  const lzma_ret ret = lzma_raw_buffer_encode(filters, nullptr, text.data(), text.size(), out.data(), &pos, out.size());
  if (ret != LZMA_OK) return Error{ErrorCode::kInternal, "liblzma: encoder error " + std::to_string(ret)};
  out.resize(pos);
  return out;
}

Result<Bytes> lzma_decode(ByteView coded, std::uint64_t text_bytes) {
  const Error damaged{ErrorCode::kCorrupt, "lzma data is damaged"};
  if (coded.size() < 2 || coded[0] >= 225 || coded[1] < kMinDictLog || coded[1] > kMaxDictLog) return damaged;
  lzma_options_lzma options = lzma_options_for(coded[1]);
  options.lc = coded[0] % 9;
  options.lp = coded[0] / 9 % 5;
  options.pb = coded[0] / 45;
  if (options.lc + options.lp > 4) return damaged;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_raw_decoder(&stream, filters) != LZMA_OK) return damaged;
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> guard(&stream, lzma_end);
  Bytes out(static_cast<std::size_t>(text_bytes) + 1);  // liblzma looks for the end marker only while there is room
  stream.next_in = coded.data() + 2;
  stream.avail_in = coded.size() - 2;
  stream.next_out = out.data();
  stream.avail_out = out.size();
  lzma_ret ret = LZMA_OK;
  while (ret == LZMA_OK) ret = lzma_code(&stream, LZMA_FINISH);
  if (ret != LZMA_STREAM_END || stream.avail_out != 1 || stream.avail_in != 0) return damaged;
  out.resize(out.size() - 1);
  return out;
}

}  // namespace

Result<GeneralCoded> general_encode(ByteView text) {
  GeneralCoded best{Method::kStored, Bytes(text.begin(), text.end())};
  KOAN_ASSIGN(Bytes zstd, zstd_encode(text, ZSTD_maxCLevel()));
  if (zstd.size() < best.coded.size()) best = {Method::kZstd, std::move(zstd)};
  KOAN_ASSIGN(Bytes lzma, lzma_encode(text, kTextLiterals));
  if (lzma.size() < best.coded.size()) best = {Method::kLzma, std::move(lzma)};
  return best;
}

Result<bool> cm_may_win(ByteView text, ByteView context) {
  const ByteView probe = text.first(std::min(text.size(), kCmProbe));
  const ByteView before = context.last(std::min(context.size(), kCmProbe));
  KOAN_ASSIGN(const Bytes zstd, zstd_encode(probe, kCmProbeZstd));
  const auto raw = static_cast<double>(probe.size()), other = static_cast<double>(zstd.size());
  const auto mixed = static_cast<double>(cm_encode(probe, before).size());
  return std::min(mixed, other) <= kHardlySmaller * raw && mixed <= kCmHopeless * other;
}

std::optional<GeneralCoded> cm_if_smaller(ByteView text, ByteView context) {
  GeneralCoded out{Method::kCm, {cm_version_byte(kCmVersion)}};
  append_bytes(out.coded, cm_encode(text, context));
  if (out.coded.size() >= text.size() || text.size() > kMaxModelRatio * out.coded.size()) return std::nullopt;
  return out;
}

Status improve_lzma(GeneralCoded& best, ByteView text) {
  if (best.method != Method::kLzma || text.size() < kTryImageLiterals) return {};
  KOAN_ASSIGN(Bytes again, lzma_encode(text, kImageLiterals));
  if (again.size() < best.coded.size()) best.coded = std::move(again);
  return {};
}

Result<GeneralCoded> segment_encode(ByteView text, ByteView context) {
  KOAN_ASSIGN(GeneralCoded best, general_encode(text));
  KOAN_ASSIGN(const bool try_cm, cm_may_win(text, context));
  std::optional<GeneralCoded> mixed;
  if (try_cm) mixed = cm_if_smaller(text, context);
  if (mixed && mixed->coded.size() < best.coded.size()) best = std::move(*mixed);
  KOAN_TRY(improve_lzma(best, text));
  return best;
}

Result<Bytes> general_decode(Method method, ByteView coded, std::uint64_t text_bytes, ByteView context) {
  if (method == Method::kCm) return cm_segment_decode(coded, text_bytes, context);
  if (method == Method::kZstd) return zstd_decode(coded, text_bytes);
  if (method == Method::kLzma) return lzma_decode(coded, text_bytes);
  if (method != Method::kStored || coded.size() != text_bytes)
    return Error{ErrorCode::kCorrupt, "stored bytes of another length"};
  return Bytes(coded.begin(), coded.end());
}

std::uint64_t fast_size(ByteView text) {
  const auto coded = zstd_encode(text, 3);
  return coded ? coded->size() : text.size();
}

}  // namespace koan
