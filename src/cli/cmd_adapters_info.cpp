// koan adapters list and info: what adapters say about themselves (docs/cli.md lists the keys).
#include <algorithm>
#include <cstdio>
#include <set>

#include "cli/adapter_store.h"
#include "cli/cmd_adapters.h"
#include "cli/exit_code.h"
#include "route/profile.h"

namespace koan::cli {
namespace {

constexpr const char* kWarning =
    "An adapter may reveal text that it was trained on: give it only to those who may read that text.";

std::string gain_text(const AdapterFacts& facts) {
  const auto gain = facts.gain();
  return gain ? format("%.1f%%", 100 * *gain) : "-";
}

std::string base_text(const AdapterFacts& facts) {
  if (!facts.base_name.empty()) return printable(facts.base_name);
  return facts.base_sha256.empty() ? "-" : facts.base_sha256.substr(0, 8);
}

// A number of the metadata as text; "-" if it is not there.
std::string count(const Adapter& adapter, const char* key) {
  const auto value = adapter.number(key);
  return value ? format("%.0f", *value) : "-";
}

Json number_or_null(const Adapter& adapter, const char* key) {
  const auto value = adapter.number(key);
  return value ? Json(static_cast<std::uint64_t>(std::max(0.0, *value))) : Json();
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }
Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::string file_size(const std::string& path) {
  const auto bytes = read_adapter_file(path);
  return bytes ? human_size(bytes->size()) : "-";
}

void line(const char* what, const std::string& value) { std::printf("  %-16s %s\n", what, value.c_str()); }

std::string routes_text(const AdapterFacts& facts) {
  if (facts.routes_text && facts.routes_prompt) return "by text and by prompt";
  if (facts.routes_text) return "by text";
  return facts.routes_prompt ? "by prompt" : "no profile: --adapter auto tries it last";
}

void describe(const std::string& name, const std::string& path, const Adapter& adapter, const AdapterFacts& facts,
              bool base_known) {
  std::printf("%s\n", printable(name).c_str());
  line("file", printable(path) + ", " + file_size(path));
  line("sha256", to_hex(adapter.sha256));
  line("name", adapter.name.empty() ? "-" : printable(adapter.name));
  if (facts.base_sha256.empty()) {
    line("base model",
         base_text(facts) + " (it does not say which; architecture " + printable(adapter.architecture) + ")");
  } else {
    line("base model", base_text(facts) + (base_known ? ", which this koan has" : ", which this koan does not have"));
    line("", "sha256 " + facts.base_sha256);
  }
  line("rank", facts.rank());
  line("alpha", format("%g", static_cast<double>(adapter.alpha)));
  line("matrices", std::to_string(adapter.tensors.size()) + ": " + printable(facts.targets));
  line("parameters", std::to_string(adapter.parameters()));
  line("trained on", count(adapter, "koan.adapter.data_bytes") + " bytes, " + count(adapter, "koan.adapter.documents") +
                         " documents; " + count(adapter, "koan.adapter.trained_tokens") + " tokens passed");
  const std::string data = adapter.text("koan.adapter.data_sha256"), created = adapter.text("koan.adapter.created");
  line("", "sha256 " + (data.empty() ? "-" : printable(data)));
  line("seed", count(adapter, "koan.adapter.seed"));
  line("created", created.empty() ? "-" : printable(created));
  if (facts.gain()) {
    line("held-out text",
         format("%.4f -> %.4f bits per byte (gain %s), %s bytes", *facts.held_out_before, *facts.held_out_after,
                gain_text(facts).c_str(), count(adapter, "koan.adapter.heldout_bytes").c_str()));
  } else {
    line("held-out text", "not measured");
  }
  line("routing", routes_text(facts));
}

struct Loaded {
  Adapter adapter;
  AdapterFacts facts;
};
Result<Loaded> load(const std::string& path) {
  KOAN_ASSIGN(Adapter adapter, load_adapter(path));
  auto facts = facts_of(adapter);
  if (!facts) return std::move(facts).error().in(path);
  return Loaded{std::move(adapter), std::move(*facts)};
}

}  // namespace

std::optional<double> AdapterFacts::gain() const {
  if (!held_out_before || !held_out_after || !(*held_out_before > 0)) return std::nullopt;
  return 1 - *held_out_after / *held_out_before;
}

std::string AdapterFacts::rank() const {
  return least_rank == most_rank ? std::to_string(least_rank)
                                 : std::to_string(least_rank) + "-" + std::to_string(most_rank);
}

Result<AdapterFacts> facts_of(const Adapter& adapter) {
  AdapterFacts out;
  out.base_name = adapter.text("koan.adapter.base_name");
  if (const auto base = adapter.base_sha256()) out.base_sha256 = to_hex(*base);
  out.held_out_before = adapter.number("koan.adapter.heldout_bits_before");
  out.held_out_after = adapter.number("koan.adapter.heldout_bits_after");
  std::set<std::string> kinds;
  for (const AdapterTensor& tensor : adapter.tensors) {
    out.least_rank = out.least_rank == 0 ? tensor.rank : std::min(out.least_rank, tensor.rank);
    out.most_rank = std::max(out.most_rank, tensor.rank);
    std::string kind = tensor.target.substr(0, tensor.target.rfind(".weight"));  // blk.0.attn_q
    kinds.insert(kind.substr(kind.rfind('.') + 1));
  }
  for (const std::string& kind : kinds) out.targets += (out.targets.empty() ? "" : ", ") + kind;
  KOAN_ASSIGN(const AdapterProfiles profiles, read_profiles(adapter.metadata));
  out.routes_text = !profiles.text.empty();
  out.routes_prompt = !profiles.prompt.empty();
  return out;
}

Json json_of(const std::string& name, const std::string& path, const Adapter& adapter, const AdapterFacts& facts,
             bool base_known) {
  return {{"name", name},
          {"path", path},
          {"sha256", to_hex(adapter.sha256)},
          {"general_name", or_null(adapter.name)},
          {"architecture", adapter.architecture},
          {"base", {{"name", or_null(facts.base_name)}, {"sha256", or_null(facts.base_sha256)}, {"known", base_known}}},
          {"rank", facts.most_rank},
          {"least_rank", facts.least_rank},
          {"alpha", adapter.alpha},
          {"targets", facts.targets},
          {"parameters", adapter.parameters()},
          {"data",
           {{"sha256", or_null(adapter.text("koan.adapter.data_sha256"))},
            {"bytes", number_or_null(adapter, "koan.adapter.data_bytes")},
            {"documents", number_or_null(adapter, "koan.adapter.documents")}}},
          {"trained_tokens", number_or_null(adapter, "koan.adapter.trained_tokens")},
          {"seed", number_or_null(adapter, "koan.adapter.seed")},
          {"created", or_null(adapter.text("koan.adapter.created"))},
          {"heldout",
           {{"bytes", number_or_null(adapter, "koan.adapter.heldout_bytes")},
            {"bits_before", or_null(facts.held_out_before)},
            {"bits_after", or_null(facts.held_out_after)}}},
          {"gain", or_null(facts.gain())},
          {"routes", {{"text", facts.routes_text}, {"prompt", facts.routes_prompt}}}};
}

bool KnownModels::is_among_loaded(const std::string& sha256) {
  for (std::size_t i = 0; i < session_->codec().model_count(); ++i) {
    const auto info = session_->codec().model(i);
    if (info && to_hex(info.value.sha256) == sha256) return true;
  }
  return false;
}

bool KnownModels::has(const std::string& sha256) {
  if (sha256.empty()) return false;
  if (!tried_) {
    tried_ = true;
    Arguments plain = arguments_;
    plain.quiet = true;  // what else lies in the folders is not the subject
    auto made = Session::create(plain);
    if (made) session_ = std::move(*made);
    if (!made) complain(made.error().message);
  }
  if (!session_) return false;
  return is_among_loaded(sha256) || (session_->add_stored() && is_among_loaded(sha256));
}

int run_adapters_list(const Arguments& arguments) {
  Outcomes outcomes;
  Json files = Json::array();
  KnownModels models(arguments);
  Table table({"name", "base model", "rank", "size", "gain", "sha256"}, {0, 1, 5});
  std::size_t listed = 0;
  for (const StoredAdapter& stored : stored_adapters()) {
    const auto loaded = load(stored.path);
    if (!loaded) {
      outcomes.failed(loaded.error());
      files.push_back({{"name", stored.name}, {"path", stored.path}, {"error", cli::json_of(loaded.error())}});
      continue;
    }
    const auto& [adapter, facts] = *loaded;
    if (arguments.json) {
      files.push_back(json_of(stored.name, stored.path, adapter, facts, models.has(facts.base_sha256)));
    } else if (arguments.verbose > 0) {
      if (listed != 0) std::printf("\n");
      describe(stored.name, stored.path, adapter, facts, models.has(facts.base_sha256));
    }
    table.add({printable(stored.name), base_text(facts), facts.rank(), file_size(stored.path), gain_text(facts),
               to_hex(adapter.sha256).substr(0, 16)});
    ++listed;
  }
  if (arguments.json) {
    print_json("adapters list", std::move(files), outcomes.exit_code(), false);
  } else if (listed == 0) {
    if (!arguments.quiet)
      say("no adapters in " + adapter_folder() + " (koan adapt makes them, koan adapters add FILE)");
  } else if (arguments.verbose == 0) {
    std::fputs(table.text().c_str(), stdout);
  }
  return outcomes.exit_code();
}

int run_adapters_info(const Arguments& arguments) {
  Outcomes outcomes;
  Json files = Json::array();
  KnownModels models(arguments);
  bool any = false;
  for (const std::string& word : arguments.files) {
    const auto path = find_adapter(word);
    const auto loaded = path ? load(*path) : Result<Loaded>(path.error());
    if (!loaded) {
      outcomes.failed(loaded.error());
      files.push_back({{"name", word}, {"error", cli::json_of(loaded.error())}});
      continue;
    }
    const auto& [adapter, facts] = *loaded;
    const bool known = models.has(facts.base_sha256);
    files.push_back(json_of(word, *path, adapter, facts, known));
    if (arguments.json) continue;
    if (any) std::printf("\n");
    describe(word, *path, adapter, facts, known);
    any = true;
  }
  if (arguments.json) {
    print_json("adapters info", std::move(files), outcomes.exit_code(), false, {{"warning", kWarning}});
  } else if (any && !arguments.quiet) {
    std::printf("\n%s\n", kWarning);
  }
  return outcomes.exit_code();
}

}  // namespace koan::cli
