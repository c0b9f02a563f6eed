// roundtrip generated | roundtrip FOLDER BYTES: compresses and decompresses every input through the C interface with
// the embedded model, and prints a table. Fails when something does not come back or grows by more than 64 bytes and
// 0.1%. BYTES limits what is taken of a file (0: all). Exit code 77, after saying so, when FOLDER is missing.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "codec/test_inputs.h"
#include "koan/koan.h"

namespace {

using koan::Bytes;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Runner {
 public:
  Runner() {
    koan_error error;
    if (koan_codec_create(&codec_, &error) != KOAN_OK) {
      std::printf("no codec: %s\n", error.message);
      std::exit(1);
    }
    koan_options_init(&options_);
    options_.threads = 2;
    std::printf("%-34s %9s %9s %7s %5s %5s %7s %7s\n", "input", "raw", "coded", "ratio", "segs", "model", "enc s",
                "dec s");
  }
  ~Runner() { koan_codec_free(codec_); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void check(const std::string& name, const Bytes& raw) {
    koan_stats stats = {};
    koan_error error = {};
    std::uint8_t *coded = nullptr, *back = nullptr;
    std::size_t coded_size = 0, back_size = 0;
    const char* problem = nullptr;
    auto start = Clock::now();
    double encode = 0, decode = 0;
    if (koan_compress(codec_, &options_, raw.data(), raw.size(), &coded, &coded_size, &stats, &error) != KOAN_OK) {
      problem = error.message;
    } else {
      encode = seconds_since(start);
      start = Clock::now();
      if (koan_decompress(codec_, &options_, coded, coded_size, raw.size(), &back, &back_size, nullptr, &error) !=
          KOAN_OK)
        problem = error.message;
      else if (back_size != raw.size() || (back_size != 0 && std::memcmp(back, raw.data(), back_size) != 0))
        problem = "other bytes came back";
      else if (coded_size > raw.size() + 64 + raw.size() / 1000)
        problem = "it grew";
      decode = seconds_since(start);
    }
    std::printf("%-34s %9zu %9zu %6.1f%% %5llu %5llu %7.2f %7.2f %s\n", name.c_str(), raw.size(), coded_size,
                raw.empty() ? 0 : 100.0 * static_cast<double>(coded_size) / static_cast<double>(raw.size()),
                static_cast<unsigned long long>(stats.segments), static_cast<unsigned long long>(stats.model_segments),
                encode, decode, problem ? problem : "");
    std::fflush(stdout);
    failures_ += problem != nullptr;
    raw_ += raw.size();
    coded_ += coded_size;
    ++inputs_;
    koan_free(coded);
    koan_free(back);
  }

  int finish() const {
    std::printf("%d inputs, %llu bytes, coded %llu; %d failed\n", inputs_, static_cast<unsigned long long>(raw_),
                static_cast<unsigned long long>(coded_), failures_);
    return failures_ == 0 ? 0 : 1;
  }

 private:
  koan_codec* codec_ = nullptr;
  koan_options options_{};
  int inputs_ = 0, failures_ = 0;
  std::uint64_t raw_ = 0, coded_ = 0;
};

Bytes read_file(const fs::path& path, std::size_t limit) {
  std::ifstream in(path, std::ios::binary);
  Bytes out{std::istreambuf_iterator<char>(in), {}};
  if (limit != 0 && out.size() > limit) out.resize(limit);
  return out;
}

int generated() {
  Runner runner;
  for (const auto& [name, raw] : koan::test_inputs()) runner.check(name, raw);
  runner.check("zeros 10 MB", Bytes(10'000'000, 0));
  runner.check("noise 1 MB", koan::random_bytes(1'000'000, 20));
  Bytes line;
  while (line.size() < 5'000'000) koan::append_bytes(line, koan::as_bytes("the same words in one line, "));
  runner.check("one line 5 MB", line);
  line.clear();
  while (line.size() < 5'000'000) koan::append_bytes(line, koan::as_bytes("nobreakatall"));
  runner.check("one word 5 MB", line);
  return runner.finish();
}

int corpus(const fs::path& folder, std::size_t limit) {
  if (!fs::is_directory(folder)) {
    std::printf("SKIPPED: there is no folder %s\n", folder.c_str());
    return 77;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Runner runner;
  for (const fs::path& file : files) runner.check(file.lexically_relative(folder).string(), read_file(file, limit));
  return runner.finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "generated") return generated();
  if (argc == 3) return corpus(argv[1], std::strtoull(argv[2], nullptr, 10));
  std::printf("usage: %s generated | %s FOLDER BYTES\n", argv[0], argv[0]);
  return 2;
}
