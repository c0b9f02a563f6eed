#include "cli/adapters_peft.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/file.h"
#include "cli/adapter_store.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "codec/model_store.h"
#include "formats/peft.h"
#include "formats/peft_config.h"

namespace koan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxAdapterBytes = std::uint64_t{1} << 30;
constexpr const char* kConfigFile = "adapter_config.json";
constexpr const char* kTensorsFile = "adapter_model.safetensors";

Error usage(const std::string& what) { return Error{ErrorCode::kUsage, what}; }

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// --model, else the embedded model with this hash, else the first.
Result<std::shared_ptr<const Model>> load_base(const Arguments& arguments, const std::optional<Sha256>& wanted) {
  const auto embedded = embedded_models();
  if (arguments.model.empty()) {
    const auto found = std::find_if(embedded.begin(), embedded.end(),
                                    [&](const EmbeddedModel& model) { return sha256(model.gguf) == wanted; });
    return Model::load((found == embedded.end() ? embedded.front() : *found).gguf);
  }
  KOAN_ASSIGN(const ModelBytes bytes, read_model(arguments.model));
  auto model = Model::load(bytes.gguf());
  if (!model) return std::move(model).error().in(arguments.model);
  return model;
}

PeftBase base_of(const Model& model) {
  const ModelConfig& config = model.config();
  return {config.architecture, config.layers, config.heads,  config.kv_heads,
          config.head_dim,     config.name,   model.sha256()};
}

// The folder's own name: "a/b/" is "b".
fs::path without_slash(const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

Status write_all(const AtomicFile& file, ByteView bytes) {
  FileSink sink(file.fd(), file.path(), stop_flag());
  return sink.write(bytes);
}

Status commit(AtomicFile& file) {
  if (interrupted()) return Error{ErrorCode::kCancelled, "interrupted"};
  return file.commit();
}

// "4", or "2 to 8".
std::string ranks_of(const Adapter& adapter) {
  const auto [least, most] = std::minmax_element(adapter.tensors.begin(), adapter.tensors.end(),
                                                 [](const auto& a, const auto& b) { return a.rank < b.rank; });
  if (least->rank == most->rank) return std::to_string(least->rank);
  return std::to_string(least->rank) + " to " + std::to_string(most->rank);
}

Json json_of(const Adapter& adapter, const Model& base, const std::string& path) {
  return {{"name", adapter.name},
          {"path", path},
          {"sha256", to_hex(adapter.sha256)},
          {"architecture", adapter.architecture},
          {"matrices", adapter.tensors.size()},
          {"ranks", ranks_of(adapter)},
          {"alpha", adapter.alpha},
          {"parameters", adapter.parameters()},
          {"base_name", base.config().name},
          {"base_sha256", to_hex(base.sha256())}};
}

struct Done {
  Json json;
  std::string summary;
};

std::string summary_of(const char* verb, const Adapter& adapter, const Model& base, const std::string& path) {
  return format("%s %s: %zu matrices of rank %s, %.2fM parameters, for model %s -> %s", verb,
                printable(adapter.name).c_str(), adapter.tensors.size(), ranks_of(adapter).c_str(),
                static_cast<double>(adapter.parameters()) / 1e6, printable(base.config().name).c_str(),
                printable(path).c_str());
}

Result<PeftFiles> read_folder(const fs::path& folder) {
  std::error_code ignored;
  if (!is_there(folder)) return io_error(folder.string(), ENOENT);
  if (!fs::is_directory(folder, ignored)) return usage(folder.string() + ": not a folder with " + kConfigFile);
  if (!is_there(folder / kTensorsFile)) {
    if (is_there(folder / "adapter_model.bin")) {
      return Error{
          ErrorCode::kNotSupported,
          folder.string() +
              ": adapter_model.bin is a pickle, a program that koan does not run; let PEFT write it again with "
              "save_pretrained(..., safe_serialization=True)"};
    }
    return usage(folder.string() + ": there is no " + kTensorsFile);
  }
  if (!is_there(folder / kConfigFile)) return usage(folder.string() + ": there is no " + kConfigFile);
  PeftFiles out;
  KOAN_ASSIGN(const Bytes config, read_file((folder / kConfigFile).string(), kMaxPeftConfigBytes));
  out.config = as_text(config);
  KOAN_ASSIGN(out.tensors, read_file((folder / kTensorsFile).string(), kMaxAdapterBytes));
  return out;
}

Result<Done> import_from(const Arguments& arguments) {
  if (arguments.files.size() != 1) return usage("adapters import: name one folder");
  if (arguments.output.empty() || arguments.output == "-") return usage("adapters import: say where to with -o FILE");
  const fs::path folder = without_slash(arguments.files[0]);
  KOAN_ASSIGN(const PeftFiles files, read_folder(folder));
  KOAN_ASSIGN(AtomicFile output, AtomicFile::create(arguments.output, arguments.force));
  const EmergencyRemoval removal(output.temporary_path());
  KOAN_ASSIGN(const std::shared_ptr<const Model> base, load_base(arguments, std::nullopt));
  auto imported = import_peft({files.config, files.tensors, folder.filename().string()}, base_of(*base));
  if (!imported) return std::move(imported).error().in(folder.string());
  // What is checked is the file as it will be read.
  const Bytes gguf = write_adapter(*imported, AdapterPrecision::kExact);
  if (gguf.size() > kMaxAdapterBytes)
    return Error{ErrorCode::kLimit, folder.string() + ": as GGUF it is larger than koan reads adapters"};
  KOAN_ASSIGN(const Adapter adapter, parse_adapter(gguf));
  if (const auto merged = Model::with_adapter(*base, adapter); !merged)
    return Error(merged.error()).in(folder.string());
  KOAN_TRY(write_all(output, gguf));
  KOAN_TRY(commit(output));
  return Done{json_of(adapter, *base, arguments.output), summary_of("imported", adapter, *base, arguments.output)};
}

Status write_into(const fs::path& folder, const PeftFiles& files, bool replace) {
  KOAN_ASSIGN(AtomicFile config, AtomicFile::create((folder / kConfigFile).string(), replace));
  KOAN_ASSIGN(AtomicFile tensors, AtomicFile::create((folder / kTensorsFile).string(), replace));
  KOAN_TRY(write_all(tensors, files.tensors));
  KOAN_TRY(write_all(config, as_bytes(files.config)));
  KOAN_TRY(commit(tensors));
  return commit(config);
}

// A new folder appears when both files are in it.
Status write_new(const fs::path& folder, const PeftFiles& files) {
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  std::string temporary = (parent / ".koan-tmp-XXXXXX").string();
  if (::mkdtemp(temporary.data()) == nullptr) return io_error(folder.string(), errno);
  Status written = write_into(temporary, files, false);
  if (written) {
    const mode_t mask = ::umask(0);  // mkdtemp makes a folder for its owner alone
    ::umask(mask);
    (void)!::chmod(temporary.c_str(), 0777 & ~mask);
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, folder.c_str(), RENAME_NOREPLACE) != 0)
      written = io_error(folder.string(), errno);
  }
  std::error_code ignored;
  if (!written) fs::remove_all(temporary, ignored);
  return written;
}

