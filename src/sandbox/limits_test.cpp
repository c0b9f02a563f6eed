// What a program can use up: each limit, and that nothing outlives it (docs/evaluation.md, "Sandbox").
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "sandbox/sandbox.h"
#include "sandbox/test_sandbox.h"

namespace koan::sandbox {
namespace {

using std::chrono::milliseconds;

TEST_F(Sandbox, AForkBombStaysSmall) {
  options_.limits.wall = milliseconds(1500);
  std::atomic<int> most = 0;
  std::atomic<bool> over = false;
  std::thread counter([&] {
    while (!over) {
      most = std::max(most.load(), processes_with(mark_));
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  const Outcome outcome = python(
      "import os\n"
      "while True:\n"
      "  try: os.fork()\n"
      "  except OSError: pass\n");
  over = true;
  counter.join();
  EXPECT_EQ(outcome.end, End::kTimeout);
  EXPECT_GT(most, 8);                                                // it did try
  EXPECT_LE(most, static_cast<int>(options_.limits.processes) + 3);  // and what starts it has the mark too
}

TEST_F(Sandbox, CountsWhatItCanStart) {
  options_.limits.processes = 6;
  const Outcome outcome = python(
      "import os, time\n"
      "n = 1\n"
      "try:\n"
      "  while True:\n"
      "    if os.fork() == 0: time.sleep(60)\n"
      "    n += 1\n"
      "except BlockingIOError: print(n)\n");
  EXPECT_EQ(outcome.output, "6\n");
}

TEST_F(Sandbox, OneProcessDoesNotGetTooMuchMemory) {
  options_.limits.memory = 100 << 20;
  const Outcome outcome = python("x = bytearray(200 << 20)\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.output.find("MemoryError"), std::string::npos) << outcome.output;
  EXPECT_EQ(python("x = bytearray(60 << 20)\n").code, 0);
}

TEST_F(Sandbox, SeveralProcessesTogetherDoNotEither) {
  options_.limits.memory = 150 << 20;
  const std::string hog =
      "import os, time\n"
      "for i in range(4): \n"
      "  if os.fork() == 0: break\n"
      "x = b'x' * (SIZE << 20)\n"
      "time.sleep(1.5)\n";
  EXPECT_EQ(python("SIZE = 80\n" + hog).end, End::kMemory);
  EXPECT_EQ(python("SIZE = 10\n" + hog).end, End::kExited);
}

TEST_F(Sandbox, SharedPagesCountOnce) {
  options_.limits.memory = 150 << 20;
  const Outcome outcome = python(
      "import os, time\n"
      "x = b'x' * (80 << 20)\n"
      "for i in range(4): \n"
      "  if os.fork() == 0: break\n"
      "time.sleep(1)\n");
  EXPECT_EQ(outcome.end, End::kExited) << outcome.output;
}

TEST_F(Sandbox, SharedMemoryCounts) {
  options_.limits.memory = 100 << 20;
  const Outcome outcome = python(
      "import mmap, time\n"
      "x = mmap.mmap(-1, 300 << 20)\n"
      "for i in range(0, len(x), 4096): x[i] = 1\n"
      "time.sleep(20)\n");
  EXPECT_EQ(outcome.end, End::kMemory);
}

TEST_F(Sandbox, MemoryOfNoProcessIsRefused) {
  const Outcome outcome = python(
      "import os, ctypes\n"
      "libc = ctypes.CDLL(None, use_errno=True)\n"
      "try: print(os.memfd_create('x'))\n"
      "except OSError as e: print(e.errno)\n"
      "print(libc.shmget(0, 1 << 30, 0o1600), ctypes.get_errno())\n");
  EXPECT_EQ(outcome.output, "1\n-1 1\n");  // EPERM
}

TEST_F(Sandbox, EmptyFilesCountAsMemory) {
  options_.limits.memory = 40 << 20;
  const Outcome outcome = python(
      "import os, time\n"
      "for i in range(80000): os.close(os.open(str(i), os.O_CREAT | os.O_WRONLY))\n"
      "time.sleep(20)\n");
  EXPECT_EQ(outcome.end, End::kMemory);
}

TEST_F(Sandbox, TheDiskIsSmall) {
  options_.limits.disk = 2 << 20;
  const Outcome outcome = python(
      "import os, signal\n"
      "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
      "done = 0\n"
      "for name in 'abcdef':\n"
      "  try:\n"
      "    with open(name, 'wb', buffering=0) as f:\n"
      "      while True: done += f.write(bytes(65536))\n"
      "  except OSError as e: print(e.errno)\n"
      "print(done <= 2 << 20, done > 1 << 20)\n");
  EXPECT_TRUE(outcome.output.ends_with("True True\n")) << outcome.output;
  EXPECT_NE(outcome.output.find("28\n"), std::string::npos) << outcome.output;  // ENOSPC
}

TEST_F(Sandbox, EndsWhateverTakesTooLong) {
  options_.limits.wall = milliseconds(700);
  for (const char* program : {
           "import time; time.sleep(60)",
           "while True: pass",
           "import signal, time\nfor s in range(1, 65):\n  try: signal.signal(s, signal.SIG_IGN)\n  except (OSError, "
           "ValueError): pass\ntime.sleep(60)",
           "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
           "import os, time\nos.close(1); os.close(2); time.sleep(60)",
       }) {
    const Outcome outcome = python(program);
    EXPECT_EQ(outcome.end, End::kTimeout) << program;
    EXPECT_GE(outcome.seconds, 0.7);
    EXPECT_LT(outcome.seconds, 10) << program;
  }
}

TEST_F(Sandbox, ADaemonDoesNotOutliveIt) {
  const Outcome outcome = python(
      "import os, time\n"
      "if os.fork() == 0:\n"
      "  os.setsid()\n"
      "  if os.fork() == 0:\n"
      "    print('daemon', flush=True)\n"
      "    time.sleep(60)\n"
      "  os._exit(0)\n"
      "time.sleep(0.5)\n");
  EXPECT_EQ(outcome.end, End::kExited);
  EXPECT_EQ(outcome.output, "daemon\n");
  EXPECT_LT(outcome.seconds, 15);
}

TEST_F(Sandbox, ZombiesGoToo) {
  const Outcome outcome = python(
      "import os, time\n"
      "for i in range(8):\n"
      "  if os.fork() == 0: os._exit(0)\n"
      "time.sleep(0.2)\n"
      "print('done')\n");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.output, "done\n");
}

TEST_F(Sandbox, OutputIsBounded) {
  options_.limits.wall = milliseconds(1500);
  options_.limits.output = 10'000;
  const Outcome endless = shell("exec yes " + std::string(100, 'y'));
  EXPECT_EQ(endless.end, End::kTimeout);
  EXPECT_EQ(endless.output.size(), 10'000u);
  EXPECT_TRUE(endless.output_cut);
  const Outcome much = python("print('x' * 3000000)");
  EXPECT_EQ(much.end, End::kExited);
  EXPECT_TRUE(much.output == std::string(10'000, 'x'));
  EXPECT_TRUE(much.output_cut);
}

TEST_F(Sandbox, SeveralAtATimeDoNotShareTheirLimits) {
  options_.limits.processes = 6;
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto outcome = run({"sh", "-c", "for i in 1 2 3 4; do sleep 0.4 & done; wait; echo ok"}, {}, options_);
      right += outcome && outcome->output == "ok\n";
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 4);
}

}  // namespace
}  // namespace koan::sandbox
