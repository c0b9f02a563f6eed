// A test file through koan and back, as a user would do it: files on disk, the koan program, record mode.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "eval/spec.h"

namespace koan {

struct AdapterFile {
  std::string name, path;
  std::string sha256;  // hexadecimal
  std::uint64_t bytes = 0;
};

// Which adapter codes a record.
struct AdapterChoice {
  enum class Kind { kNone, kFixed, kByPrompt, kByText, kByTrial };
  Kind kind = Kind::kNone;
  std::vector<AdapterFile> adapters;  // kFixed: one; routed: those to choose from
};

struct CodedFile {
  std::vector<std::uint64_t> record_bytes;  // the streams of the records
  std::vector<std::string> adapters;        // of each record, by name; empty: none
  std::uint64_t skeleton_bytes = 0;         // what the rest of the lines costs
  std::uint64_t file_bytes = 0;
  double encode_seconds = 0, decode_seconds = 0;
};

class RecordCoder {
 public:
  virtual ~RecordCoder() = default;
  // Compresses `source` to `coded`, decompresses that again and compares: kVerification if they differ, or if a line
  // was not coded as a record.
  virtual Result<CodedFile> code(const std::string& source, const std::string& coded, const AdapterChoice& choice) = 0;
  // The adapter of a domain, trained on a file.
  virtual Status train(const std::string& source, const std::string& adapter,
                       const std::vector<std::string>& options) = 0;
};

struct KoanProgram {
  std::string koan;   // the program's file
  std::string model;  // GGUF file; empty: the embedded one
  EvalFields fields;
  unsigned threads = 1;
  std::string work;  // a folder for what is thrown away again
  StopFlag stop = nullptr;
};

class KoanRecordCoder final : public RecordCoder {
 public:
  explicit KoanRecordCoder(KoanProgram program) : program_(std::move(program)) {}
  Result<CodedFile> code(const std::string& source, const std::string& coded, const AdapterChoice& choice) override;
  Status train(const std::string& source, const std::string& adapter, const std::vector<std::string>& options) override;

 private:
  KoanProgram program_;
};

}  // namespace koan
