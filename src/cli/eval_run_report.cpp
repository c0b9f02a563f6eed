#include "cli/eval_run_report.h"

#include <unistd.h>

#include "cli/report.h"

namespace koan::cli {
namespace {

constexpr double kLogInterval = 60;  // seconds

std::string rate_text(double value, double low, double high) {
  return format("%.1f [%.1f, %.1f]", 100 * value, 100 * low, 100 * high);
}

std::string recovery_text(const runs::Recovery& recovery) {
  if (!recovery.value) return "-";
  if (!recovery.interval) return format("%.1f [-, -]", 100 * *recovery.value);
  return rate_text(*recovery.value, recovery.interval->low, recovery.interval->high);
}

std::string p_text(const runs::ArmSummary& arm, const char* other) {
  const auto found = arm.against.find(other);
  if (found == arm.against.end()) return "";
  return found->second.p < 0.001 ? "<0.001" : format("%.3f", found->second.p);
}

}  // namespace

RunProgress::RunProgress(bool quiet, std::string name)
    : quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) != 0),
      name_(std::move(name)),
      line_(!quiet, name_),
      start_(seconds_now()),
      last_(start_) {}

void RunProgress::show(std::size_t done, std::size_t total) {
  if (!begun_) first_ = done;
  begun_ = true;
  const double now = seconds_now(), elapsed = now - start_;
  std::string more = format("  %zu of %zu samples", done, total);
  if (done > first_)
    more += "  ETA " + clock_text(elapsed / static_cast<double>(done - first_) * static_cast<double>(total - done));
  const double share = total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(total);
  if (terminal_) {
    line_.show(share, more);
  } else if (!quiet_ && now - last_ >= kLogInterval) {
    last_ = now;
    say(format("%s: %.0f%%", name_.c_str(), 100 * share) + more);
  }
}

std::string estimate_line(const PaidModel& model, const std::optional<runs::Prices>& prices) {
  const runs::Estimate& e = model.estimate;
  std::string out = format("%s: about %.0f calls, %.0f tokens in, %.0f out (at most %.0f)", model.word.c_str(), e.calls,
                           e.input_tokens, e.output_tokens, e.most_output_tokens);
  if (prices)
    out += format(", about %.2f (at most %.2f) at the prices in the configuration", runs::money_of(e, *prices, false),
                  runs::money_of(e, *prices, true));
  return out + "; replies that are cached cost nothing";
}

std::string table_of(const runs::RunConfig& config, const runs::RunSummary& summary) {
  Table table({"arm", "right %", "gap recovered %", "bits", "harm %", "p retry", "p random"});
  bool oracle = false;
  for (const runs::ArmSummary& arm : summary.arms) {
    oracle = oracle || arm.name.starts_with("oracle");
    table.add({arm.name, rate_text(arm.accuracy.value, arm.accuracy.low, arm.accuracy.high),
               recovery_text(arm.recovery), format("%.1f", arm.means.bits),
               summary.n_easy == 0 ? "-" : format("%.1f", 100 * arm.harm.value), p_text(arm, "retry"),
               p_text(arm, "random_bits")});
  }
  std::string out =
      format("%s: %zu problems, %u %s, seed %llu; small %s, large %s\n\n", config.task.name.c_str(), summary.problems,
             config.trials, config.trials == 1 ? "trial" : "trials", static_cast<unsigned long long>(config.seed),
             config.small.name.c_str(), config.large.name.c_str());
  out = printable(out.substr(0, out.size() - 2)) + "\n\n" + table.text();
  out += format("\ngap %.1f points; intervals of 95%%; p: McNemar's exact test against that arm\n", 100 * summary.gap);
  out +=
      format("medium and hard: %zu problems that only the large model has right; harm: of %zu that the small one has\n",
             summary.n_medium_hard, summary.n_easy);
  if (oracle) out += "oracle arms were told the reference answer: an upper bound, not a method\n";
  for (const runs::ArmSummary& arm : summary.arms)
    if (arm.errors != 0) out += format("%s: %zu samples failed and count as wrong\n", arm.name.c_str(), arm.errors);
  return out;
}

}  // namespace koan::cli
