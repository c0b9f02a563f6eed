// koan report: runs and measurements as one page (docs/evaluation.md, "Report").
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/report.h"
#include "cli/report_page.h"
#include "cli/whole_file.h"
#include "koan/koan.h"

namespace koan::cli {
namespace {

struct ReportArguments {
  std::vector<std::string> inputs;
  std::string output = "report.html";
  report::Settings settings;
  bool force = false, quiet = false;
};

bool parse(const std::vector<std::string>& words, ReportArguments& out, int* code) {
  CLI::App app("Runs and measurements as one page that opens offline (docs/evaluation.md, Report)", "koan report");
  app.set_help_flag("-h,--help", "Print this help");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("RUN", out.inputs,
                 "Folders of koan eval run, and files of measurements: CSV of bench/ or of koan eval lossless, JSON of "
                 "koan bench")
      ->type_name("")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("-o,--output", out.output, "The page; its figures go beside it as .csv and .json; default report.html")
      ->type_name("FILE");
  app.add_option("--title", out.settings.title, "Of the page")->type_name("TEXT");
  app.add_option("--examples", out.settings.examples, "So many wins and losses of each method; default 5")
      ->type_name("N")
      ->check(CLI::Range(0, 1000).description(""));
  app.add_flag("-f,--force", out.force, "Replace files that exist");
  app.add_flag("-q,--quiet", out.quiet, "Say nothing but errors");
  return parse_words(app, words, "koan report", code);
}

// report.html: report.csv, report.json
std::string beside(const std::string& page, const std::string& ending) {
  const std::size_t dot = page.rfind('.');
  const std::size_t slash = page.rfind('/');
  const bool has_ending = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  return page.substr(0, has_ending ? dot : page.size()) + ending;
}

Status write_report(const ReportArguments& arguments) {
  report::Input input;
  for (const std::string& path : arguments.inputs) KOAN_TRY(report::add_input(input, path));
  return write_report_page({input, arguments.settings, arguments.output, arguments.force, arguments.quiet});
}

}  // namespace

Status write_report_page(const ReportPage& page) {
  KOAN_ASSIGN(const report::Report made, report::make_report(page.input, page.settings));
  const std::pair<std::string, const std::string*> files[] = {
      {page.output, &made.html},
      {beside(page.output, ".json"), &made.json},
      {beside(page.output, ".csv"), &made.arms_csv},
      {beside(page.output, ".lossless.csv"), &made.lossless_csv}};
  for (const auto& [path, content] : files) {
    if (content->empty()) continue;
    KOAN_TRY(write_whole(path, as_bytes(*content), page.force));
    if (!page.quiet) say(printable(path) + ": " + human_size(content->size()));
  }
  return {};
}

int run_report(const std::vector<std::string>& words) {
  ReportArguments arguments;
  int code = kExitOk;
  if (!parse(words, arguments, &code)) return code;
  arguments.settings.koan_version = koan_version();
  return end_with(write_report(arguments));
}

}  // namespace koan::cli
