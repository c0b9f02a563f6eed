// Runs a parsed Jinja template. Nothing but its arguments can influence what it prints: the date is one of them.
#pragma once

#include <string>

#include "chat/jinja_parser.h"

namespace koan::jinja {

struct Date {
  int year = 2026, month = 1, day = 1;
};

// Variables are the members of `variables`. Errors: kUsage for raise_exception() and for operations that Python refuses
// too, kNotSupported for a function, filter, test or method that koan lacks, by name; kLimit above 4 MiB of output,
// a million steps or 100 nested calls. All name the line.
Result<std::string> render(const Nodes& nodes, const Json& variables, Date today);

}  // namespace koan::jinja
