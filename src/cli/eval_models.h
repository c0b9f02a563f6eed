// The models of koan eval run: loaded once, and given to each worker.
#pragma once

#include <map>
#include <string>

#include "cli/endpoints.h"
#include "runs/config.h"

namespace koan::cli {

class EvalModels {
 public:
  // Loads those that run here. An empty judge: none. Errors: those of resolve_endpoint and load_local.
  struct Words {
    std::string small, large, judge;
  };
  static Result<EvalModels> create(Words words);

  runs::ModelName name_of(const std::string& word) const;  // without a name for an empty word
  runs::ModelFacts facts_of(const std::string& word) const;
  bool is_remote(const std::string& word) const;
  bool any_remote() const;
  // A crew for each worker. Errors: those of Endpoints::create; of the crews, of Endpoints::open.
  Result<runs::CrewMaker> crews(const RemoteUse& remote) const;

 private:
  struct Known;
  std::map<std::string, std::shared_ptr<const Known>> known_;
  Words words_;
};

}  // namespace koan::cli
