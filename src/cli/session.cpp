#include "cli/session.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "cli/adapter_store.h"
#include "cli/exit_code.h"
#include "cli/model_hashes.h"
#include "cli/model_places.h"
#include "cli/progress.h"
#include "cli/report.h"

namespace koan::cli {
namespace {

constexpr std::uint64_t kMaxContextBytes = std::uint64_t{16} << 20;  // as the library

Status add_model_file(koan::Codec& codec, const std::string& path) {
  KOAN_ASSIGN(const Bytes gguf, read_model_file(path));
  const koan::Failure failure = codec.add_model(gguf, false);
  if (failure.code != KOAN_OK) return error_of(failure).in(path);
  return {};
}

using AdapterHash = std::array<std::uint8_t, 32>;

Result<AdapterHash> add_adapter_file(koan::Codec& codec, const std::string& path) {
  KOAN_ASSIGN(const Bytes gguf, read_adapter_file(path));
  const auto added = codec.add_adapter(gguf);
  if (!added) return error_of(added.failure).in(path);
  return added.value;
}

// Before any input is read, and with names that the hash alone does not tell.
Status check_base(const std::string& path, const koan_model_info& model) {
  KOAN_ASSIGN(const Adapter adapter, load_adapter(path));
  const std::optional<Sha256> base = adapter.base_sha256();
  if (!base || std::equal(base->begin(), base->end(), model.sha256)) return {};
  const std::string name = adapter.text("koan.adapter.base_name");
  return Error{ErrorCode::kNeedsModel,
               path + ": this adapter was trained on " + (name.empty() ? "another model" : "model " + name) +
                   " (SHA-256 " + to_hex(*base) + "), not on " + model.name + " (" + to_hex(model.sha256) +
                   "), which is in use; give its own model with --model NAME, or train it again with koan adapt"};
}

koan_routing routing_of(const Arguments& arguments, std::size_t adapters) {
  const bool any = std::find(arguments.adapters.begin(), arguments.adapters.end(), "auto") != arguments.adapters.end();
  if (adapters == 0 || (adapters == 1 && !any && arguments.route.empty())) return KOAN_ROUTING_FIXED;
  if (arguments.route == "prompt") return KOAN_ROUTING_PROMPT;
  return arguments.route == "text" ? KOAN_ROUTING_TEXT : KOAN_ROUTING_TRIAL;
}

}  // namespace

Error error_of(const koan::Failure& failure) { return Error{error_code(failure.code), failure.message}; }

Result<Bytes> read_context(const Arguments& arguments) {
  if (arguments.context.empty()) return Bytes{};
  KOAN_ASSIGN(Bytes context, read_file(arguments.context, kMaxContextBytes));
  if (context.empty()) return Error{ErrorCode::kUsage, arguments.context + ": empty, no context"};
  return context;
}

Result<Session> Session::create(const Arguments& arguments) {
  KOAN_ASSIGN(Bytes context, read_context(arguments));
  auto made = koan::Codec::create();
  if (!made) return error_of(made.failure);
  Session session(std::move(made.value), arguments, std::move(context));
  if (!arguments.model.empty()) KOAN_TRY(session.choose_model(arguments.model));
  KOAN_TRY(session.add_named_adapters());
  return session;
}

Status Session::choose_model(const std::string& word) {
  KOAN_ASSIGN(const NamedModel model, find_model(word));
  if (!model.embedded) return add_model(model, true);
  const koan::Failure failure = codec_.choose_model(*model.embedded);
  if (failure.code != KOAN_OK) return error_of(failure);
  return {};
}

Status Session::add_model(const NamedModel& model, bool make_default) {
  ShareLine progress(arguments_.progress && !arguments_.quiet, "converting " + model.path);
  KOAN_ASSIGN(const ModelBytes bytes, read_model(model, [&](double share) { return progress.show(share); }));
  progress.clear();
  const koan::Failure failure = codec_.add_model(bytes.owned, make_default);
  if (failure.code != KOAN_OK) return error_of(failure).in(model.path);
  if (model.is_folder) remember_folder(model.path, sha256(bytes.owned));
  return {};
}

Status Session::add_named_adapters() {
  const bool encodes = arguments_.verb == Verb::kCompress || arguments_.verb == Verb::kBench;
  for (const std::string& word : arguments_.adapters) {
    if (word == "none") continue;
    if (word == "auto") {
      KOAN_TRY(add_fitting_adapters());
      continue;
    }
    KOAN_ASSIGN(const std::string path, find_adapter(word));
    KOAN_ASSIGN(const AdapterHash hash, add_adapter_file(codec_, path));
    use_adapter(hash);
    if (!encodes) continue;
    KOAN_ASSIGN(const koan_model_info base, model_in_use());
    KOAN_TRY(check_base(path, base));
  }
  return {};
}

Status Session::add_fitting_adapters() {
  KOAN_ASSIGN(const koan_model_info base, model_in_use());
  const std::vector<StoredAdapter> stored = stored_adapters();
  if (stored.empty()) {
    return Error{ErrorCode::kUsage,
                 "--adapter auto: there are none in " + adapter_folder() + "; koan adapters add FILE puts one there"};
  }
  for (const StoredAdapter& adapter : stored) {
    const auto hash = add_adapter_file(codec_, adapter.path);
    if (!hash && !arguments_.quiet) complain("passed over an adapter: " + hash.error().message);
    if (hash && codec_.fits(*hash, base.sha256)) use_adapter(*hash);
  }
  if (adapters_.empty())
    return Error{ErrorCode::kUsage,
                 "--adapter auto: none of koan adapters list is for model " + std::string(base.name)};
  return {};
}

void Session::use_adapter(const std::array<std::uint8_t, 32>& hash) {
  if (std::find(adapters_.begin(), adapters_.end(), hash) == adapters_.end()) adapters_.push_back(hash);
}

bool Session::add_stored_adapters() {
  if (adapters_added_) return false;
  adapters_added_ = true;
  bool any = false;
  for (const StoredAdapter& adapter : stored_adapters()) {
    const auto added = add_adapter_file(codec_, adapter.path);
    if (!added && !arguments_.quiet) complain("passed over an adapter: " + added.error().message);
    any = any || added;
  }
  return any;
}

bool Session::add_stored() {
  const bool any = add_stored_adapters();
  if (folders_added_) return any;
  folders_added_ = true;
  const std::size_t before = codec_.model_count();
  for (const std::string& folder : model_folders()) {
    for (const std::string& path : gguf_files(folder)) {
      if (is_later_part(path)) continue;
      const Status added = add_model_file(codec_, path);
      if (!added && !arguments_.quiet) complain("passed over a model: " + added.error().message);
    }
  }
  return any || codec_.model_count() > before;
}

Result<bool> Session::add_by_hash(const Sha256& wanted) {
  for (std::size_t i = 0; i < codec_.model_count(); ++i) {
    const auto info = codec_.model(i);
    if (info && std::equal(wanted.begin(), wanted.end(), info.value.sha256)) return false;
  }
  KOAN_ASSIGN(const std::optional<NamedModel> found, find_by_hash(wanted, arguments_.quiet));
  if (!found) return false;
  const Status added = add_model(*found, false);
  if (!added && added.error().code == ErrorCode::kCancelled) return added.error();
  if (!added && !arguments_.quiet) complain("passed over a model: " + added.error().message);
  return added.has_value();
}

koan_options Session::options() const {
  koan::Options out;
  out.level = arguments_.level;
  out.threads = arguments_.threads;
  out.segment_bytes = arguments_.segment_bytes;
  out.streams = arguments_.streams;
  out.segments = arguments_.segments;
  out.context = context_.data();
  out.context_size = context_.size();
  out.adapters = adapters_.empty() ? nullptr : adapters_[0].data();
  out.adapter_count = adapters_.size();
  out.routing = routing_of(arguments_, adapters_.size());
  out.first_line = arguments_.first_line;
  out.line_count = arguments_.line_count;
  return out;
}

Result<koan_model_info> Session::model_in_use() const {
  const auto info = codec_.model_for(options());
  if (!info) return error_of(info.failure);
  return info.value;
}

std::string Session::model_name(const std::uint8_t (&hash)[32]) const {
  for (std::size_t i = 0; i < codec_.model_count(); ++i) {
    const auto info = codec_.model(i);
    if (info && std::memcmp(info.value.sha256, hash, sizeof hash) == 0) return info.value.name;
  }
  return to_hex(hash).substr(0, 8);
}

std::string Session::message_model_name(const std::uint8_t (&id)[2]) const {
  for (std::size_t i = 0; i < codec_.model_count(); ++i) {
    const auto info = codec_.model(i);
    if (info && std::memcmp(info.value.message_id, id, sizeof id) == 0) return info.value.name;
  }
  return "id " + to_hex(id);
}

}  // namespace koan::cli
