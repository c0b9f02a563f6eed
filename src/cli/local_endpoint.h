// Models that run here, by their words.
#pragma once

#include <string>

#include "chat/local_model.h"

namespace koan::cli {

struct ReadyModel {
  LocalModel local;
  const Kernels* kernels;  // checked
};
// As find_model; empty: the largest embedded one. Errors: those of read_model and LocalModel::load, with the path.
Result<ReadyModel> load_local(const std::string& word);

}  // namespace koan::cli
