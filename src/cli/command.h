// The verbs, one file each. They return an exit code (docs/cli.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"

namespace koan::cli {

int run_compress(const Arguments& arguments);
int run_decompress(const Arguments& arguments);
int run_test(const Arguments& arguments);
int run_list(const Arguments& arguments);
int run_models(const Arguments& arguments);
// koan models import, remove; nothing: it is neither.
std::optional<int> run_models_store(const std::vector<std::string>& words);
int run_list_records(const Arguments& arguments);  // koan list --records
int run_bench(const Arguments& arguments);
// These read their own words.
int run_eval(const std::vector<std::string>& words);
int run_eval_run(const std::vector<std::string>& words);  // koan eval run
int run_report(const std::vector<std::string>& words);
int run_generate(const std::vector<std::string>& words);
int run_ask(const std::vector<std::string>& words);
int run_rewrite(const std::vector<std::string>& words);

// Verbs that read their own command line: what follows the verb.
int run_adapt(const std::vector<std::string>& words);
int run_adapters(const std::vector<std::string>& words);

}  // namespace koan::cli
