#include "ask/render.h"

#include <gtest/gtest.h>

namespace koan::ask {
namespace {

std::vector<JsonDocument> lines() {
  return {{{"kind", "koan ask"},
           {"protocol", "batch10"},
           {"oracle", true},
           {"seed", 7},
           {"models", {{"solver", {{"name", "local:nano"}, {"sha256", "0123456789"}}}}},
           {"problem", "Is 1 < 2 & \"3\"?"}},
          {{"kind", "reply"}, {"role", "solver"}, {"label", "attempt"}, {"text", "<script>alert(1)</script>"}},
          {{"kind", "weights"}, {"role", "solver"}, {"label", "predict"}, {"weights", {1, 2}}},
          {{"kind", "result"},
           {"answer", "Yes.\x1b[2J"},
           {"mode", "predicted"},
           {"questions", 1},
           {"bits", 1.25},
           {"decisions", {{{"what", "answer"}, {"about", "Is it?"}, {"symbol", 0}, {"means", "yes"}, {"bits", 1}}}}}};
}

TEST(Render, Text) {
  const std::string text = render_text(lines()).value();
  for (const char* part : {"protocol batch10", "ORACLE", "solver: local:nano (01234567)", "seed 7", "Is 1 < 2 & \"3\"?",
                           "[solver: attempt]\n<script>", "1.00 bits  answer: yes  (Is it?)",
                           "1.25 bits (predicted), 1 questions", "\nAnswer\nYes.?[2J\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
}

TEST(Render, HtmlEscapesWhatModelsSay) {
  const std::string page = render_html(lines()).value();
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos);  // needs nothing from elsewhere
  for (const char* part :
       {"&lt;script&gt;alert(1)", "Is 1 &lt; 2 &amp; &quot;3&quot;?", "class=\"yes\">yes<", "</html>"})
    EXPECT_NE(page.find(part), std::string::npos) << part << " in\n" << page;
}

TEST(Render, WhatIsNotFinishedOrNoTranscript) {
  auto some = lines();
  some.pop_back();
  EXPECT_NE(render_text(some).value().find("Not finished"), std::string::npos);
  EXPECT_NE(render_html(some).value().find("Not finished"), std::string::npos);
  some.erase(some.begin());
  EXPECT_EQ(render_text(some).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(render_html({}).error().code, ErrorCode::kCorrupt);
  // Members of other types are passed over.
  const std::vector<JsonDocument> odd = {{{"kind", "koan ask"}, {"protocol", 5}, {"models", {1, 2}}, {"seed", "x"}},
                                         {{"kind", "result"}, {"decisions", 7}}};
  EXPECT_TRUE(render_text(odd));
  EXPECT_TRUE(render_html(odd));
}

}  // namespace
}  // namespace koan::ask
