#include "report/html.h"

#include <gtest/gtest.h>

#include <string>

#include "report/run_files.h"

namespace koan::report {
namespace {

TEST(Escape, LeavesNothingThatMeansSomethingInHtml) {
  EXPECT_EQ(escape("<b a=\"x\" c='y'>&amp;"), "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;");
  EXPECT_EQ(escape("a\tb\nc \xC3\xA4 \xF0\x9F\x98\x80"), "a\tb\nc \xC3\xA4 \xF0\x9F\x98\x80");
}

TEST(Escape, ReplacesWhatIsNoTextOrTurnsIt) {
  EXPECT_EQ(escape(std::string("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(escape("a\xFF\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(escape("a\x1B[0m"), "a\xEF\xBF\xBD[0m");
  EXPECT_EQ(escape("a\xE2\x80\xAE"
                   "b"),
            "a\xEF\xBF\xBD"
            "b");  // right-to-left override
}

TEST(Escape, EveryByteGivesSomethingHarmless) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const std::string out = escape(std::string{static_cast<char>(a), static_cast<char>(b)});
      ASSERT_EQ(out.find_first_of("<>\"'"), std::string::npos) << a << " " << b;
    }
}

TEST(JsonForScript, CannotLeaveItsElement) {
  const std::string out = json_for_script({{"x", "</script><!--<script>\"'&"}});
  EXPECT_EQ(out.find_first_of("<>"), std::string::npos);
  EXPECT_EQ(JsonDocument::parse(out)["x"], "</script><!--<script>\"'&");
}

TEST(Numbers, AreForPeople) {
  EXPECT_EQ(fixed(1.25, 1), "1.2");
  EXPECT_EQ(fixed(kNothing, 1), "\u2013");
  EXPECT_EQ(percent(0.1234), "12.3%");
  EXPECT_EQ(percent(Interval{0.5, 0.25, 0.75}), "50.0% (25.0 to 75.0)");
  EXPECT_EQ(percent(Interval{0.5, kNothing, kNothing}), "50.0%");
  EXPECT_EQ(brief(0.00312), "0.00312");
  EXPECT_EQ(brief(999.6), "1k");
  EXPECT_EQ(brief(1234567), "1.23M");
}

TEST(Csv, QuotesAndDisarms) {
  EXPECT_EQ(csv_line({"a", "b,c", "d\"e", "f\ng", "-1.5", ""}), "a,\"b,c\",\"d\"\"e\",\"f\ng\",-1.5,\n");
  EXPECT_EQ(csv_line({"=HYPERLINK(1)", "@x", "-cmd"}), "'=HYPERLINK(1),'@x,'-cmd\n");
}

TEST(Table, HasHeadsForReaders) {
  HtmlTable table{"<c>", {"name", "n"}, {{"x<", {"1", true}}}, 1};
  const std::string html = to_html(table);
  EXPECT_NE(html.find("<caption>&lt;c&gt;</caption>"), std::string::npos);
  EXPECT_NE(html.find("<th scope=\"col\">name</th><th scope=\"col\" class=\"n\">n</th>"), std::string::npos);
  EXPECT_NE(html.find("<th scope=\"row\">x&lt;</th><td class=\"n marked\">1</td>"), std::string::npos);
}

}  // namespace
}  // namespace koan::report
