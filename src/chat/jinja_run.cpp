#include "chat/jinja_run.h"

#include "chat/jinja_evaluate.h"

namespace koan::jinja {
namespace {

using Kind = Node::Kind;
constexpr std::size_t kMaxOutput = std::size_t{4} << 20;

enum class Flow { kOn, kBreak, kContinue };

class Runner : public Evaluator {
 public:
  Runner(const Json& variables, Date today) : Evaluator(variables, today) {}

  Result<Flow> run(const Nodes& nodes) {
    for (const auto& node : nodes) {
      auto flow = statement(*node);
      if (!flow) return located(std::move(flow).error(), *node);
      if (*flow != Flow::kOn) return flow;
    }
    return Flow::kOn;
  }
  std::string take_output() { return std::exchange(out_, {}); }

 protected:
  Result<Value> call_macro(const Node& macro, Call call) override {
    if (depth_ >= 100) return Error{ErrorCode::kLimit, "macros are nested deeper than 100"};
    ++depth_;
    auto result = run_macro(macro, std::move(call));
    --depth_;
    return result;
  }

 private:
  Result<Flow> statement(const Node& node) {
    KOAN_TRY(count_step(1));
    switch (node.kind) {
      case Kind::kText:
        KOAN_TRY(print(node.text));
        return Flow::kOn;
      case Kind::kOutput: {
        KOAN_ASSIGN(const Value value, evaluate(*node.parts[0]));
        KOAN_TRY(print(to_text(value)));
        return Flow::kOn;
      }
      case Kind::kIf: {
        KOAN_ASSIGN(const Value condition, evaluate(*node.parts[0]));
        return run(truth(condition) ? node.body : node.otherwise);
      }
      case Kind::kFor:
        return loop(node);
      case Kind::kSet:
        KOAN_TRY(set(node));
        return Flow::kOn;
      case Kind::kSetBlock: {
        KOAN_ASSIGN(Value text, captured(node.body));
        scopes_.back()[node.names[0]] = std::move(text);
        return Flow::kOn;
      }
      case Kind::kMacro: {
        Value macro;
        macro.kind = Value::Kind::kMacro;
        macro.macro = &node;
        scopes_.back()[node.text] = std::move(macro);
        return Flow::kOn;
      }
      case Kind::kBreak:
        return Flow::kBreak;
      default:
        return Flow::kContinue;
    }
  }

  Status print(const std::string& text) {
    if (out_.size() + text.size() > kMaxOutput) return Error{ErrorCode::kLimit, "the prompt is longer than 4 MiB"};
    out_ += text;
    return {};
  }

  Result<Value> captured(const Nodes& body) {
    std::string outer = std::exchange(out_, {});
    scopes_.emplace_back();
    const auto flow = run(body);
    scopes_.pop_back();
    std::string text = std::exchange(out_, std::move(outer));
    if (!flow) return Error(flow.error());
    return Value(std::move(text));
  }

  Status set(const Node& node) {
    KOAN_ASSIGN(const Value value, evaluate(*node.parts.back()));
    const std::size_t targets = node.parts.size() - 1;
    if (targets == 1) return assign(*node.parts[0], value);
    KOAN_ASSIGN(const std::vector<Json> items, items_of(value));
    if (items.size() != targets) return Error{ErrorCode::kUsage, "as many values as names are needed"};
    for (std::size_t i = 0; i < targets; ++i) KOAN_TRY(assign(*node.parts[i], Value(items[i])));
    return {};
  }

  Status assign(const Node& target, Value value) {
    if (target.kind == Kind::kName) {
      scopes_.back()[target.text] = std::move(value);
      return {};
    }
    const Value owner = lookup(target.parts[0]->text);
    if (owner.kind != Value::Kind::kNamespace)
      return Error{ErrorCode::kUsage, "'" + target.parts[0]->text + "' is no namespace"};
    (*owner.names)[target.text] = std::move(value);
    return {};
  }

