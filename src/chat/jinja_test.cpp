// Templates against what python3-jinja2 makes of them (tests/chat/make_cases.py), and limits.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "chat/jinja_run.h"

namespace koan::jinja {
namespace {

constexpr Date kDay{2026, 11, 5};  // as in make_cases.py

Result<std::string> run(const std::string& source, const Json& variables) {
  KOAN_ASSIGN(const Nodes nodes, parse_template(source));
  return render(nodes, variables, kDay);
}

Json cases() {
  std::ifstream file(KOAN_SOURCE_DIR "/tests/chat/cases.json");
  return Json::parse(file);
}

// "expected" is null where Python refuses.
void expect_agreement(const Json& all) {
  for (const Json& c : all) {
    SCOPED_TRACE(c["name"].get<std::string>());
    const auto out = run(c["template"].get<std::string>(), c["variables"]);
    if (c["expected"].is_null()) {
      EXPECT_FALSE(out) << "Python refuses";
      continue;
    }
    ASSERT_TRUE(out) << out.error().message << "\n" << c["template"].get<std::string>();
    EXPECT_EQ(*out, c["expected"].get<std::string>()) << c["template"].get<std::string>();
  }
}

TEST(Jinja, AgreesWithPython) {
  const Json all = cases();
  ASSERT_GE(all["cases"].size(), 60u);
  expect_agreement(all["cases"]);
}

TEST(Jinja, AgreesWithPythonOnRealTemplates) {
  const char* path = std::getenv("KOAN_CHAT_CASES");
  if (path == nullptr) GTEST_SKIP() << "the templates of real models come with tests/tokenizers/templates.sh";
  std::ifstream file(path);
  const Json all = Json::parse(file);
  ASSERT_GE(all.size(), 100u);
  expect_agreement(all);
}

TEST(Jinja, RefusesWhatPythonRefuses) {
  const Json all = cases();
  ASSERT_GE(all["refused"].size(), 15u);
  for (const Json& source : all["refused"]) {
    const auto out = run(source.get<std::string>(), {{"messages", Json::array({{{"role", "user"}}})}});
    ASSERT_FALSE(out) << source;
    EXPECT_TRUE(out.error().message.starts_with("chat template, line 1: ")) << source << ": " << out.error().message;
  }
}

TEST(Jinja, NamesWhatItLacks) {
  for (const auto& [source, name] :
       std::vector<std::pair<std::string, std::string>>{{"a\n{% include 'x' %}", "include"},
                                                        {"\n{{ 1 | xmlattr }}", "xmlattr"},
                                                        {"\n{{ 'a'.zfill(3) }}", "zfill"},
                                                        {"\n{{ 1 is escaped }}", "escaped"},
                                                        {"\n{{ 2 ** 3 }}", "**"},
                                                        {"\n{{ 1 < 2 < 3 }}", "comparisons"}}) {
    const auto out = run(source, Json::object());
    ASSERT_FALSE(out) << source;
    EXPECT_EQ(out.error().code, ErrorCode::kNotSupported) << out.error().message;
    EXPECT_NE(out.error().message.find("line 2"), std::string::npos) << out.error().message;
    EXPECT_NE(out.error().message.find(name), std::string::npos) << out.error().message;
  }
}

TEST(Jinja, HasLimits) {
  const std::string deep = std::string(5000, '(') + "1" + std::string(5000, ')');
  for (const std::string& source :
       {"{{ " + deep + " }}", std::string("{{ 'a' * 99999999999 }}"),
        std::string("{% for x in range(99999) %}{{ 'aaaaaaaaaa' * 99999 }}{% endfor %}"),
        std::string("{% for x in range(9999) %}{% for y in range(9999) %}{% endfor %}{% endfor %}"),
        std::string("{{ range(1, 999999999) }}"),
        std::string("{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}"),
        std::string("{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}"),
        std::string("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")}) {
    const auto out = run(source, Json::object());
    ASSERT_FALSE(out) << source.substr(0, 80);
    EXPECT_EQ(out.error().code, ErrorCode::kLimit) << out.error().message;
  }
}

// Every beginning of a template, and every template with one byte changed, is either run or refused.
TEST(Jinja, SurvivesDamage) {
  const Json all = cases();
  for (std::size_t i = 0; i < 12; ++i) {
    const std::string source = all["cases"][i]["template"];
    for (std::size_t n = 0; n < source.size(); n += 3) {
      (void)run(source.substr(0, n), all["cases"][i]["variables"]).has_value();
      std::string bent = source;
      bent[n] = static_cast<char>("{}%'|([.-=\n\xFF"[n % 12]);
      (void)run(bent, all["cases"][i]["variables"]).has_value();
    }
  }
}

}  // namespace
}  // namespace koan::jinja
