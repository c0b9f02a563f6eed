#include "cli/transfer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/exit_code.h"
#include "cli/report.h"

namespace koan::cli {

Status Input::restart() {
  if (::lseek(fd(), start, SEEK_SET) < 0) return io_error(name, errno);
  return {};
}

Result<Input> open_input(const std::string& path, bool coded, bool force) {
  Input input;
  input.name = path == "-" ? "stdin" : path;
  if (path != "-") {
    input.path = path;
    KOAN_ASSIGN(input.handle, open_for_reading(path));
  }
  if (coded && !force && ::isatty(input.fd()) != 0) {
    return Error{ErrorCode::kUsage,
                 input.name + ": compressed data is not read from a terminal; name a FILE, or -f to force"};
  }
  struct stat info {};
  if (::fstat(input.fd(), &info) != 0) return io_error(input.name, errno);
  if (S_ISDIR(info.st_mode)) return io_error(input.name, EISDIR);
  if (S_ISREG(info.st_mode)) {
    input.start = ::lseek(input.fd(), 0, SEEK_CUR);
    if (input.start >= 0 && info.st_size > input.start)
      input.size = static_cast<std::uint64_t>(info.st_size - input.start);
  }
  return input;
}

bool same_file(const Input& input, const std::string& path) {
  struct stat a {
  }, b{};
  return ::fstat(input.fd(), &a) == 0 && ::stat(path.c_str(), &b) == 0 && S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

Output::Output(std::optional<AtomicFile> file, std::string name)
    : file_(std::move(file)), name_(std::move(name)), target_(fd(), name_, stop_flag()), counting_(target_) {
  if (file_) removal_.emplace(file_->temporary_path());
}

Result<std::unique_ptr<Output>> Output::to_file(const std::string& path, bool replace) {
  KOAN_ASSIGN(AtomicFile file, AtomicFile::create(path, replace));
  return std::unique_ptr<Output>(new Output(std::move(file), path));
}

Result<std::unique_ptr<Output>> Output::to_stdout(bool coded, bool force) {
  if (coded && !force && ::isatty(STDOUT_FILENO) != 0) {
    return Error{ErrorCode::kUsage,
                 "compressed data is not written to a terminal; use -o FILE, or -f to force (koan --help)"};
  }
  return std::unique_ptr<Output>(new Output(std::nullopt, "stdout"));
}

Status Output::restart() {
  if (counting_.bytes == 0) return {};
  KOAN_TRY(file_->restart());
  counting_.bytes = 0;
  return {};
}

Status Output::commit(const Input& input) {
  if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
  return file_ ? file_->commit(input.fd()) : Status{};
}

Result<koan_stats> run_codec(koan::Codec& codec, Direction direction, const Streams& streams, koan_options options,
                             ProgressLine& progress) {
  std::optional<Error> failed;  // the library knows only that a callback failed
  const koan::Reader reader = [&](void* buffer, std::size_t size) -> std::int64_t {
    auto got = streams.source.read({static_cast<std::uint8_t*>(buffer), size});
    if (got) return static_cast<std::int64_t>(*got);
    failed = std::move(got).error();
    return -1;
  };
  const koan::Writer writer = [&](const void* data, std::size_t size) {
    Status status = streams.sink.write({static_cast<const std::uint8_t*>(data), size});
    if (status) return 0;
    failed = std::move(status).error();
    return 1;
  };
  options.progress = ProgressLine::callback;
  options.progress_user = &progress;
  const auto out = direction == Direction::kCompress ? codec.compress(reader, writer, options)
                                                     : codec.decompress(reader, writer, options);
  progress.clear();
  if (out) return out.value;
  if (interrupted()) return Error{ErrorCode::kCancelled, streams.name + ": interrupted"};
  if (failed) return *std::move(failed);
  return error_of(out.failure).in(streams.name);
}

namespace {

struct NullSink final : Sink {
  Status write(ByteView) override { return {}; }
};

// Models of the frames; whether there are messages, which do not name theirs so clearly.
struct Needs {
  std::vector<Sha256> models;
  bool messages = false;
};

// What cannot be read to the end is taken to need anything.
Needs needs_of(Input& input) {
  Needs out;
  FileSource source(input.fd(), input.name, stop_flag());
  const koan::Failure failure = koan::inspect(
      [&](void* buffer, std::size_t size) -> std::int64_t {
        const auto got = source.read({static_cast<std::uint8_t*>(buffer), size});
        return got ? static_cast<std::int64_t>(*got) : -1;
      },
      [&](const koan_part_info& part) {
        if (part.has_model == 0) return;
        out.messages = out.messages || part.is_message != 0;
        if (part.is_message == 0) std::copy_n(part.model_sha256, 32, out.models.emplace_back().begin());
      },
      [](const koan_segment_info&) {});
  if (failure.code != KOAN_OK) out.messages = true;
  return out;
}

}  // namespace

Result<bool> add_missing(Session& session, Input& input) {
  KOAN_TRY(input.restart());
  const Needs needs = needs_of(input);
  bool any = session.add_stored_adapters();
  for (const Sha256& model : needs.models) {
    KOAN_ASSIGN(const bool added, session.add_by_hash(model));
    any = any || added;
  }
  return (needs.messages && session.add_stored()) || any;
}

Result<koan_stats> decode(Session& session, Input& input, Output* output, const Arguments& arguments) {
  if (!input.can_restart()) session.add_stored();
  NullSink null;
  koan_options options = session.options();
  options.bytes_total = input.size;
  for (bool looked = false;; looked = true) {
    // Text that goes to the same terminal as the progress line would be torn by it.
    const bool torn = output != nullptr && output->is_stdout() && ::isatty(STDOUT_FILENO) != 0;
    ProgressLine progress(arguments.progress && !torn, input.name, ProgressLine::Direction::kDecompress);
    FileSource source(input.fd(), input.name, stop_flag());
    auto stats = run_codec(session.codec(), Direction::kDecompress,
                           {source, output ? output->sink() : null, input.name}, options, progress);
    const bool missing =
        !stats && (stats.error().code == ErrorCode::kNeedsModel || stats.error().code == ErrorCode::kNeedsAdapter);
    if (!missing || looked || !input.can_restart() || (output && !output->can_restart())) return stats;
    KOAN_ASSIGN(const bool added, add_missing(session, input));
    if (!added) return stats;
    KOAN_TRY(input.restart());
    if (output) KOAN_TRY(output->restart());
  }
}

}  // namespace koan::cli