  Status bind_targets(const Node& node, const Json& item) {
    if (node.names.size() == 1) {
      scopes_.back()[node.names[0]] = Value(item);
      return {};
    }
    if (!item.is_array() || item.size() != node.names.size())
      return Error{ErrorCode::kUsage, "an item does not have as many parts as there are names"};
    for (std::size_t i = 0; i < node.names.size(); ++i) scopes_.back()[node.names[i]] = Value(item[i]);
    return {};
  }

  Result<std::vector<Json>> loop_items(const Node& node) {
    KOAN_ASSIGN(const Value whole, evaluate(*node.parts[0]));
    KOAN_ASSIGN(std::vector<Json> items, items_of(whole));
    if (node.parts.size() == 1) return items;
    std::vector<Json> kept;
    scopes_.emplace_back();
    Status failed;
    for (Json& item : items) {
      failed = bind_targets(node, item);
      if (!failed) break;
      auto condition = evaluate(*node.parts[1]);
      if (!condition) failed = std::move(condition).error();
      if (!failed) break;
      if (truth(*condition)) kept.push_back(std::move(item));
    }
    scopes_.pop_back();
    if (!failed) return std::move(failed).error();
    return kept;
  }

  Result<Flow> loop(const Node& node) {
    KOAN_ASSIGN(const std::vector<Json> items, loop_items(node));
    if (items.empty()) return run(node.otherwise);
    for (std::size_t i = 0; i < items.size(); ++i) {
      KOAN_TRY(count_step(1));
      Json about = {{"index", i + 1},
                    {"index0", i},
                    {"first", i == 0},
                    {"last", i + 1 == items.size()},
                    {"length", items.size()},
                    {"revindex", items.size() - i},
                    {"revindex0", items.size() - i - 1}};
      if (i > 0) about["previtem"] = items[i - 1];
      if (i + 1 < items.size()) about["nextitem"] = items[i + 1];
      scopes_.emplace_back();
      scopes_.back()["loop"] = Value(std::move(about));
      const Status bound = bind_targets(node, items[i]);
      auto flow = bound ? run(node.body) : Result<Flow>(Error(bound.error()));
      scopes_.pop_back();
      if (!flow) return flow;
      if (*flow == Flow::kBreak) break;
    }
    return Flow::kOn;
  }

  // A macro sees the template's variables and its own, not those of where it is called.
  Result<Value> run_macro(const Node& macro, Call call) {
    Scope own;
    const std::size_t names = macro.names.size(), defaults = macro.parts.size();
    if (call.values.size() > names) return Error{ErrorCode::kUsage, "macro '" + macro.text + "' has fewer parameters"};
    for (std::size_t i = 0; i < names; ++i) {
      if (const Value* given = call.get(i, macro.names[i])) {
        own[macro.names[i]] = *given;
      } else if (i + defaults >= names) {
        KOAN_ASSIGN(own[macro.names[i]], evaluate(*macro.parts[i + defaults - names]));
      } else {
        own[macro.names[i]] = undefined(macro.names[i]);
      }
    }
    std::vector<Scope> outer(std::make_move_iterator(scopes_.begin() + kGlobalScopes),
                             std::make_move_iterator(scopes_.end()));
    scopes_.resize(kGlobalScopes);
    scopes_.push_back(std::move(own));
    auto text = captured(macro.body);
    scopes_.resize(kGlobalScopes);
    scopes_.insert(scopes_.end(), std::make_move_iterator(outer.begin()), std::make_move_iterator(outer.end()));
    return text;
  }

  std::string out_;
  int depth_ = 0;
};

}  // namespace

Result<std::string> render(const Nodes& nodes, const Json& variables, Date today) {
  Runner runner(variables, today);
  const auto flow = runner.run(nodes);
  if (!flow) return Error(flow.error());
  return runner.take_output();
}

}  // namespace koan::jinja
