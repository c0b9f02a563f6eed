// The verbs of koan adapters, one function each; cmd_adapters.cpp has the table. Exit codes as in command.h.
#pragma once

#include <optional>
#include <string>

#include "cli/arguments.h"
#include "cli/report.h"
#include "cli/session.h"
#include "formats/adapter.h"

namespace koan::cli {

int run_adapters_list(const Arguments& arguments);
int run_adapters_info(const Arguments& arguments);
int run_adapters_add(const Arguments& arguments);
int run_adapters_remove(const Arguments& arguments);
int run_adapters_cluster(const Arguments& arguments);

// What an adapter's file says about it.
struct AdapterFacts {
  std::string base_name, base_sha256;  // empty: it does not say
  std::uint32_t least_rank = 0, most_rank = 0;
  std::string targets;                                    // "attn_q, attn_v": kinds of matrices
  std::optional<double> held_out_before, held_out_after;  // bits per byte
  bool routes_text = false, routes_prompt = false;

  // Share of the held-out text's bits that it saves; nothing without measurements.
  std::optional<double> gain() const;
  std::string rank() const;  // "8", "4-16"
};
Result<AdapterFacts> facts_of(const Adapter& adapter);

// Whether the base models of adapters are here: the embedded one, and those of the model folders, which are read when
// another is asked for.
class KnownModels {
 public:
  explicit KnownModels(const Arguments& arguments) : arguments_(arguments) {}
  bool has(const std::string& sha256);  // in hexadecimal

 private:
  bool is_among_loaded(const std::string& sha256);
  const Arguments& arguments_;
  bool tried_ = false;
  std::optional<Session> session_;
};

// Of one adapter file.
Json json_of(const std::string& name, const std::string& path, const Adapter& adapter, const AdapterFacts& facts,
             bool base_known);

}  // namespace koan::cli
