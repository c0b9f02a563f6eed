// koan adapters import and export: LoRA adapters in the form of Hugging Face's PEFT (formats/peft.h, docs/cli.md).
#pragma once

#include "cli/arguments.h"

namespace koan::cli {

// files: the folder with adapter_config.json and adapter_model.safetensors. output: the GGUF file to write. model: the
// base model; the embedded one without it.
int run_adapters_import(const Arguments& arguments);

// files: the adapter, by its file or by its name in adapter_folder(). output: the folder to write.
int run_adapters_export(const Arguments& arguments);

}  // namespace koan::cli
