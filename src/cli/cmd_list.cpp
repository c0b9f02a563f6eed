// koan list: what .koan files hold, without decoding them.
#include <cstdio>
#include <optional>

#include "base/hash.h"
#include "cli/adapter_names.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/transfer.h"

namespace koan::cli {
namespace {

struct Contents {
  std::vector<koan_part_info> parts;               // their adapter_sha256 is not to be used
  std::vector<std::vector<std::string>> adapters;  // of each part, in hexadecimal
  std::vector<koan_segment_info> segments;
  std::uint64_t raw_bytes = 0, coded_bytes = 0;
};

Result<Contents> inspect_one(const std::string& path, const Arguments& arguments) {
  KOAN_ASSIGN(const Input input, open_input(path, true, arguments.force));
  FileSource source(input.fd(), input.name, stop_flag());
  Contents out;
  std::optional<Error> failed;
  const koan::Failure failure = koan::inspect(
      [&](void* buffer, std::size_t size) -> std::int64_t {
        auto got = source.read({static_cast<std::uint8_t*>(buffer), size});
        if (!got) {
          failed = std::move(got).error();
          return -1;
        }
        out.coded_bytes += *got;
        return static_cast<std::int64_t>(*got);
      },
      [&](const koan_part_info& part) {
        out.parts.push_back(part);
        out.adapters.emplace_back();
        for (std::size_t i = 0; i < part.adapter_count; ++i)
          out.adapters.back().push_back(to_hex(ByteView(part.adapter_sha256 + i * 32, 32)));
      },
      [&](const koan_segment_info& segment) {
        out.segments.push_back(segment);
        out.raw_bytes += segment.raw_bytes;
      });
  if (interrupted()) return Error{ErrorCode::kCancelled, input.name + ": interrupted"};
  if (failed) return *std::move(failed);
  if (failure.code != KOAN_OK) return error_of(failure).in(input.name);
  return out;
}

// Names need a codec; hashes do for a machine that cannot make one.
std::string model_of(const koan_part_info& part, const std::optional<Session>& session) {
  if (!part.has_model) return "-";
  if (part.is_message)
    return session ? session->message_model_name(part.message_model_id) : "id " + to_hex(part.message_model_id);
  return session ? session->model_name(part.model_sha256) : to_hex(part.model_sha256).substr(0, 8);
}

std::string models_of(const Contents& contents, const std::optional<Session>& session) {
  std::string out;
  for (const koan_part_info& part : contents.parts) {
    const std::string name = model_of(part, session);
    if (name != "-" && (", " + out + ",").find(", " + name + ",") == std::string::npos)
      out += (out.empty() ? "" : ", ") + name;
  }
  return out.empty() ? "-" : out;
}

std::string contexts_of(const Contents& contents) {
  std::string out;
  for (const koan_part_info& part : contents.parts) {
    const std::string hash = to_hex(part.context_hash).substr(0, 8);
    if (part.has_context && out.find(hash) == std::string::npos) out += (out.empty() ? "" : ", ") + hash;
  }
  return out.empty() ? "-" : out;
}

std::string checks_of(const Contents& contents) {
  bool message = false, frame = false;
  for (const koan_part_info& part : contents.parts) (part.is_message ? message : frame) = true;
  if (message && frame) return "XXH3-64, -24";
  return message ? "XXH3-24" : "XXH3-64";
}

// What names are given by.
struct Known {
  std::optional<Session> session;
  AdapterNames adapters;
};

Json json_of(const Contents& contents, const std::string& name, Known& known) {
  Json parts = Json::array(), segments = Json::array();
  for (std::size_t i = 0; i < contents.parts.size(); ++i) {
    const koan_part_info& part = contents.parts[i];
    Json entry = {{"kind", part.is_message ? "message" : "frame"},
                  {"format_version", part.format_version},
                  {"offset", part.offset}};
    if (part.has_model && part.is_message) entry["model"] = {{"message_id", to_hex(part.message_model_id)}};
    if (part.has_model && !part.is_message) {
      entry["model"] = {{"name", model_of(part, known.session)},
                        {"sha256", to_hex(part.model_sha256)},
                        {"numerics_version", part.numerics_version},
                        {"window", part.window},
                        {"sinks", part.sinks},
                        {"predictors", part.predictors}};
    }
    for (const std::string& hash : contents.adapters[i])
      entry["adapters"].push_back({{"name", known.adapters.of(hash)}, {"sha256", hash}});
    if (part.has_context) entry["context"] = {{"xxh3_128", to_hex(part.context_hash)}, {"bytes", part.context_bytes}};
    parts.push_back(std::move(entry));
  }
  for (const koan_segment_info& s : contents.segments) {
    segments.push_back({{"part", s.part},
                        {"offset", s.offset},
                        {"raw_offset", s.raw_offset},
                        {"raw_bytes", s.raw_bytes},
                        {"coded_bytes", s.coded_bytes},
                        {"record_bytes", s.record_bytes},
                        {"method", s.method},
                        {"transform", s.transform},
                        {"check", format("%016llx", static_cast<unsigned long long>(s.check))}});
  }
  return {{"file", name},
          {"raw_bytes", contents.raw_bytes},
          {"coded_bytes", contents.coded_bytes},
          {"bits_per_byte", bits_per_byte(contents.coded_bytes, contents.raw_bytes)},
          {"parts", std::move(parts)},
          {"segments", std::move(segments)}};
}

std::string number(std::uint64_t n) { return std::to_string(n); }

void print_segments(const Contents& contents, const std::string& name, Known& known) {
  std::printf("\n%s\n", printable(name).c_str());
  for (std::size_t i = 0; i < contents.parts.size(); ++i) {
    const koan_part_info& part = contents.parts[i];
    std::printf("part %zu: %s at byte %llu, model %s", i, part.is_message ? "message" : "frame",
                static_cast<unsigned long long>(part.offset), printable(model_of(part, known.session)).c_str());
    if (part.has_model && !part.is_message) {
      std::printf(" (sha256 %s, numerics %u, window %u+%u, predictors %02x)", to_hex(part.model_sha256).c_str(),
                  part.numerics_version, part.window, part.sinks, part.predictors);
    }
    if (part.has_context) {
      std::printf(", context xxh3-128 %s, %llu bytes", to_hex(part.context_hash).c_str(),
                  static_cast<unsigned long long>(part.context_bytes));
    }
    std::printf("\n");
    for (const std::string& hash : contents.adapters[i])
      std::printf("  adapter %s (sha256 %s)\n", printable(known.adapters.of(hash)).c_str(), hash.c_str());
  }
  Table table({"part", "offset", "raw offset", "raw", "coded", "bits/byte", "method", "transform", "check"}, {6, 7, 8});
  for (const koan_segment_info& s : contents.segments) {
    table.add({number(s.part), number(s.offset), number(s.raw_offset), number(s.raw_bytes), number(s.coded_bytes),
               format("%.2f", bits_per_byte(s.coded_bytes, s.raw_bytes)), s.method, s.transform,
               format("%016llx", static_cast<unsigned long long>(s.check))});
  }
  std::fputs(table.text().c_str(), stdout);
}

}  // namespace

int run_list(const Arguments& arguments) {
  Outcomes outcomes;
  Known known{std::nullopt, AdapterNames(arguments)};
  if (auto made = Session::create(arguments)) {
    known.session = std::move(*made);
  } else if (!arguments.model.empty() || !arguments.adapters.empty()) {
    outcomes.failed(made.error());
  }
  Json files = Json::array();
  Table table({"raw", "coded", "ratio", "bits/byte", "segments", "model", "context", "check", "file"}, {5, 6, 7, 8});
  std::vector<std::pair<std::string, Contents>> listed;
  for (const std::string& path : arguments.files) {
    const std::string name = path == "-" ? "stdin" : path;
    auto contents = inspect_one(path, arguments);
    if (!contents) {
      outcomes.failed(contents.error());
      files.push_back({{"file", name}, {"error", cli::json_of(contents.error())}});
      if (contents.error().code == ErrorCode::kCancelled) break;
      continue;
    }
    const Contents& c = *contents;
    table.add({number(c.raw_bytes), number(c.coded_bytes), format("%.1f%%", percent(c.coded_bytes, c.raw_bytes)),
               format("%.2f", bits_per_byte(c.coded_bytes, c.raw_bytes)), number(c.segments.size()),
               printable(models_of(c, known.session)), contexts_of(c), checks_of(c), printable(name)});
    files.push_back(json_of(c, name, known));
    listed.emplace_back(name, std::move(*contents));
  }
  if (arguments.json) {
    print_json("list", std::move(files), outcomes.exit_code(), false);
    return outcomes.exit_code();
  }
  if (!listed.empty()) std::fputs(table.text().c_str(), stdout);
  if (arguments.verbose > 0) {
    for (const auto& [name, contents] : listed) print_segments(contents, name, known);
  }
  return outcomes.exit_code();
}

}  // namespace koan::cli
