#include "eval/rivals.h"

#include <lzma.h>
#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "eval/process.h"

namespace koan {
namespace {

constexpr int kZstdLevel = 22;
constexpr std::size_t kMaxRawDictionary = std::size_t{128} << 20;
constexpr double kMostSeconds = 600;  // of a program, once

Error mismatch(const std::string& name) {
  return Error{ErrorCode::kVerification, name + ": decoded other data than was encoded"};
}
Error zstd_error(const char* what, std::size_t code) {
  return Error{ErrorCode::kInternal, std::string("zstd: ") + what + ": " + ZSTD_getErrorName(code)};
}

bool same(ByteView a, ByteView b) { return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin()); }

Result<Bytes> by_xz(ByteView text, StopFlag) {
  Bytes out(lzma_stream_buffer_bound(text.size()));
  std::size_t size = 0;
  // CRC64 is what the xz program writes.
  if (lzma_easy_buffer_encode(9 | LZMA_PRESET_EXTREME, LZMA_CHECK_CRC64, nullptr, text.data(), text.size(), out.data(),
                              &size, out.size()) != LZMA_OK)
    return Error{ErrorCode::kInternal, "xz: encoding failed"};
  out.resize(size);
  Bytes back(text.size() + 1);
  std::uint64_t memory = UINT64_MAX;
  std::size_t in = 0, got = 0;
  if (lzma_stream_buffer_decode(&memory, 0, nullptr, out.data(), &in, out.size(), back.data(), &got, back.size()) !=
          LZMA_OK ||
      !same(text, ByteView(back).first(got)))
    return mismatch("xz");
  return out;
}

struct FreeCCtx {
  void operator()(ZSTD_CCtx* p) const noexcept { ZSTD_freeCCtx(p); }
};
struct FreeDCtx {
  void operator()(ZSTD_DCtx* p) const noexcept { ZSTD_freeDCtx(p); }
};

// With whatever dictionary the contexts have been given.
Result<Bytes> by_zstd_contexts(ZSTD_CCtx* encoder, ZSTD_DCtx* decoder, ByteView text) {
  Bytes out(ZSTD_compressBound(text.size()));
  const std::size_t size = ZSTD_compress2(encoder, out.data(), out.size(), text.data(), text.size());
  if (ZSTD_isError(size)) return zstd_error("encoding", size);
  out.resize(size);
  Bytes back(text.size() + 1);
  const std::size_t got = ZSTD_decompressDCtx(decoder, back.data(), back.size(), out.data(), out.size());
  if (ZSTD_isError(got) || !same(text, ByteView(back).first(got))) return mismatch("zstd");
  return out;
}

Result<Bytes> by_zstd(ByteView text, StopFlag) {
  const std::unique_ptr<ZSTD_CCtx, FreeCCtx> encoder(ZSTD_createCCtx());
  const std::unique_ptr<ZSTD_DCtx, FreeDCtx> decoder(ZSTD_createDCtx());
  if (!encoder || !decoder) return Error{ErrorCode::kLimit, "zstd: out of memory"};
  const std::size_t set = ZSTD_CCtx_setParameter(encoder.get(), ZSTD_c_compressionLevel, kZstdLevel);
  if (ZSTD_isError(set)) return zstd_error("level", set);
  return by_zstd_contexts(encoder.get(), decoder.get(), text);
}

Rival program(const std::string& condition, const std::string& title, std::vector<std::string> encode,
              std::vector<std::string> decode) {
  const std::string name = encode[0];
  auto compress = [encode = std::move(encode), decode = std::move(decode), name](ByteView text,
                                                                                 StopFlag stop) -> Result<Bytes> {
    Program there, back;
    there.command = encode;
    back.command = decode;
    there.most_seconds = back.most_seconds = kMostSeconds;
    KOAN_ASSIGN(Bytes coded, run_filter(there, text, stop));
    KOAN_ASSIGN(const Bytes again, run_filter(back, coded, stop));
    if (!same(text, again)) return mismatch(name);
    return coded;
  };
  return {condition, title, name, std::move(compress)};
}

}  // namespace

std::vector<Rival> rivals() {
  return {program("gzip", "gzip -9", {"gzip", "-9", "-n", "-c"}, {"gzip", "-dc"}),
          {"xz", std::string("xz ") + lzma_version_string() + " -9e", "", by_xz},
          {"zstd", zstd_title(), "", by_zstd},
          program("brotli", "brotli -q 11", {"brotli", "-q", "11", "-w", "24", "-c"}, {"brotli", "-dc"})};
}

std::string zstd_title() { return std::string("zstd ") + ZSTD_versionString() + " --ultra -22"; }

Result<Bytes> train_dictionary(const std::vector<std::string>& texts, std::size_t bytes) {
  std::string samples;
  std::vector<std::size_t> sizes;
  for (const std::string& text : texts) {
    samples += text;
    sizes.push_back(text.size());
  }
  Bytes out(bytes);
  ZDICT_fastCover_params_t parameters{};
  parameters.zParams.compressionLevel = kZstdLevel;
  parameters.steps = 8;
  parameters.splitPoint = 1.0;  // all samples make the dictionary
  const std::size_t size = ZDICT_optimizeTrainFromBuffer_fastCover(out.data(), out.size(), samples.data(), sizes.data(),
                                                                   static_cast<unsigned>(sizes.size()), &parameters);
  if (ZDICT_isError(size))
    return Error{ErrorCode::kUsage, std::string("zstd dictionary of ") + std::to_string(bytes) + " bytes from " +
                                        std::to_string(samples.size()) + " bytes of text: " + ZDICT_getErrorName(size)};
  out.resize(size);
  return out;
}

Bytes raw_dictionary(const std::vector<std::string>& texts) {
  Bytes out;
  for (const std::string& text : texts) append_bytes(out, as_bytes(text));
  if (out.size() > kMaxRawDictionary)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(kMaxRawDictionary));
  return out;
}

struct DictionaryCoder::Impl {
  std::unique_ptr<ZSTD_CCtx, FreeCCtx> encoder{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_DCtx, FreeDCtx> decoder{ZSTD_createDCtx()};
};

DictionaryCoder::DictionaryCoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DictionaryCoder::~DictionaryCoder() = default;
DictionaryCoder::DictionaryCoder(DictionaryCoder&&) noexcept = default;

Result<DictionaryCoder> DictionaryCoder::create(ByteView dictionary) {
  auto impl = std::make_unique<Impl>();
  if (!impl->encoder || !impl->decoder) return Error{ErrorCode::kLimit, "zstd: out of memory"};
  std::size_t set = ZSTD_CCtx_setParameter(impl->encoder.get(), ZSTD_c_compressionLevel, kZstdLevel);
  if (!ZSTD_isError(set)) set = ZSTD_CCtx_loadDictionary(impl->encoder.get(), dictionary.data(), dictionary.size());
  if (!ZSTD_isError(set)) set = ZSTD_DCtx_loadDictionary(impl->decoder.get(), dictionary.data(), dictionary.size());
  if (ZSTD_isError(set)) return zstd_error("dictionary", set);
  return DictionaryCoder(std::move(impl));
}

Result<Bytes> DictionaryCoder::compress(ByteView text) {
  return by_zstd_contexts(impl_->encoder.get(), impl_->decoder.get(), text);
}

}  // namespace koan
