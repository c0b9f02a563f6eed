// The progress line: on stderr, only if that is a terminal, at most ten times a second.
#pragma once

#include <cstdint>
#include <string>

#include "koan/koan.h"

namespace koan::cli {

double seconds_now() noexcept;  // monotonic

class ProgressLine {
 public:
  enum class Direction { kCompress, kDecompress };

  ProgressLine(bool enabled, std::string name, Direction direction);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // A koan_progress_fn; `user` is a ProgressLine. Asks to stop after a signal.
  static int callback(void* user, const koan_progress* progress);
  void clear();

 private:
  void show(const koan_progress& progress);

  bool enabled_;
  bool shown_ = false;
  std::string name_;
  Direction direction_;
  double start_, last_;
};

std::string clock_text(double seconds);  // "1:02:03"

// The same for work of which only a share is known: "WHAT: 42%", and what else there is to say.
class ShareLine {
 public:
  ShareLine(bool enabled, const std::string& what);
  ~ShareLine() { clear(); }
  ShareLine(const ShareLine&) = delete;
  ShareLine& operator=(const ShareLine&) = delete;

  bool show(double share, const std::string& more = {});  // false after a signal
  void clear();

 private:
  bool enabled_, shown_ = false;
  std::string what_;
  double last_;
};

}  // namespace koan::cli
