// The compact form for inputs under 4096 bytes (docs/format.md "Message").
#pragma once

#include "codec/model_store.h"
#include "codec/token_coder.h"

namespace koan {

struct CodedMessage {
  Bytes bytes;  // the whole part
  Method method = Method::kStored;
  std::uint64_t tokens = 0;
  std::uint64_t coded_bytes = 0;
  double ideal_bits = 0;
};

// raw.size() <= kMaxMessage. `id` is the message id of the coder's model and context.
Result<CodedMessage> encode_message(ByteView raw, TokenCoder& coder, const std::array<std::uint8_t, 2>& id,
                                    Progress& progress);

struct DecodedMessage {
  Bytes raw;
  std::size_t part_bytes = 0;  // what the message took of `data`
  Method method = Method::kStored;
  std::uint64_t tokens = 0;
};

// `data` starts at a message and may continue beyond it. coder_for finds the coders of a model id: an id has twelve
// bits, so several models and adapters may share one, and the one whose check matches is right. Called for method 3
// only, with attempt 0, 1, ..., until it gives an error.
using MessageCoderFn =
    std::function<Result<TokenCoder*>(const std::array<std::uint8_t, 2>& id, std::size_t attempt)>;
Result<DecodedMessage> decode_message(ByteView data, const MessageCoderFn& coder_for, Progress& progress);

}  // namespace koan
