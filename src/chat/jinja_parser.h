// A Jinja template as a tree. Statements: output, if, for (with filter, else, break, continue), set (names, attributes
// of a namespace, blocks) and macro; every other one is refused by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/jinja_value.h"

namespace koan::jinja {

struct Node {
  enum class Kind {
    // statements; `body` and `otherwise` are their blocks
    kText,      // text
    kOutput,    // parts: what to print
    kIf,        // parts: condition
    kFor,       // names: targets; parts: what to go through, then a condition if there is one
    kSet,       // parts: target (kName or kAttribute, or several), then the value
    kSetBlock,  // names: target; body
    kMacro,     // text: name; names: parameters; parts: defaults of the last ones
    kBreak,
    kContinue,
    // expressions
    kConstant,   // value
    kName,       // text
    kList,       // parts
    kMapping,    // parts: key, value, key, value ...
    kAttribute,  // text; parts: of what
    kItem,       // parts: of what, index
    kSlice,      // parts: of what, start, stop, step; null constants where nothing was said
    kCall,       // parts: what, then arguments; names: keyword of each argument, empty for positional ones
    kFilter,     // text: name; parts: of what, then arguments; names as kCall
    kTest,       // as kFilter
    kUnary,      // text: not, -, +; parts
    kBinary,     // text: operator; parts
    kChoose,     // a if b else c: parts a, b, and c if there is one
  };
  Kind kind;
  std::size_t line = 0;
  std::string text;
  Value value;
  std::vector<std::string> names;
  std::vector<std::unique_ptr<Node>> parts;
  std::vector<std::unique_ptr<Node>> body, otherwise;
};

using Nodes = std::vector<std::unique_ptr<Node>>;

// Errors: kCorrupt with the line; kNotSupported for a statement that koan does not run, by name; kLimit for nesting
// deeper than 100.
Result<Nodes> parse_template(std::string_view source);

}  // namespace koan::jinja
