#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "cli/report.h"
#include "cli/signals.h"

namespace koan::cli {
namespace {

constexpr double kInterval = 0.1;

std::size_t terminal_width() {
  struct winsize size {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// A long name gives way: a wrapped line could not be taken back.
void put(const std::string& name, const std::string& line) {
  const std::size_t width = terminal_width();
  const std::size_t room = width > line.size() + 3 ? width - line.size() - 3 : 0;
  const std::string fitting =
      name.size() <= room ? name : "..." + name.substr(name.size() - std::min(name.size(), room > 3 ? room - 3 : 0));
  std::fprintf(stderr, "\r\033[K%s: %s", fitting.c_str(), line.c_str());
  std::fflush(stderr);
}

void take_back() {
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

}  // namespace

std::string clock_text(double seconds) {
  const auto s = static_cast<unsigned long>(std::min(seconds, 359999.0));
  return s >= 3600 ? format("%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60) : format("%lu:%02lu", s / 60, s % 60);
}

double seconds_now() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ProgressLine::ProgressLine(bool enabled, std::string name, Direction direction)
    : enabled_(enabled && ::isatty(STDERR_FILENO) != 0),
      name_(printable(name)),
      direction_(direction),
      start_(seconds_now()),
      last_(start_) {}

int ProgressLine::callback(void* user, const koan_progress* progress) {
  static_cast<ProgressLine*>(user)->show(*progress);
  return interrupted() ? 1 : 0;
}

void ProgressLine::show(const koan_progress& progress) {
  const double now = seconds_now();
  if (!enabled_ || now - last_ < kInterval) return;
  last_ = now;
  const double elapsed = now - start_;
  const bool compress = direction_ == Direction::kCompress;
  const std::uint64_t raw = compress ? progress.bytes_in : progress.bytes_out;
  const std::uint64_t coded = compress ? progress.bytes_out : progress.bytes_in;
  std::string line;
  if (progress.bytes_total != 0)
    line += format("%.1f%%  ", std::min(100.0, percent(progress.bytes_in, progress.bytes_total)));
  line += human_size(raw);
  if (raw != 0 && coded != 0) line += format(" at %.1f%%", percent(coded, raw));
  line += format("  %.1f KB/s", static_cast<double>(raw) / elapsed / 1000);
  if (progress.bytes_total > progress.bytes_in && progress.bytes_in != 0) {
    const double left = static_cast<double>(progress.bytes_total - progress.bytes_in);
    line += "  ETA " + clock_text(elapsed * left / static_cast<double>(progress.bytes_in));
  }
  put(name_, line);
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) take_back();
  shown_ = false;
}

ShareLine::ShareLine(bool enabled, const std::string& what)
    : enabled_(enabled && ::isatty(STDERR_FILENO) != 0), what_(printable(what)), last_(seconds_now()) {}

bool ShareLine::show(double share, const std::string& more) {
  const double now = seconds_now();
  if (enabled_ && now - last_ >= kInterval) {
    last_ = now;
    put(what_, format("%.0f%%", 100 * share) + more);
    shown_ = true;
  }
  return !interrupted();
}

void ShareLine::clear() {
  if (shown_) take_back();
  shown_ = false;
}

}  // namespace koan::cli
