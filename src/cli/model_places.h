// Where things lie on this machine: what koan keeps, and models in the caches of other programs, which koan only reads
// (docs/cli.md, Models).
#pragma once

#include <string>
#include <vector>

namespace koan::cli {

std::string environment(const char* name);                // empty: not set
std::vector<std::string> paths_in(const char* variable);  // that it lists, with colons between them
std::string data_folder();  // where koan keeps its data; empty if the environment names no home
std::string model_store();  // where koan models import writes; empty if the environment names no home
// KOAN_MODELS, then the store.
std::vector<std::string> model_folders();
std::string config_file();   // config.toml; empty: the environment names no home
std::string state_folder();  // records of what was done; empty likewise
std::string cache_folder();  // koan's own; empty: none

// Roots, most special first. They need not exist.
std::vector<std::string> hub_caches();    // of Hugging Face
std::vector<std::string> llama_caches();  // of llama.cpp
std::vector<std::string> ollama_caches();

// What a folder holds, sorted; nothing if it cannot be read.
std::vector<std::string> names_in(const std::string& folder);
// The *.gguf of a folder, by name; none if there is no such folder.
std::vector<std::string> gguf_files(const std::string& folder);

}  // namespace koan::cli
