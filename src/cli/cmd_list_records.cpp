// koan list --records: what each line of JSON costs.
#include <cstdio>

#include "base/hash.h"
#include "cli/adapter_names.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/transfer.h"

namespace koan::cli {
namespace {

struct Record {
  std::uint64_t line, text_bytes, coded_bytes;
  std::string adapter;  // SHA-256 in hexadecimal; empty: none
  bool stored;
};
struct Listing {
  std::vector<Record> records;
  std::uint64_t block_bytes = 0, skeleton_bytes = 0, text_bytes = 0, coded_bytes = 0;
};

Result<Listing> list_once(Session& session, const Input& input) {
  FileSource source(input.fd(), input.name, stop_flag());
  std::optional<Error> failed;
  Listing out;
  koan_options options = session.options();
  ProgressLine silent(false, input.name, ProgressLine::Direction::kDecompress);
  options.progress = ProgressLine::callback;  // stops after a signal
  options.progress_user = &silent;
  const auto done = session.codec().list_records(
      [&](void* buffer, std::size_t size) -> std::int64_t {
        auto got = source.read({static_cast<std::uint8_t*>(buffer), size});
        if (got) return static_cast<std::int64_t>(*got);
        failed = std::move(got).error();
        return -1;
      },
      [&](const koan_record_info& r) {
        const ByteView hash(r.adapter_sha256, r.adapter_sha256 == nullptr ? 0 : 32);
        out.records.push_back({r.line + 1, r.text_bytes, r.coded_bytes, to_hex(hash), r.stored != 0});
        out.text_bytes += r.text_bytes;
        out.coded_bytes += r.coded_bytes;
      },
      options);
  if (interrupted()) return Error{ErrorCode::kCancelled, input.name + ": interrupted"};
  if (failed) return *std::move(failed);
  if (!done) return error_of(done.failure).in(input.name);
  out.block_bytes = done.value.block_bytes;
  out.skeleton_bytes = done.value.skeleton_bytes;
  return out;
}

// As decode() of transfer.h: the models and adapters of the folders are read when one turns out to be missing.
Result<Listing> list_one(Session& session, const std::string& path, const Arguments& arguments) {
  KOAN_ASSIGN(Input input, open_input(path, true, arguments.force));
  if (!input.can_restart()) session.add_stored();
  for (bool looked = false;; looked = true) {
    auto listing = list_once(session, input);
    const bool missing = !listing && (listing.error().code == ErrorCode::kNeedsModel ||
                                      listing.error().code == ErrorCode::kNeedsAdapter);
    if (!missing || looked || !input.can_restart()) return listing;
    KOAN_ASSIGN(const bool added, add_missing(session, input));
    if (!added) return listing;
    KOAN_TRY(input.restart());
  }
}

Json json_of(const std::string& name, const Listing& listing) {
  Json records = Json::array();
  for (const Record& r : listing.records) {
    records.push_back({{"line", r.line},
                       {"text_bytes", r.text_bytes},
                       {"coded_bytes", r.coded_bytes},
                       {"adapter", r.adapter},
                       {"stored", r.stored}});
  }
  return {{"file", name},
          {"text_bytes", listing.text_bytes},
          {"coded_bytes", listing.coded_bytes},
          {"block_bytes", listing.block_bytes},
          {"skeleton_bytes", listing.skeleton_bytes},
          {"records", std::move(records)}};
}

void print(const std::string& name, const Listing& listing, AdapterNames& names) {
  Table table({"line", "text", "coded", "bits/byte", "adapter"}, {4});
  for (const Record& r : listing.records) {
    table.add({std::to_string(r.line), std::to_string(r.text_bytes), std::to_string(r.coded_bytes),
               format("%.2f", bits_per_byte(r.coded_bytes, r.text_bytes)),
               r.stored            ? "stored"
               : r.adapter.empty() ? "-"
                                   : printable(names.of(r.adapter))});
  }
  std::fputs(table.text().c_str(), stdout);
  std::printf("%s: %zu records, %llu bytes of text in %llu (%.2f bits/byte), with the rest of their lines %llu\n",
              printable(name).c_str(), listing.records.size(), static_cast<unsigned long long>(listing.text_bytes),
              static_cast<unsigned long long>(listing.coded_bytes),
              bits_per_byte(listing.coded_bytes, listing.text_bytes),
              static_cast<unsigned long long>(listing.block_bytes));
}

}  // namespace

int run_list_records(const Arguments& arguments) {
  Outcomes outcomes;
  auto session = Session::create(arguments);
  if (!session) {
    outcomes.failed(session.error());
    return outcomes.exit_code();
  }
  AdapterNames names(arguments);
  Json files = Json::array();
  for (const std::string& path : arguments.files) {
    const std::string name = path == "-" ? "stdin" : path;
    const auto listing = list_one(*session, path, arguments);
    if (!listing) {
      outcomes.failed(listing.error());
      files.push_back({{"file", name}, {"error", cli::json_of(listing.error())}});
      if (listing.error().code == ErrorCode::kCancelled) break;
      continue;
    }
    files.push_back(json_of(name, *listing));
    if (!arguments.json) print(name, *listing, names);
  }
  if (arguments.json) print_json("list", std::move(files), outcomes.exit_code(), false);
  return outcomes.exit_code();
}

}  // namespace koan::cli
