// LoRA adapters in PEFT's form, adapter_config.json and adapter_model.safetensors, to and from ours (adapter.h).
//
// PEFT adds alpha / rank * B * A, or alpha / sqrt(rank) * B * A (rsLoRA), with a rank and an alpha for each module.
// Ours has one alpha, and alpha / rank as scale. With a = alpha or, for rsLoRA, alpha * sqrt(rank) of a module in
// binary64: if a equals the rank for all of them, alpha is 0, which stands for a scale of 1; otherwise it is the a,
// rounded to binary32, that most modules have (the smallest on a tie), and where a module has another, each value b of
// its B becomes b * (a / alpha) in binary64, rounded to binary32 once. So an adapter without patterns, or with ranks
// alone, keeps every bit of A and B.
#pragma once

#include "formats/adapter.h"
#include "formats/peft_layers.h"

namespace koan {

struct PeftFiles {
  std::string config;  // adapter_config.json
  Bytes tensors;       // adapter_model.safetensors
};

struct PeftSource {
  std::string_view config;
  ByteView tensors;
  std::string name;  // of the adapter, if the file does not say
};

// The tensors are in the order of layers, then of kPeftKinds. Sets koan.adapter.base_sha256 and base_name to `base`.
// That the shapes are those of the base is for Model::with_adapter to check, but for what has to be known here.
// Errors: kCorrupt, kNotSupported, kLimit, naming tensor or field; kNeedsModel: it is for another base.
Result<Adapter> import_peft(const PeftSource& source, const PeftBase& base);

// What import_peft(files, base) makes of the result merges to the same weights, bit for bit, and has the same metadata.
// Errors: kNeedsModel (it is for another base), kNotSupported (a tensor that is none of kPeftKinds), kCorrupt (metadata
// that is not UTF-8 or finite).
Result<PeftFiles> export_peft(const Adapter& adapter, const PeftBase& base);

}  // namespace koan
