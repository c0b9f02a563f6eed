// Hugging Face folders in memory, made of the small models of model/test_models.h by undoing what an import does.
#pragma once

#include <map>
#include <string>

#include "formats/gguf.h"
#include "import/hf_model.h"

namespace koan {

struct TestFolderOptions {
  std::size_t shards = 1;     // more than 1: an index too
  std::string dtype = "F32";  // or BF16, F16: values must be exact in it
};

class TestFolder {
 public:
  // `model` needs its views during this call only.
  explicit TestFolder(const GgufFile& model, const TestFolderOptions& options = {});

  std::map<std::string, Bytes> files;  // to change

  nlohmann::ordered_json config() const;
  void set_config(const nlohmann::ordered_json& json);
  HfFolder folder() const;  // a view of `files`
};

}  // namespace koan
