#include "eval/process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "base/spawn.h"
#include "eval/test_folder.h"

namespace koan {
namespace {

using Clock = std::chrono::steady_clock;

Program shell(const std::string& script) {
  Program out;
  out.command = {"sh", "-c", script};
  return out;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The process is gone, or nobody has asked how it ended.
bool is_over(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  const std::string stat{std::istreambuf_iterator<char>(in), {}};
  return stat.empty() || stat.find(") Z ") != std::string::npos;
}

TEST(RunProgram, SaysWhatTheProgramSaidAndWhatItsExitCodeStandsFor) {
  EXPECT_TRUE(run_program(shell("exit 0")));
  const std::pair<int, ErrorCode> codes[] = {
      {1, ErrorCode::kInternal},   {2, ErrorCode::kUsage}, {3, ErrorCode::kIo},           {4, ErrorCode::kCorrupt},
      {5, ErrorCode::kNeedsModel}, {7, ErrorCode::kLimit}, {8, ErrorCode::kVerification}, {130, ErrorCode::kCancelled}};
  for (const auto& [exit, code] : codes) {
    const Status status = run_program(shell("echo the reason >&2; exit " + std::to_string(exit)));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, code);
    EXPECT_EQ(status.error().message, "sh -c: exit code " + std::to_string(exit) + ": the reason");
  }
}

TEST(RunProgram, QuotesTheEndOfALongStory) {
  const Status status = run_program(shell("seq 1 5000 >&2; exit 1"));
  ASSERT_FALSE(status);
  EXPECT_LT(status.error().message.size(), 2100u);
  EXPECT_TRUE(status.error().message.ends_with("\n4999\n5000")) << status.error().message;
}

TEST(RunProgram, NamesASignal) {
  const Status status = run_program(shell("kill -SEGV $$"));
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("killed by signal 11"), std::string::npos) << status.error().message;
}

TEST(RunProgram, NamesWhatIsNotInstalled) {
  Program program;
  program.command = {"koan-no-such-program"};
  const Status status = run_program(program);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kNotSupported);
  EXPECT_FALSE(is_installed("koan-no-such-program"));
  EXPECT_TRUE(is_installed("sh"));
}

TEST(RunProgram, SetsTheEnvironmentOnTopOfOurs) {
  ::setenv("KOAN_TEST_A", "ours", 1);
  ::setenv("KOAN_TEST_AB", "kept", 1);
  Program program =
      shell("test \"$KOAN_TEST_A $KOAN_TEST_AB $KOAN_TEST_C\" = \"theirs kept new\" && test -n \"$PATH\"");
  program.environment = {{"KOAN_TEST_A", "theirs"}, {"KOAN_TEST_C", "new"}};
  EXPECT_TRUE(run_program(program));
}

TEST(RunProgram, RunsAFileUnderAnotherName) {
  Program program;
  program.file = "/bin/sh";
  program.command = {"another", "-c", "test $0 = x", "x"};
  EXPECT_TRUE(run_program(program));
  program.command = {"another", "-c", "exit 2"};
  const Status status = run_program(program);
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error().message.starts_with("another -c: ")) << status.error().message;
}

TEST(RunFilter, PassesBytesBothWays) {
  Program cat;
  cat.command = {"cat"};
  Bytes bytes;
  for (std::size_t i = 0; i < 300000; ++i)
    bytes.push_back(static_cast<std::uint8_t>(i * i >> 3));  // more than a pipe holds
  for (const Bytes& input : {Bytes{}, Bytes{0}, bytes}) {
    auto output = run_filter(cat, input);
    ASSERT_TRUE(output) << output.error().message;
    EXPECT_EQ(*output, input);
  }
}

TEST(RunProgram, EndsOneThatTakesTooLong) {
  Program program = shell("sleep 60");
  program.most_seconds = 0.2;
  const auto start = Clock::now();
  const Status status = run_program(program);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kLimit) << status.error().message;
  EXPECT_GE(seconds_since(start), 0.2);
  EXPECT_LT(seconds_since(start), 30);
}

TEST(RunProgram, KillsOneThatWillNotEndAndWhatItStarted) {
  const TestFolder folder;
  Program program = shell("trap '' TERM; sleep 60 & echo $! >" + folder.path("child") + "; while :; do wait; done");
  program.most_seconds = 0.5;
  program.grace_seconds = 0.2;
  const auto start = Clock::now();
  const Status status = run_program(program);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kLimit);
  EXPECT_LT(seconds_since(start), 30);
  std::string child = folder.read("child");
  ASSERT_GT(child.size(), 1u);
  child.pop_back();
  for (int i = 0; i < 200 && !is_over(child); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(is_over(child));
}

TEST(RunProgram, AStopFlagEndsItInOrder) {
  const TestFolder folder;
  static volatile std::sig_atomic_t stop;
  stop = 0;
  const Program program = shell("trap 'echo cleaned >" + folder.path("end") + "; exit 130' TERM; touch " +
                                folder.path("begun") + "; while :; do sleep 0.05; done");
  std::thread stopper([&] {
    while (!std::filesystem::exists(folder.path("begun"))) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    stop = 1;
  });
  const Status status = run_program(program, &stop);
  stopper.join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(folder.read("end"), "cleaned\n");
}

TEST(RunProgram, ASignalOfTheTerminalDoesNotReachIt) {
  // Its process group is not ours, which is what the terminal signals.
  auto group = run_filter(shell("ps -o pgid= -p $$ || cut -d ' ' -f 5 /proc/$$/stat"), {});
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_NE(std::atoi(std::string(as_text(*group)).c_str()), ::getpgrp());
}

}  // namespace
}  // namespace koan
