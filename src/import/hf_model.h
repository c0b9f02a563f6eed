// A Hugging Face folder (config.json, tokenizer.json, safetensors) as one GGUF file, with the names and conventions of
// llama.cpp's converter, so that other programs read it too. The same files give the same bytes.
#pragma once

#include "import/hf_weights.h"

namespace koan {

// config.json, as far as koan runs what it says.
Result<HfConfig> read_hf_config(const HfFolder& folder);

// Everything but the tokenizer. `weights` owns the data.
struct HfModel {
  GgufFile file;
  HfWeights weights;
};
Result<HfModel> read_hf_model(const HfFolder& folder, const HfConfig& config, const ImportProgress& progress = {});

// GGUF bytes. Errors name the file of the folder and the field or tensor in it.
Result<Bytes> import_hf(const HfFolder& folder, const ImportProgress& progress = {});

// Makes the tokens of a GGUF file as many as the embedding has rows: what is missing at the end is unused, and added
// tokens beyond it are left out, as llama.cpp's converter does.
Status fit_vocabulary(GgufFile& file, std::uint64_t vocabulary);

}  // namespace koan
