// Which function a program's tests call, so that a model can be told. Inside of the module.
#pragma once

#include <string>
#include <string_view>

namespace koan::tasks {

// The first function that `test` calls of those that `solution` defines; else the first that it calls at all. Empty:
// none.
std::string called_function(std::string_view test, std::string_view solution);
// The last function that the text defines at its margin; empty if there is none.
std::string last_function(std::string_view text);
// `name` with the parameters that `solution` gives it: "area(a, b)"; the name alone if it does not define it.
std::string signature(std::string_view name, std::string_view solution);

}  // namespace koan::tasks
