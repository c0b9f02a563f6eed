// What a program can reach and how its end is told (docs/evaluation.md, "Sandbox").
#include "sandbox/sandbox.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "sandbox/test_sandbox.h"

namespace koan::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(Sandbox, RunsAnHonestProgram) {
  const auto outcome = run({"sh", "-c", "cat data; pwd; echo error >&2; exit 3"}, {{"data", "first\n"}}, options_);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->end, End::kExited);
  EXPECT_EQ(outcome->code, 3);
  EXPECT_EQ(outcome->output, "first\n/tmp\nerror\n");
  EXPECT_FALSE(outcome->output_cut);
  EXPECT_LT(outcome->seconds, 20);
}

TEST_F(Sandbox, PythonWithAPoolOfProcessesRuns) {
  const Outcome outcome = python(
      "from concurrent.futures import ProcessPoolExecutor\n"
      "if __name__ == '__main__':\n"
      "  with ProcessPoolExecutor(3) as pool: print(sum(pool.map(abs, range(-4, 5))))\n");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.output, "20\n");
}

TEST_F(Sandbox, SaysWhichSignalEndedIt) {
  const Outcome outcome = shell("kill -SEGV $$");
  EXPECT_EQ(outcome.end, End::kSignal);
  EXPECT_EQ(outcome.code, SIGSEGV);
}

TEST_F(Sandbox, SaysThatACommandIsMissing) {
  const auto outcome = run({"koan-no-such-program"}, {}, options_);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->code, 127);
  EXPECT_NE(outcome->output.find("koan-no-such-program"), std::string::npos);
}

TEST_F(Sandbox, NamesOfFilesArePlain) {
  for (const std::string& name : std::vector<std::string>{"", "..", "../x", "/x", "a/b", {"a\0b", 3}}) {
    const auto outcome = run({"true"}, {{name, ""}}, options_);
    ASSERT_FALSE(outcome) << name;
    EXPECT_EQ(outcome.error().code, ErrorCode::kUsage);
  }
}

TEST_F(Sandbox, NothingElseCanBeWritten) {
  const Outcome outcome = shell(
      "for place in / /usr /usr/bin /dev /var/tmp /run /etc /home /root; do\n"
      "  if touch $place/koan-was-here 2>/dev/null; then echo $place; fi\n"
      "done\n"
      "touch /dev/shm/a && echo shm\n");
  EXPECT_EQ(outcome.output, "shm\n");
  EXPECT_FALSE(std::filesystem::exists("/dev/shm/a"));
  EXPECT_FALSE(std::filesystem::exists("/tmp/koan-was-here"));
}

TEST_F(Sandbox, NoNetworkNotEvenOurs) {
  const FileHandle listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.fd(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.fd(), 1), 0);
  ASSERT_EQ(::getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  const std::string program =
      "import socket, errno\n"
      "def attempt(family, *to):\n"
      "  try:\n"
      "    s = socket.socket(family, socket.SOCK_STREAM); s.settimeout(5); s.connect(*to); print('connected')\n"
      "  except OSError as e: print(errno.errorcode.get(e.errno, e))\n"
      "attempt(socket.AF_INET, ('127.0.0.1', " +
      port +
      "))\n"
      "attempt(socket.AF_INET, ('1.1.1.1', 53))\n"
      "attempt(40, (2, 1024))\n"  // AF_VSOCK: the host of a virtual machine
      "try: socket.getaddrinfo('example.com', 80); print('resolved')\n"
      "except OSError: print('no names')\n";
  EXPECT_EQ(python(program).output, "ECONNREFUSED\nENETUNREACH\nEAFNOSUPPORT\nno names\n");
}

TEST_F(Sandbox, NoHomeNoSecretsNoEnvironment) {
  ::setenv("KOAN_TEST_KEY", "sk-secret", 1);
  const Outcome outcome = shell(
      "cat /etc/shadow /etc/passwd /proc/1/environ /proc/self/environ 2>/dev/null\n"
      "ls /root /home /proc /sys /var /mnt /work 2>/dev/null\n"
      "env | sort; echo \"$0 $#\"; ls -A /\n");
  ::unsetenv("KOAN_TEST_KEY");
  EXPECT_EQ(outcome.output.find("sk-secret"), std::string::npos);
  EXPECT_EQ(outcome.output.find("root:"), std::string::npos);
  EXPECT_TRUE(outcome.output.starts_with("HOME=/tmp\nLANG=C.UTF-8\nPATH=")) << outcome.output;
  for (const char* folder : {"root\n", "home\n", "proc\n", "sys\n", "var\n", "work\n"})
    EXPECT_EQ(outcome.output.find(folder), std::string::npos) << folder << outcome.output;
}

TEST_F(Sandbox, InheritsNoDescriptor) {
  const FileHandle open_file(::dup(STDERR_FILENO));  // without O_CLOEXEC: a mistake elsewhere that must not leak
  const Outcome outcome = python(
      "import os\n"
      "for fd in range(3, 64):\n"
      "  try: os.fstat(fd); print(fd)\n"
      "  except OSError: pass\n");
  EXPECT_EQ(outcome.output, "");
}

TEST_F(Sandbox, CannotMakeNamespacesOfItsOwn) {
  const Outcome outcome = python(
      "import ctypes\n"
      "libc = ctypes.CDLL(None, use_errno=True)\n"
      "print(libc.unshare(0x10000000), libc.mount(b'x', b'/tmp', b'tmpfs', 0, None))\n");
  EXPECT_EQ(outcome.output, "-1 -1\n");
}

TEST_F(Sandbox, CanBeCancelled) {
  std::atomic<bool> stop = false;
  options_.cancelled = [&] { return stop.load(); };
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(300));
    stop = true;
  });
  const auto outcome = run({"sh", "-c", "sleep 60", mark_}, {}, options_);
  stopper.join();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kCancelled);
}

TEST(Unsandboxed, OnlyWhenAskedForAndStillLimited) {
  Options options;
  options.unsandboxed = true;
  options.limits.wall = milliseconds(500);
  const auto outcome = run({"sh", "-c", "cat data; pwd; sleep 61"}, {{"data", "x\n"}}, options);
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->end, End::kTimeout);
  EXPECT_TRUE(outcome->output.starts_with("x\n/")) << outcome->output;
  const std::string folder = outcome->output.substr(2, outcome->output.size() - 3);
  EXPECT_FALSE(std::filesystem::exists(folder));

  options.limits.wall = seconds(20);
  options.limits.processes = 5;
  const auto many = run({"sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 62 & done; wait"}, {}, options);
  ASSERT_TRUE(many) << many.error().message;
  EXPECT_EQ(many->end, End::kProcesses);
  EXPECT_EQ(processes_with(std::string("sleep\0"
                                       "62",
                                       8)),
            0);
}

TEST(Unsandboxed, IsRefusedOtherwise) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const Status ready = available();
  const auto outcome = run({"true"}, {}, {});
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, ErrorCode::kNotSupported);
  EXPECT_NE(ready.error().message.find("apt-get install bubblewrap"), std::string::npos) << ready.error().message;
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace koan::sandbox