Result<Done> export_to(const Arguments& arguments) {
  if (arguments.files.size() != 1) return usage("adapters export: name one adapter");
  if (arguments.output.empty() || arguments.output == "-") return usage("adapters export: say where to with -o DIR");
  const fs::path folder = without_slash(arguments.output);
  const bool replace = is_there(folder);
  if (replace && !arguments.force) return usage(folder.string() + ": already exists; not overwritten without -f");
  KOAN_ASSIGN(const std::string path, find_adapter(arguments.files[0]));
  KOAN_ASSIGN(const Adapter adapter, load_adapter(path));
  KOAN_ASSIGN(const std::shared_ptr<const Model> base, load_base(arguments, adapter.base_sha256()));
  if (const auto merged = Model::with_adapter(*base, adapter); !merged) return Error(merged.error()).in(path);
  auto files = export_peft(adapter, base_of(*base));
  if (!files) return std::move(files).error().in(path);
  KOAN_TRY(replace ? write_into(folder, *files, true) : write_new(folder, *files));
  return Done{json_of(adapter, *base, arguments.output), summary_of("exported", adapter, *base, arguments.output)};
}

int finish(const char* command, const Result<Done>& done, const Arguments& arguments) {
  Outcomes outcomes;
  if (!done) outcomes.failed(done.error());
  if (arguments.json) {
    Json files = Json::array();
    files.push_back(done ? done->json : Json{{"error", cli::json_of(done.error())}});
    print_json(command, std::move(files), outcomes.exit_code(), false);
  } else if (done && !arguments.quiet) {
    say(done->summary);
  }
  return outcomes.exit_code();
}

}  // namespace

int run_adapters_import(const Arguments& arguments) {
  return finish("adapters import", import_from(arguments), arguments);
}

int run_adapters_export(const Arguments& arguments) {
  return finish("adapters export", export_to(arguments), arguments);
}

}  // namespace koan::cli
