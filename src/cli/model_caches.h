// Names in the caches of other programs: org/name of Hugging Face and llama.cpp, name:tag of Ollama. Nothing is written
// and nothing fetched.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace koan::cli {

// Paths of files, or of folders with config.json, that a word means in a cache; none if it means nothing there.
// Errors: kUsage (several files, naming them), kCorrupt (a cache that contradicts itself), kNotSupported.
Result<std::vector<std::string>> find_in_hub(const std::string& root, const std::string& word);
Result<std::vector<std::string>> find_in_llama_cache(const std::string& root, const std::string& word);
Result<std::vector<std::string>> find_in_ollama(const std::string& root, const std::string& word);

// Every GGUF file of a Hugging Face cache (links of its snapshots), first parts only.
std::vector<std::string> gguf_files_of_hub(const std::string& root);

}  // namespace koan::cli
