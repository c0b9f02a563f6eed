// The page as it grows: sections, tables, charts. One file that opens without a network (docs/evaluation.md, "Report").
#pragma once

#include <string>
#include <vector>

#include "formats/json_document.h"
#include "report/html.h"

namespace koan::report {

struct Chart {
  std::string id;  // of the page: letters, digits, dashes
  std::string title;
  std::string alt;    // what it shows, for those who do not see it
  JsonDocument spec;  // Vega-Lite, without colours: the page brings them
};

class Page {
 public:
  void section(const std::string& id, const std::string& title);
  void heading(const std::string& title);  // within a section
  void paragraph(const std::string& words);
  void note(const std::string& words);
  void table(const HtmlTable& table) { body_ += to_html(table); }
  // A chart and its figures as a table, folded.
  void chart(const Chart& chart, const HtmlTable& figures);
  // What follows until close() is folded.
  void open(const std::string& summary);
  void close() { body_ += "</div></details>\n"; }
  // Words of a model, as they are.
  void quote(const std::string& title, const std::string& words);

  // The page; `title` in its head. Deterministic.
  std::string html(const std::string& title) const;

 private:
  std::string body_;
  std::vector<std::pair<std::string, std::string>> sections_;  // id, title
};

}  // namespace koan::report
