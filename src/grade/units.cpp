#include "grade/units.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace koan::grade {
namespace {

// Other spellings of units of measure. Amounts of things (apples, points) are not told apart.
constexpr std::array<std::pair<std::string_view, std::string_view>, 50> kUnits = {{
    {"mm", "mm"},         {"millimeter", "mm"}, {"millimetre", "mm"}, {"cm", "cm"},     {"centimeter", "cm"},
    {"centimetre", "cm"}, {"m", "m"},           {"meter", "m"},       {"metre", "m"},   {"km", "km"},
    {"kilometer", "km"},  {"kilometre", "km"},  {"in", "in"},         {"inch", "in"},   {"inche", "in"},
    {"ft", "ft"},         {"foot", "ft"},       {"feet", "ft"},       {"yd", "yd"},     {"yard", "yd"},
    {"mi", "mi"},         {"mile", "mi"},       {"mg", "mg"},         {"g", "g"},       {"gm", "g"},
    {"gram", "g"},        {"kg", "kg"},         {"kilogram", "kg"},   {"lb", "lb"},     {"pound", "lb"},
    {"oz", "oz"},         {"ounce", "oz"},      {"sec", "s"},         {"second", "s"},  {"min", "min"},
    {"minute", "min"},    {"hr", "h"},          {"hour", "h"},        {"day", "day"},   {"week", "week"},
    {"month", "month"},   {"year", "year"},     {"dollar", "dollar"}, {"cent", "cent"}, {"mph", "mph"},
    {"degree", "degree"}, {"deg", "degree"},    {"liter", "l"},       {"litre", "l"},   {"ml", "ml"},
}};

std::string_view spelling(std::string_view word) {
  for (int plural = 0; plural < 2; ++plural) {
    for (const auto& [name, unit] : kUnits)
      if (word == name) return unit;
    if (!word.ends_with('s')) break;
    word.remove_suffix(1);
  }
  return {};
}

}  // namespace

bool is_unit(std::string_view word) {
  return !spelling(word).empty() || word == "units" || word == "unit" || word == "sq" || word == "pm" || word == "am";
}

bool is_unit_letter(std::string_view word) {
  constexpr std::string_view kLetters = "mgshLlJNWVAKCFT";
  return word.size() == 1 && kLetters.find(word[0]) != std::string_view::npos;
}

std::string one_unit(std::string_view words) {
  std::string word;
  std::string_view out;
  for (std::size_t i = 0; i <= words.size(); ++i) {
    const char c = i < words.size() ? words[i] : ' ';
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (out.empty()) out = spelling(word);
    word.clear();
  }
  return std::string(out);
}

}  // namespace koan::grade
