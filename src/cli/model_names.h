// What a word on the command line means as a model, for every verb (docs/cli.md, Models).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace koan::cli {

struct NamedModel {
  std::optional<std::size_t> embedded;  // else:
  std::string path;                     // a GGUF file, or a folder of Hugging Face's form
  bool is_folder = false;
};

// An embedded model, a path, a name in KOAN_MODELS or the store, or one in a cache. A word with "/", "./" or "../" in
// front or ".gguf" behind is a path, there or not.
// Errors: kUsage (unknown, with the places looked at; ambiguous, with what it may mean), those of model_caches.h.
Result<NamedModel> find_model(const std::string& word);

struct ModelBytes {
  std::optional<std::size_t> embedded;
  Bytes owned;  // if not embedded
  std::string path;

  ByteView gguf() const noexcept;
};

// Of a share done; false stops. May be empty.
using ReadProgress = std::function<bool(double share)>;

// The model's bytes: a file as it is, a folder converted. Errors name the path.
Result<ModelBytes> read_model(const NamedModel& model, const ReadProgress& progress = {});
Result<ModelBytes> read_model(const std::string& word, const ReadProgress& progress = {});

}  // namespace koan::cli
