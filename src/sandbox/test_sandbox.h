// For tests: hostile programs, run for real, and what is left of them on the host.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sandbox/sandbox.h"

namespace koan::sandbox {

// Processes of the host whose command line holds a word.
inline int processes_with(const std::string& word) {
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    std::string line((std::istreambuf_iterator<char>(file)), {});
    found += line.find(word) != std::string::npos;
  }
  return found;
}

class Sandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status ready = available();
    if (!ready) GTEST_SKIP() << ready.error().message;
    mark_ = "koan-hostile-" + std::to_string(::getpid()) + "-" + std::to_string(count_++);
    options_.limits.wall = std::chrono::seconds(20);
  }
  // Whatever happened, nothing of it may be left.
  void TearDown() override {
    if (!mark_.empty()) {
      EXPECT_EQ(processes_with(mark_), 0);
    }
  }
  // A Python program that runs as "python3 hostile.py MARK".
  Outcome python(const std::string& program) { return checked({"python3", "hostile.py", mark_}, program); }
  Outcome shell(const std::string& program) { return checked({"sh", "hostile.sh", mark_}, program); }

  Options options_;
  std::string mark_;

 private:
  Outcome checked(const std::vector<std::string>& command, const std::string& program) {
    auto outcome = run(command, {{command[1], program}}, options_);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome ? *std::move(outcome) : Outcome{};
  }
  static inline int count_ = 0;
};

}  // namespace koan::sandbox
