#include "codec/cm.h"

#include <bit>

#include "coder/range_decoder.h"
#include "coder/range_encoder.h"
#include "formats/part.h"
#include "kernels/dispatch.h"
#include "predict/bit_predictor.h"

namespace koan {
namespace {

BitPredictor start(std::uint64_t text_bytes, ByteView context) {
  // Which kernels never changes a byte, so a forced set that this machine lacks is no reason to fail here.
  const auto chosen = choose_kernels();
  const Kernels* kernels = chosen ? *chosen : scalar_kernels();
  BitPredictor predictor({PredictorMode::kBytes, kPredictorsAll, kernels}, std::bit_ceil(text_bytes + context.size()));
  for (const std::uint8_t byte : context) predictor.observe(byte);
  return predictor;
}

}  // namespace

Bytes cm_encode(ByteView text, ByteView context) {
  BitPredictor predictor = start(text.size(), context);
  RangeEncoder coder;
  for (const std::uint8_t byte : text) {
    for (int shift = 7; shift >= 0; --shift) {
      const bool bit = (byte >> shift & 1) != 0;
      coder.encode_bit(bit, predictor.predict_bit({}));
      predictor.update(bit);
    }
  }
  coder.finish();
  return coder.take();
}

Result<Bytes> cm_decode(ByteView coded, std::uint64_t text_bytes, ByteView context) {
  const Error damaged{ErrorCode::kCorrupt, "context-mixed data is damaged"};
  BitPredictor predictor = start(text_bytes, context);
  RangeDecoder coder(coded);
  Bytes out;
  out.reserve(text_bytes);
  while (out.size() < text_bytes) {
    std::uint32_t byte = 0;
    for (int i = 0; i < 8; ++i) {
      const bool bit = coder.decode_bit(predictor.predict_bit({}));
      predictor.update(bit);
      byte = byte * 2 + (bit ? 1 : 0);
    }
    out.push_back(static_cast<std::uint8_t>(byte));
    if (coder.past_end()) return damaged;
  }
  const auto end = coder.finish();
  if (!end || *end != coded.size()) return damaged;
  return out;
}

}  // namespace koan
