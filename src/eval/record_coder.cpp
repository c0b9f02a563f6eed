#include "eval/record_coder.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/hash.h"
#include "eval/process.h"

namespace koan {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 30;
constexpr double kTrainingGrace = 120;  // seconds to write a checkpoint

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void add(std::vector<std::string>& words, std::initializer_list<std::string> more) { words.insert(words.end(), more); }

// A koan that knows no more than it is given: models and adapters that lie about on this machine must not help.
Program koan_program(const KoanProgram& koan, std::vector<std::string> words) {
  Program out;
  out.file = koan.koan;
  out.command = std::move(words);
  out.command.insert(out.command.begin(), "koan");
  if (!koan.model.empty()) add(out.command, {"--model", koan.model});
  out.environment = {{"KOAN_MODELS", ""}, {"XDG_DATA_HOME", fs::absolute(koan.work).string()}};
  return out;
}

void add_adapters(std::vector<std::string>& words, const AdapterChoice& choice) {
  for (const AdapterFile& adapter : choice.adapters) add(words, {"--adapter", adapter.path});
}

Program compress_program(const KoanProgram& koan, const std::string& source, const std::string& coded,
                         const AdapterChoice& choice) {
  std::vector<std::string> words = {"compress"};
  add_adapters(words, choice);
  switch (choice.kind) {
    case AdapterChoice::Kind::kNone:
    case AdapterChoice::Kind::kFixed:
      break;
    case AdapterChoice::Kind::kByPrompt:
      add(words, {"--route", "prompt"});
      break;
    case AdapterChoice::Kind::kByText:
      add(words, {"--route", "text"});
      break;
    case AdapterChoice::Kind::kByTrial:
      add(words, {"--route", "trial"});
      break;
  }
  add(words, {"--jsonl", "--field", koan.fields.text, "--context-field", koan.fields.context, "-T",
              std::to_string(koan.threads), "-f", "-q", "-o", coded, source});
  return koan_program(koan, std::move(words));
}

Program decompress_program(const KoanProgram& koan, const std::string& coded, const std::string& decoded,
                           const AdapterChoice& choice) {
  std::vector<std::string> words = {"decompress"};
  add_adapters(words, choice);
  add(words, {"-T", std::to_string(koan.threads), "-f", "-q", "-o", decoded, coded});
  return koan_program(koan, std::move(words));
}

Status compare_files(const std::string& a, const std::string& b) {
  KOAN_ASSIGN(const Bytes first, read_file(a, kMaxFile));
  KOAN_ASSIGN(const Bytes second, read_file(b, kMaxFile));
  if (first != second) return Error{ErrorCode::kVerification, a + ": decoded other data than was encoded"};
  return {};
}

// The name of the adapter with this hash; empty for the model alone. Nothing if it is none of the choice.
std::optional<std::string> adapter_name(const std::string& sha256, const AdapterChoice& choice) {
  if (sha256.empty()) return std::string();
  const auto it = std::find_if(choice.adapters.begin(), choice.adapters.end(),
                               [&](const AdapterFile& adapter) { return adapter.sha256 == sha256; });
  return it == choice.adapters.end() ? std::nullopt : std::optional<std::string>(it->name);
}

// Of koan list --records --json (docs/cli.md).
Status read_listing(ByteView text, const AdapterChoice& choice, CodedFile& out) {
  const Json json = Json::parse(as_text(text), nullptr, false);
  try {
    const Json& file = json.at("files").at(0);
    out.skeleton_bytes = file.at("skeleton_bytes").get<std::uint64_t>();
    for (const Json& record : file.at("records")) {
      const std::uint64_t line = out.record_bytes.size() + 1;
      if (record.at("line").get<std::uint64_t>() != line)
        return Error{ErrorCode::kVerification, "line " + std::to_string(line) + " was not coded as a record"};
      out.record_bytes.push_back(record.at("coded_bytes").get<std::uint64_t>());
      auto name = adapter_name(record.at("adapter").get<std::string>(), choice);
      if (!name) return Error{ErrorCode::kVerification, "a record has an adapter that was not given"};
      out.adapters.push_back(*std::move(name));
    }
  } catch (const Json::exception& error) {
    return Error{ErrorCode::kInternal, std::string("koan list --records --json: ") + error.what()};
  }
  return {};
}

}  // namespace

Result<CodedFile> KoanRecordCoder::code(const std::string& source, const std::string& coded,
                                        const AdapterChoice& choice) {
  std::error_code failed;
  fs::create_directories(program_.work, failed);
  if (failed) return Error{ErrorCode::kIo, program_.work + ": " + failed.message()};
  CodedFile out;
  double start = seconds_now();
  KOAN_TRY(run_program(compress_program(program_, source, coded, choice), program_.stop));
  out.encode_seconds = seconds_now() - start;

  const std::string decoded = program_.work + "/decoded";
  start = seconds_now();
  KOAN_TRY(run_program(decompress_program(program_, coded, decoded, choice), program_.stop));
  out.decode_seconds = seconds_now() - start;
  const Status same = compare_files(source, decoded);
  fs::remove(decoded, failed);
  if (!same) return same.error();

  KOAN_ASSIGN(const Bytes listing,
              run_filter(koan_program(program_, {"list", "--records", "--json", coded}), {}, program_.stop));
  const Status read = read_listing(listing, choice, out);
  if (!read) return Error(read.error()).in(coded);
  out.file_bytes = fs::file_size(coded, failed);
  if (failed) return Error{ErrorCode::kIo, coded + ": " + failed.message()};
  return out;
}

Status KoanRecordCoder::train(const std::string& source, const std::string& adapter,
                              const std::vector<std::string>& options) {
  std::vector<std::string> words = {
      "adapt", source, "--jsonl", "--field", program_.fields.text, "--context-field", program_.fields.context,
      "-o",    adapter};
  words.insert(words.end(), options.begin(), options.end());
  // What an interrupted run left (docs/training.md).
  std::error_code ignored;
  if (fs::exists(adapter + ".checkpoint", ignored)) words.emplace_back("--resume");
  Program program = koan_program(program_, std::move(words));
  program.show_messages = true;
  program.grace_seconds = kTrainingGrace;
  return run_program(program, program_.stop);
}

}  // namespace koan
