// koan compress: FILE -> FILE.koan
#include <unistd.h>

#include "base/hash.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/record_fields.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/transfer.h"

namespace koan::cli {
namespace {

constexpr std::string_view kSuffix = ".koan";
constexpr std::size_t kLongestFirstLine = std::size_t{8} << 20;

// What passes is hashed, so that --verify can compare without reading the source twice (it may be a pipe).
class HashedSource final : public Source {
 public:
  explicit HashedSource(Source& from) : from_(from) {}
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override {
    auto got = from_.read(buffer);
    if (got) hash.update(buffer.first(*got));
    return got;
  }
  StreamHash hash;

 private:
  Source& from_;
};
struct HashingSink final : Sink {
  Status write(ByteView data) override {
    hash.update(data);
    bytes += data.size();
    return {};
  }
  StreamHash hash;
  std::uint64_t bytes = 0;
};

struct Compressed {
  koan_stats stats;
  Fields fields;  // of records
  std::string output;
  double seconds;
};

Status verify(Session& session, const Output& output, const HashedSource& original, const koan_stats& stats,
              const Arguments& arguments) {
  if (!output.is_regular()) return Error{ErrorCode::kUsage, output.name() + ": --verify needs a regular file"};
  if (::lseek(output.fd(), 0, SEEK_SET) != 0) return io_error(output.name(), errno);
  FileSource written(output.fd(), output.name(), stop_flag());
  HashingSink decoded;
  koan_options options = session.options();
  options.bytes_total = stats.coded_bytes;
  const std::string name = output.name() + " (verify)";
  ProgressLine progress(arguments.progress, name, ProgressLine::Direction::kDecompress);
  auto again = run_codec(session.codec(), Direction::kDecompress, {written, decoded, name}, options, progress);
  if (!again && again.error().code != ErrorCode::kCorrupt) return std::move(again).error();
  if (!again || decoded.bytes != stats.raw_bytes || decoded.hash.digest() != original.hash.digest()) {
    return Error{ErrorCode::kVerification, output.name() +
                                               ": what was written does not decode to the source; nothing was kept" +
                                               (again ? std::string() : " (" + again.error().message + ")")};
  }
  return {};
}

Result<std::unique_ptr<Output>> open_output(const Input& input, const Arguments& arguments) {
  if (arguments.to_stdout || (input.path.empty() && arguments.output.empty()))
    return Output::to_stdout(true, arguments.force);
  if (arguments.output.empty() && !arguments.force && input.path.ends_with(kSuffix)) {
    return Error{ErrorCode::kUsage, input.path + ": already has the suffix .koan, skipped; -f to compress it again"};
  }
  const std::string path = arguments.output.empty() ? input.path + std::string(kSuffix) : arguments.output;
  if (same_file(input, path)) return Error{ErrorCode::kUsage, path + ": input and output are the same file"};
  return Output::to_file(path, arguments.force);
}

Result<Compressed> compress_one(Session& session, const std::string& path, const Arguments& arguments) {
  const double start = seconds_now();
  KOAN_ASSIGN(const Input input, open_input(path, false, arguments.force));
  KOAN_ASSIGN(const std::unique_ptr<Output> output, open_output(input, arguments));
  if (arguments.remove_source && !output->is_regular())
    return Error{ErrorCode::kUsage, output->name() + ": --rm needs a regular output file"};
  FileSource file(input.fd(), input.name, stop_flag());
  PeekedSource peeked(file);
  HashedSource source(peeked);
  koan_options options = session.options();
  options.bytes_total = input.size;
  Fields fields;
  if (arguments.records) {
    KOAN_ASSIGN(const ByteView beginning, peeked.peek(kLongestFirstLine));
    auto chosen = choose_fields(beginning, arguments);
    if (!chosen && !beginning.empty()) return std::move(chosen).error().in(input.name);
    if (chosen) fields = std::move(*chosen);
    if (chosen) options.record_field = fields.field.c_str();
    if (!fields.context.empty()) options.context_field = fields.context.c_str();
  }
  ProgressLine progress(arguments.progress, input.name, ProgressLine::Direction::kCompress);
  auto stats =
      run_codec(session.codec(), Direction::kCompress, {source, output->sink(), input.name}, options, progress);
  if (!stats && output->is_stdout() && output->reader_gone()) die_of_closed_pipe();
  if (!stats) return std::move(stats).error();
  if (arguments.verify) KOAN_TRY(verify(session, *output, source, *stats, arguments));
  KOAN_TRY(output->commit(input));
  if (arguments.remove_source && !input.path.empty() && ::unlink(input.path.c_str()) != 0)
    return io_error(input.path, errno);
  if (arguments.records && stats->records == 0 && stats->raw_bytes != 0 && !arguments.quiet) {
    complain(input.name + ": no line has a text under \"" + fields.field +
             "\", so it was compressed as plain text; say where it is with --field PATH");
  }
  return Compressed{*stats, std::move(fields), output->name(), seconds_now() - start};
}

void summarize(const Session& session, const std::string& name, const Compressed& done, const Arguments& arguments) {
  const koan_stats& s = done.stats;
  say(format("%s: %.1f%% (%llu => %llu bytes, %.2f bits/byte, %s)", name.c_str(), percent(s.coded_bytes, s.raw_bytes),
             static_cast<unsigned long long>(s.raw_bytes), static_cast<unsigned long long>(s.coded_bytes),
             bits_per_byte(s.coded_bytes, s.raw_bytes), done.output.c_str()));
  if (s.records != 0 && arguments.verbose > 0) {
    say(format("  %llu records under \"%s\", %s", static_cast<unsigned long long>(s.records), done.fields.field.c_str(),
               done.fields.context.empty() ? "continuing nothing"
                                           : ("continuing \"" + done.fields.context + "\"").c_str()));
  }
  if (arguments.verbose == 0) return;
  if (s.adapters != 0) say(format("  needs %llu of the adapters to decompress", static_cast<unsigned long long>(s.adapters)));
  const auto model = session.model_in_use();
  const double ideal = s.model_ideal_bits / 8;
  say(
      format("  model %s, %llu tokens, %llu of %llu segments coded with it, ideal code length %.1f bytes, coded %llu "
             "(%+.3f%%), %.1f KB/s",
             model ? model->name : "?", static_cast<unsigned long long>(s.tokens),
             static_cast<unsigned long long>(s.model_segments), static_cast<unsigned long long>(s.segments), ideal,
             static_cast<unsigned long long>(s.model_coded_bytes),
             ideal > 0 ? 100 * (static_cast<double>(s.model_coded_bytes) / ideal - 1) : 0.0,
             static_cast<double>(s.raw_bytes) / done.seconds / 1000));
}

}  // namespace

int run_compress(const Arguments& arguments) {
  Outcomes outcomes;
  auto session = Session::create(arguments);
  if (!session) {
    outcomes.failed(session.error());
    return outcomes.exit_code();
  }
  Json files = Json::array();
  bool data_on_stdout = false;
  for (const std::string& path : arguments.files) {
    const std::string name = path == "-" ? "stdin" : path;
    auto done = compress_one(*session, path, arguments);
    if (!done) {
      outcomes.failed(done.error());
      files.push_back({{"input", name}, {"error", json_of(done.error())}});
      if (done.error().code == ErrorCode::kCancelled) break;
      continue;
    }
    const bool piped = done->output == "stdout";
    data_on_stdout = data_on_stdout || piped;
    if (!arguments.quiet && !arguments.json && (!piped || arguments.verbose > 0))
      summarize(*session, name, *done, arguments);
    Json entry = {{"input", name}, {"output", done->output}};
    entry.update(json_of(done->stats));
    entry["seconds"] = done->seconds;
    if (const auto model = session->model_in_use())
      entry["model"] = {{"name", model->name}, {"sha256", to_hex(model->sha256)}};
    files.push_back(std::move(entry));
  }
  if (arguments.json)
    print_json("compress", std::move(files), outcomes.exit_code(), data_on_stdout || arguments.to_stdout);
  return outcomes.exit_code();
}

}  // namespace koan::cli
