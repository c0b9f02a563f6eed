// Units behind values. A unit says nothing in comparison with none, but centimetres are not metres.
#pragma once

#include <string>
#include <string_view>

namespace koan::grade {

bool is_unit(std::string_view word);         // cm, ft, dollars ...
bool is_unit_letter(std::string_view word);  // m, g, s ...
// One spelling of a unit of measure ("cm" of "square centimeters"); empty for everything else.
std::string one_unit(std::string_view words);

}  // namespace koan::grade
