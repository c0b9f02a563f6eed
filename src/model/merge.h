// Merging a LoRA adapter into the packed weights of its base model (docs/numerics.md section 13).
#pragma once

#include "formats/adapter.h"
#include "model/weights.h"

namespace koan {

// Matrices that the adapter names are new; everything else is borrowed from `base`, which must outlive the result.
// Errors as Model::with_adapter, without those of hashes.
Result<Weights> merge(const Weights& base, const Adapter& adapter);

}  // namespace koan
