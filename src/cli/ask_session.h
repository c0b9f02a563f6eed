// What the verbs of koan ask share: the problem, the models by role, one run with its transcript.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ask/play_out.h"
#include "cli/ask_live.h"
#include "cli/endpoints.h"
#include "cli/report.h"

namespace koan::cli {

// Text in UTF-8 without the line ends at its end.
Result<std::string> read_problem(const AskArguments& arguments);

// Models by their word; each is loaded once.
class AskModels {
 public:
  static Result<AskModels> create(const AskArguments& arguments);
  Result<ChatModel*> get(const std::string& word);

 private:
  explicit AskModels(Endpoints endpoints) : endpoints_(std::move(endpoints)) {}

  Endpoints endpoints_;
  std::map<std::string, std::unique_ptr<ChatModel>> models_;
};

struct AskRun {
  ask::Settings settings;  // without scores, which the models decide
  ask::Cast cast;
  ask::DecisionReader* decisions = nullptr;
  AskFar far = {};  // instead, in live mode
};

// The pair that was taught to play (docs/training.md, "The drill pair").
inline constexpr const char* kDefaultSmall = "local:drill-small";
inline constexpr const char* kDefaultLarge = "local:drill-large";

// A protocol that names no prompts gets those that the model was taught with.
Result<ask::ProtocolData> protocol_for(const std::string& protocol, const std::string& model);

// What an embedded model cannot do.
void warn_of_embedded(const AskArguments& arguments, const std::string& word);

// Plays to the end.
Result<ask::Protocol> play(const AskArguments& arguments, const ask::ProtocolData& data, AskRun run);

// kUsage unless solver and questioner are exact.
Result<ask::AskIdentity> identity_of(const std::string& problem, const ask::ProtocolData& data, const ask::Cast& cast);

// The answer on stdout, what it cost on stderr; or both as JSON. `file_bytes` 0: there is no file.
void report(const AskArguments& arguments, const ask::Protocol& played, std::size_t file_bytes);

}  // namespace koan::cli
