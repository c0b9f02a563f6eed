// Where the figures of a report come from.
#include "report/sections.h"

namespace koan::report {

void add_provenance(Page& page, const std::vector<Run>& runs, const std::vector<Measurements>& measurements,
                    const std::string& koan_version) {
  page.section("provenance", "Where this comes from");
  HtmlTable table;
  table.caption = "Files that were read";
  table.head = {"file", "SHA-256"};
  table.left = 2;
  for (const Run& run : runs)
    for (const auto& [name, hash] : run.hashes) table.rows.push_back({run.folder + "/" + name, hash});
  for (const Measurements& m : measurements) table.rows.push_back({m.path, m.sha256});
  page.table(table);
  for (const Run& run : runs) {
    page.open("Configuration of " + run.task + ", run " + run.name);
    page.quote("All that decides its results: models, prompts, protocols and problems by hash, seeds, limits",
               run.config.is_null() ? "not in results.json"
                                    : run.config.dump(2, ' ', false, JsonDocument::error_handler_t::replace));
    page.close();
  }
  page.note("Page written by koan report, koan " + koan_version + ". The same files give the same page.");
}

}  // namespace koan::report
