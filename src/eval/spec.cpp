#include "eval/spec.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace koan {
namespace {

using Json = nlohmann::json;

Error wrong(const std::string& where, const std::string& what) { return Error{ErrorCode::kUsage, where + ": " + what}; }

// Reads the keys of one object, each once, and finds those that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  template <typename T>
  Status required(const char* key, T& out) {
    if (!object_.contains(key)) return wrong(where_, std::string("\"") + key + "\" is missing");
    return optional(key, out);
  }
  template <typename T>
  Status optional(const char* key, T& out) {
    known_.insert(key);
    if (!object_.contains(key)) return {};
    try {
      object_.at(key).get_to(out);
    } catch (const Json::exception&) {
      return wrong(where_, std::string("\"") + key + "\" is of another type than expected");
    }
    return {};
  }
  Result<const Json*> object(const char* key) {
    known_.insert(key);
    if (!object_.contains(key) || !object_.at(key).is_object())
      return wrong(where_, std::string("\"") + key + "\" is missing or no object");
    return &object_.at(key);
  }
  Status finish() const {
    for (const auto& [key, value] : object_.items()) {
      if (!known_.contains(key)) return wrong(where_, "\"" + key + "\" is not a key of it");
    }
    return {};
  }

 private:
  const Json& object_;
  std::string where_;
  std::set<std::string> known_;
};

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Result<EvalDomain> parse_domain(const Json& json, std::size_t index) {
  const std::string where = "domain " + std::to_string(index + 1);
  if (!json.is_object()) return wrong(where, "no object");
  EvalDomain out;
  ObjectReader reader(json, where);
  KOAN_TRY(reader.required("name", out.name));
  KOAN_TRY(reader.required("title", out.title));
  KOAN_TRY(reader.required("kind", out.kind));
  KOAN_TRY(reader.required("source", out.source));
  KOAN_TRY(reader.required("licence", out.licence));
  KOAN_TRY(reader.required("seen_by_base", out.seen_by_base));
  KOAN_TRY(reader.required("test", out.test));
  KOAN_TRY(reader.optional("train", out.train));
  KOAN_TRY(reader.optional("adapter", out.adapter));
  KOAN_TRY(reader.finish());
  if (!is_name(out.name) || out.name == kAllData)
    return wrong(where, "\"" + out.name + "\" is no name: a-z, 0-9, _ and -, other than \"all\"");
  if (out.kind != "natural" && out.kind != "templated" && out.kind != "synthetic")
    return wrong(where, "\"kind\" is natural, templated or synthetic");
  if (out.train.empty() == out.adapter.empty())
    return wrong(where, "it needs \"train\", or the name of another domain as \"adapter\"");
  if (out.adapter.empty()) out.adapter = out.name;
  return out;
}

Status check_domains(const EvalSpec& spec) {
  std::set<std::string> names, with_train;
  for (const EvalDomain& domain : spec.domains) {
    if (!names.insert(domain.name).second) return wrong(domain.name, "two domains have this name");
    if (!domain.train.empty()) with_train.insert(domain.name);
  }
  for (const EvalDomain& domain : spec.domains) {
    if (!with_train.contains(domain.adapter))
      return wrong(domain.name, "its adapter \"" + domain.adapter + "\" is no domain with training data");
  }
  if (with_train.size() < 2) return wrong("domains", "two with training data are needed for a comparison");
  return {};
}

Status parse_bootstrap(const Json& json, BootstrapSettings& out) {
  ObjectReader reader(json, "bootstrap");
  KOAN_TRY(reader.required("resamples", out.resamples));
  KOAN_TRY(reader.required("seed", out.seed));
  KOAN_TRY(reader.required("confidence", out.confidence));
  KOAN_TRY(reader.finish());
  if (out.resamples < 100 || out.resamples > 1000000) return wrong("bootstrap", "resamples: 100 to 1000000");
  if (!(out.confidence > 0 && out.confidence < 1)) return wrong("bootstrap", "confidence: between 0 and 1");
  return {};
}

}  // namespace

Result<EvalSpec> parse_spec(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Error{ErrorCode::kUsage, "not a JSON object"};
  EvalSpec out;
  ObjectReader reader(json, "specification");
  KOAN_TRY(reader.required("name", out.name));
  KOAN_TRY(reader.required("version", out.version));
  KOAN_TRY(reader.required("data", out.data));
  KOAN_TRY(reader.required("make", out.make));
  KOAN_TRY(reader.required("all_train", out.all_train));
  KOAN_TRY(reader.required("training", out.training));
  std::string about;
  KOAN_TRY(reader.optional("about", about));
  KOAN_ASSIGN(const Json* fields, reader.object("fields"));
  ObjectReader names(*fields, "fields");
  KOAN_TRY(names.required("text", out.fields.text));
  KOAN_TRY(names.required("context", out.fields.context));
  KOAN_TRY(names.required("group", out.fields.group));
  KOAN_TRY(names.finish());
  KOAN_ASSIGN(const Json* bootstrap, reader.object("bootstrap"));
  KOAN_TRY(parse_bootstrap(*bootstrap, out.bootstrap));
  Json domains;
  KOAN_TRY(reader.required("domains", domains));
  KOAN_TRY(reader.finish());
  if (!domains.is_array()) return wrong("domains", "no array");
  for (std::size_t i = 0; i < domains.size(); ++i) {
    KOAN_ASSIGN(EvalDomain domain, parse_domain(domains[i], i));
    out.domains.push_back(std::move(domain));
  }
  KOAN_TRY(check_domains(out));
  return out;
}

Status keep_domains(EvalSpec& spec, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  for (const std::string& name : names) {
    const auto is_it = [&](const EvalDomain& domain) { return domain.name == name; };
    if (std::any_of(spec.domains.begin(), spec.domains.end(), is_it)) continue;
    std::string all;
    for (const EvalDomain& domain : spec.domains) all += (all.empty() ? "" : ", ") + domain.name;
    return Error{ErrorCode::kUsage, "no domain \"" + name + "\"; there are: " + all};
  }
  std::erase_if(spec.domains, [&](const EvalDomain& domain) {
    return std::find(names.begin(), names.end(), domain.name) == names.end();
  });
  return check_domains(spec);
}

std::vector<std::string> adapter_names(const EvalSpec& spec) {
  std::vector<std::string> out;
  for (const EvalDomain& domain : spec.domains) {
    if (domain.adapter == domain.name) out.push_back(domain.name);
  }
  return out;
}

}  // namespace koan
