#include "grade/math.h"

#include "grade/answer.h"

namespace koan::grade {

bool same_math(std::string_view a, std::string_view b) { return same_answer(a, b); }

}  // namespace koan::grade
