// The files of a run that grow: a line for each sample, on disk before the next begins (docs/evaluation.md, "A run").
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file.h"
#include "runs/sample.h"

namespace koan::runs {

struct Shard {
  std::uint32_t index = 0, count = 1;
  bool owns(std::size_t problem) const noexcept { return problem % count == index; }
};
// "2/5": problems whose index leaves 2 when divided by 5. Errors: kUsage.
Result<Shard> parse_shard(std::string_view text);

class Journal {
 public:
  // Locks it: kUsage if another process writes it. A last line that was cut off is removed. Errors: kIo, kCorrupt.
  static Result<std::unique_ptr<Journal>> open(const std::string& folder, const Shard& shard);
  // May be called from several threads. After an error nothing more is written.
  Status append(const JsonDocument& sample);

 private:
  Journal(std::string path, FileHandle file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  FileHandle file_;
  std::mutex mutex_;
  bool broken_ = false;  // what stands at its end is no line
};

using Samples = std::map<SampleKey, Sample>;
// Of all journals of a folder, whatever their shards; of a sample that is there more than once the first without an
// error. A line that is cut off at a journal's end does not count. Errors: kIo, kCorrupt with file and line.
Result<Samples> read_journals(const std::string& folder);

}  // namespace koan::runs
