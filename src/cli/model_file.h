// Model files that the command line names: one GGUF file, or the parts of a split one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace koan::cli {

// Of a model, all its parts together.
inline constexpr std::uint64_t kMaxModelBytes = std::uint64_t{8} << 30;

// The bytes that Model::load takes. Of "X-00001-of-0000N.gguf" all N parts, one after another; kUsage, naming the
// first, for a later part; kLimit above kMaxModelBytes.
Result<Bytes> read_model_file(const std::string& path);

// Whether a file is a part of a split model other than its first, by its name.
bool is_later_part(const std::string& path);

// All files of the model whose first is `path`, in order: usually that one.
std::vector<std::string> parts_of(const std::string& path);

}  // namespace koan::cli
