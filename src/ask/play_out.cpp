#include "ask/play_out.h"

#include "ask/bit_meter.h"
#include "chat/local_chat.h"
#include "model/model.h"

namespace koan::ask {
namespace {

class Player {
 public:
  Player(Protocol& protocol, const Cast& cast, const PlayOptions& options)
      : protocol_(protocol), cast_(cast), options_(options) {}

  Status all() {
    for (; protocol_.step().kind != StepKind::kDone; ++index_) {
      if (options_.cancelled && options_.cancelled()) return Error{ErrorCode::kCancelled, "interrupted"};
      if (options_.on_step) options_.on_step(protocol_.step());
      hash_ = step_hash(protocol_.step());
      KOAN_ASSIGN(Given given, one());
      KOAN_TRY(protocol_.give(std::move(given)));
    }
    return end();
  }

 private:
  Result<Given> one() {
    switch (protocol_.step().kind) {
      case StepKind::kReplies:
        return replies();
      case StepKind::kWeights:
        return weights();
      default:
        return decision();
    }
  }

  // The line of a part of this step, if the transcript has it.
  Result<const JsonDocument*> recorded(const char* kind, std::size_t part) {
    if (options_.transcript == nullptr) return nullptr;
    const JsonDocument* line = options_.transcript->next();
    if (line == nullptr) return nullptr;
    const JsonDocument wanted = begin_line(kind, part);
    for (const auto& [key, value] : wanted.items())
      if (!line->contains(key) || line->at(key) != value) return other_run();
    return line;
  }

  Error other_run() const {
    return Error{ErrorCode::kUsage, "transcript, line " + std::to_string(options_.transcript->line_number()) +
                                        ": it does not belong to step " + std::to_string(index_) + " of this run"};
  }

  JsonDocument begin_line(const char* kind, std::size_t part) const {
    const Step& step = protocol_.step();
    return {{"kind", kind},        {"step", index_},    {"part", part}, {"role", name_of(step.role)},
            {"label", step.label}, {"step_hash", hash_}};
  }

  Status append(const JsonDocument& line) {
    return options_.transcript == nullptr ? Status() : options_.transcript->append(line);
  }

  Result<ChatModel*> model() const {
    if (ChatModel* model = cast_.at(protocol_.step().role)) return model;
    return Error{ErrorCode::kUsage, std::string("there is no ") + name_of(protocol_.step().role)};
  }

  Result<Given> replies() {
    const std::vector<ChatRequest>& requests = protocol_.step().requests;
    Given out;
    while (out.texts.size() < requests.size()) {
      KOAN_ASSIGN(const JsonDocument* line, recorded("reply", out.texts.size()));
      if (line == nullptr) break;
      if (!line->contains("text") || !line->at("text").is_string()) return other_run();
      out.texts.push_back(line->at("text").get<std::string>());
    }
    while (out.texts.size() < requests.size()) {
      KOAN_ASSIGN(ChatModel * model, model());
      std::span<const ChatRequest> rest = std::span(requests).subspan(out.texts.size());
      // What must be paid for is on disk before more is asked; what runs here runs side by side.
      if (model->identity().empty()) rest = rest.first(1);
      KOAN_ASSIGN(const std::vector<ChatReply> replies, model->replies(rest));
      for (const ChatReply& reply : replies) {
        JsonDocument line = begin_line("reply", out.texts.size());
        out.texts.push_back(replace_broken_utf8(reply.text));
        line["text"] = out.texts.back();
        line["input_tokens"] = reply.usage.input_tokens;
        line["output_tokens"] = reply.usage.output_tokens;
        KOAN_TRY(append(line));
      }
    }
    return out;
  }

  Result<Given> weights() {
    const Step& step = protocol_.step();
    Given out;
    for (std::size_t i = 0; i < step.requests.size(); ++i) {
      KOAN_ASSIGN(const JsonDocument* line, recorded("weights", i));
      if (line != nullptr) {
        KOAN_ASSIGN(out.weights.emplace_back(), weights_in(*line));
        continue;
      }
      KOAN_ASSIGN(ChatModel * model, model());
      KOAN_ASSIGN(const std::vector<ChoiceScore> scores, model->choose(step.requests[i], step.choices));
      JsonDocument fresh = begin_line("weights", i);
      fresh["choices"] = step.choices;
      for (const ChoiceScore& score : scores) fresh["weights"].push_back(score.weight);
      out.weights.emplace_back();
      for (const ChoiceScore& score : scores) out.weights.back().push_back(score.weight);
      KOAN_TRY(append(fresh));
    }
    return out;
  }

  Result<std::vector<std::uint64_t>> weights_in(const JsonDocument& line) const {
    std::vector<std::uint64_t> out;
    if (!line.contains("weights") || !line.at("weights").is_array()) return other_run();
    for (const JsonDocument& weight : line.at("weights")) {
      if (!weight.is_number_unsigned()) return other_run();
      out.push_back(weight.get<std::uint64_t>());
    }
    return out;
  }

