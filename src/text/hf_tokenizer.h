// A Hugging Face tokenizer.json as the GGUF keys tokenizer.ggml.*, from which Tokenizer::from_gguf reads it: one way
// in.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "formats/gguf.h"

namespace koan {

inline constexpr std::size_t kMaxHfTokenizerBytes = std::size_t{128} << 20;

// `tokenizer_config` (tokenizer_config.json) may be empty; begin and end tokens and the chat template are from there.
// Normalizers are left out: what they change could not be undone. Ids without a token become unused ones.
// Errors name the field: kCorrupt, kLimit, kNotSupported (another model than BPE, a pre-tokenizer that koan lacks).
Status read_hf_tokenizer(ByteView tokenizer, ByteView tokenizer_config, GgufFile& out);

}  // namespace koan
