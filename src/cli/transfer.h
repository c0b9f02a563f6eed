// One file through the codec: where the bytes come from, where they go, and what became of it.
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "base/hash.h"
#include "cli/arguments.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/signals.h"

namespace koan::cli {

struct Input {
  FileHandle handle;        // not open for stdin
  std::string name;         // for messages: the path, or "stdin"
  std::string path;         // empty for stdin
  std::uint64_t size = 0;   // 0: not known
  std::int64_t start = -1;  // where reading began; -1 if it cannot start over
  int fd() const noexcept { return handle.is_open() ? handle.fd() : 0; }
  bool can_restart() const noexcept { return start >= 0; }
  Status restart();
};

// path "-" is stdin. coded: .koan data is expected, which is not read from a terminal unless forced.
Result<Input> open_input(const std::string& path, bool coded, bool force);
bool same_file(const Input& input, const std::string& path);

// stdout, or a file that appears when it is complete. Made once and not moved: signals and sinks point into it.
class Output {
 public:
  static Result<std::unique_ptr<Output>> to_file(const std::string& path, bool replace);
  // coded: refused for a terminal unless forced.
  static Result<std::unique_ptr<Output>> to_stdout(bool coded, bool force);

  Sink& sink() noexcept { return counting_; }
  const std::string& name() const noexcept { return name_; }
  bool is_stdout() const noexcept { return !file_; }
  bool is_regular() const noexcept { return file_ && !file_->is_direct(); }
  int fd() const noexcept { return file_ ? file_->fd() : 1; }
  bool reader_gone() const noexcept { return target_.reader_gone(); }
  // True if nothing was handed over yet or it can be taken back.
  bool can_restart() const noexcept { return counting_.bytes == 0 || is_regular(); }
  Status restart();
  Status commit(const Input& input);

 private:
  struct Counting final : Sink {
    explicit Counting(Sink& to) : target(to) {}
    Status write(ByteView data) override {
      bytes += data.size();
      return target.write(data);
    }
    Sink& target;
    std::uint64_t bytes = 0;
  };
  Output(std::optional<AtomicFile> file, std::string name);

  std::optional<AtomicFile> file_;
  std::string name_;
  std::optional<EmergencyRemoval> removal_;
  FileSink target_;
  Counting counting_;
};

enum class Direction { kCompress, kDecompress };

// Runs the codec from a source to a sink. Errors of either come out as they were; those of the codec get `name` in
// front.
struct Streams {
  Source& source;
  Sink& sink;
  const std::string& name;
};
Result<koan_stats> run_codec(koan::Codec& codec, Direction direction, const Streams& streams, koan_options options,
                             ProgressLine& progress);

// Adds to the session what the parts of a file name and it does not know yet. False: that brought nothing. The input is
// left anywhere.
Result<bool> add_missing(Session& session, Input& input);

// Decoding with the models of the folders at hand: at once when the input cannot be read twice, else when a model turns
// out to be missing, which is then looked for in the caches too. `output` is null when only testing.
Result<koan_stats> decode(Session& session, Input& input, Output* output, const Arguments& arguments);

}  // namespace koan::cli
