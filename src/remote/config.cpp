#include "remote/config.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <cmath>

namespace koan {
namespace {

class Reader {
 public:
  Reader(const toml::table& root, const std::string& path) : root_(root), path_(path) {}

  Result<Config> read() {
    Config out;
    for (const auto& [key, value] : root_) {
      if (key != "endpoints") return wrong(key, "unknown field '" + name(key) + "'");
      const toml::table* endpoints = value.as_table();
      if (endpoints == nullptr) return wrong(key, "'endpoints' is not a table");
      for (const auto& [word, table] : *endpoints) {
        KOAN_ASSIGN(Endpoint endpoint, read_endpoint(word, table));
        out.endpoints.emplace(name(word), std::move(endpoint));
      }
    }
    return out;
  }

 private:
  static std::string name(const toml::key& key) { return std::string(key.str()); }

  Error wrong(const toml::key& key, const std::string& what) const {
    return Error{ErrorCode::kUsage, path_ + ":" + std::to_string(key.source().begin.line) + ": " + what};
  }

  Result<Endpoint> read_endpoint(const toml::key& word, const toml::node& node) const {
    const std::string where = "endpoints." + name(word);
    const toml::table* table = node.as_table();
    if (table == nullptr) return wrong(word, where + " is not a table");
    if (name(word).empty() || name(word).find_first_of(":/") != std::string::npos)
      return wrong(word, where + ": a name has no ':' and no '/'");
    Endpoint out;
    out.name = name(word);
    bool has_kind = false, has_input = false, has_output = false;
    Prices prices;
    for (const auto& [key, value] : *table) {
      const std::string field = name(key);
      bool good = true;
      if (field == "kind") {
        const auto kind = kind_named(value.value_or(std::string_view()));
        if (!kind) return wrong(key, where + ".kind is none of local, openai, anthropic");
        out.kind = *kind;
        has_kind = true;
      } else if (field == "model") {
        good = read_text(value, out.model);
      } else if (field == "url") {
        good = read_text(value, out.url);
      } else if (field == "key_env") {
        good = read_text(value, out.key_env);
      } else if (field == "ca_file") {
        good = read_text(value, out.ca_file);
      } else if (field == "input_price") {
        has_input = good = read_price(value, prices.input);
      } else if (field == "output_price") {
        has_output = good = read_price(value, prices.output);
      } else if (field == "concurrency") {
        const auto* number = value.as_integer();
        good = number != nullptr && number->get() >= 1 && number->get() <= kMaxConcurrency;
        if (good) out.concurrency = static_cast<unsigned>(number->get());
      } else {
        return wrong(key, "unknown field '" + field + "' in " + where);
      }
      if (!good) return wrong(key, where + "." + field + " is not " + wanted(field));
    }
    if (!has_kind) return wrong(word, where + " has no kind");
    if (has_input != has_output) return wrong(word, where + " has one price; it takes input_price and output_price");
    if (has_input) out.prices = prices;
    auto complete = complete_endpoint(std::move(out));
    if (!complete) return wrong(word, complete.error().message);
    return complete;
  }

  static bool read_text(const toml::node& value, std::string& out) {
    const auto* text = value.as_string();
    if (text == nullptr || text->get().empty()) return false;
    out = text->get();
    return true;
  }
  static bool read_price(const toml::node& value, double& out) {
    const auto number = value.value<double>();
    if (!value.is_number() || !number || !std::isfinite(*number) || *number < 0) return false;
    out = *number;
    return true;
  }
  static std::string wanted(const std::string& field) {
    if (field == "concurrency") return "a whole number from 1 to " + std::to_string(kMaxConcurrency);
    return field.ends_with("_price") ? "a number from 0" : "a text";
  }

  const toml::table& root_;
  const std::string& path_;
};

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& path) {
  if (text.size() > kMaxConfigBytes) return Error{ErrorCode::kLimit, path + ": above 1 MiB"};
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return Error{ErrorCode::kUsage,
                 path + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description())};
  }
  return Reader(parsed.table(), path).read();
}

}  // namespace koan
