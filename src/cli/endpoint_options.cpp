#include <CLI/CLI.hpp>

#include "cli/endpoints.h"

namespace koan::cli {
namespace {

constexpr const char* kOptions[] = {"--budget-tokens", "--budget", "--retries", "--calls", "--no-cache"};

}  // namespace

void add_remote_options(CLI::App& app, RemoteUse& use) {
  app.add_option("--budget-tokens", use.token_budget,
                 "Remote models: refuse a call that could bring the tokens of this command above N; default 1000000")
      ->type_name("N");
  app.add_option("--budget", use.money_budget, "Likewise for money, at the prices in the configuration")
      ->type_name("MONEY")
      ->check(CLI::NonNegativeNumber.description(""));
  app.add_option("--retries", use.retries, "Ask again at most N times where that may help; default 4")
      ->type_name("N")
      ->check(CLI::Range(0, 100).description(""));
  app.add_option("--calls", use.transcript,
                 "Append every remote call to FILE; default: remote.jsonl of koan's state")
      ->type_name("FILE");
  app.add_flag("--no-cache", use.no_cache, "Ask even if the reply is known, and keep none");
}

std::vector<std::string> remote_options_in(const CLI::App& app) {
  std::vector<std::string> out;
  for (const char* option : kOptions)
    if (app.count(option) != 0) out.emplace_back(option);
  return out;
}

}  // namespace koan::cli