  // What was paid for stands in the transcript and is not asked for again.
  Result<Given> live_decision() {
    KOAN_ASSIGN(const JsonDocument* line, recorded("decision", 0));
    Given out;
    if (line != nullptr) {
      if (!line->contains("symbol") || !line->at("symbol").is_number_unsigned()) return other_run();
      out.symbol = line->at("symbol").get<std::size_t>();
      return out;
    }
    KOAN_ASSIGN(out.symbol, options_.ask_far(protocol_));
    KOAN_TRY(append_decision(out.symbol));
    return out;
  }

  Status append_decision(std::size_t symbol) {
    JsonDocument fresh = begin_line("decision", 0);
    fresh["about"] = protocol_.step().decision.about;
    fresh["symbol"] = symbol;
    return append(fresh);
  }

  Result<Given> decision() {
    if (options_.ask_far) return live_decision();
    if (options_.decisions == nullptr) return Error{ErrorCode::kInternal, "a decision is wanted, and nobody has it"};
    Given out;
    KOAN_ASSIGN(out.symbol, options_.decisions->next(protocol_.step().decision));
    KOAN_ASSIGN(const JsonDocument* line, recorded("decision", 0));
    if (line != nullptr) {
      if (!line->contains("symbol") || line->at("symbol") != out.symbol) return other_run();
      return out;
    }
    KOAN_TRY(append_decision(out.symbol));
    return out;
  }

  Status end() {
    if (options_.decisions != nullptr) KOAN_TRY(options_.decisions->finish());
    if (options_.transcript == nullptr) return {};
    const JsonDocument result = result_of(protocol_);
    const JsonDocument* line = options_.transcript->next();
    if (line == nullptr) return append(result);
    return *line == result ? Status() : Status(other_run());
  }

  Protocol& protocol_;
  const Cast& cast_;
  const PlayOptions& options_;
  std::size_t index_ = 0;
  std::string hash_;
};

const char* name_of_symbol(const Decision& decision) {
  if (decision.what == "answer") return decision.symbol == kYes ? "yes" : decision.symbol == kNo ? "no" : "unanswered";
  if (decision.what == "verdict") return decision.symbol == 0 ? "right" : "wrong";
  if (decision.what == "stop") return decision.symbol == 0 ? "stop" : "go on";
  return "";
}

}  // namespace

void set_scores(const Cast& cast, Settings* settings) {
  for (std::size_t i = 0; i < kRoles; ++i)
    settings->scores[i] = cast.models[i] != nullptr && !cast.models[i]->identity().empty();
}

JsonDocument header_of(const Protocol& protocol, const Cast& cast) {
  const ProtocolData& data = protocol.data();
  const Settings& settings = protocol.settings();
  JsonDocument models = JsonDocument::object();
  for (std::size_t i = 0; i < kRoles; ++i) {
    if (cast.models[i] == nullptr) continue;
    models[name_of(static_cast<Role>(i))] = {{"name", cast.models[i]->name()}, {"sha256", cast.models[i]->identity()}};
  }
  JsonDocument out = {{"kind", "koan ask"},
                      {"version", 1},
                      {"side", settings.side == Side::kBoth ? "both" : "near"},
                      {"protocol", data.name},
                      {"protocol_version", data.version},
                      {"protocol_sha256", to_hex(data.hash)},
                      {"oracle", data.gold},
                      {"numerics", kNumericsVersion},
                      {"seed", settings.seed},
                      {"max_tokens", settings.cap},
                      {"models", std::move(models)},
                      {"problem", settings.problem}};
  if (settings.live) out["live"] = true;
  if (data.gold) out["gold_sha256"] = to_hex(sha256(as_bytes(settings.gold)));
  return out;
}

Status play_out(Protocol& protocol, const Cast& cast, const PlayOptions& options) {
  return Player(protocol, cast, options).all();
}

JsonDocument result_of(const Protocol& protocol) {
  const Exchange& exchange = protocol.exchange();
  const ProtocolData& data = protocol.data();
  const Mode mode =
      protocol.settings().side == Side::kNear ? protocol.settings().mode : cheaper_mode(exchange.decisions, data);
  JsonDocument decisions = JsonDocument::array();
  const bool live = protocol.settings().live;
  double metered = 0;
  for (const Decision& decision : exchange.decisions) {
    const Frequencies& frequencies = mode == Mode::kPredicted ? decision.predicted : decision.plain;
    const double price = static_cast<double>(metered_bits(decision));
    metered += price;
    decisions.push_back({{"what", decision.what},
                         {"about", decision.about},
                         {"symbol", decision.symbol},
                         {"means", name_of_symbol(decision)},
                         {"bits", live ? price : to_bits(cost_of(frequencies, decision.symbol))}});
  }
  JsonDocument out = {{"kind", "result"},
                      {"answer", exchange.answer},
                      {"mode", live                       ? "live"
                               : mode == Mode::kPredicted ? "predicted"
                                                          : "plain"},
                      {"questions", exchange.asked.size()},
                      {"bits", live ? metered : to_bits(cost_of(exchange.decisions, mode, data))}};
  // The near side does not know the predictions that a payload in plain mode was compared with.
  Bytes payload = protocol.settings().side == Side::kBoth ? encode_decisions(exchange.decisions, data) : Bytes();
  if (protocol.settings().side == Side::kBoth) out["payload_bytes"] = payload.size();
  out["decisions"] = std::move(decisions);
  return out;
}

}  // namespace koan::ask
