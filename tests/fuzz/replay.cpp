// main() for builds without libFuzzer: replay COPIES FOLDER... runs a target on every file of the folders and on so
// many changed copies of each, the same every time.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <random>

#include "fuzz.h"

namespace {

void change(koan::Bytes& bytes, std::mt19937& random) {
  for (unsigned edits = 1 + random() % 4; edits > 0 && !bytes.empty(); --edits) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 5) {
      case 0:
        bytes[at] ^= static_cast<std::uint8_t>(1u << (random() % 8));
        break;
      case 1:
        bytes[at] = static_cast<std::uint8_t>(random());
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      default:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random()));
        break;
    }
  }
}

koan::Bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  const int copies = argc > 1 ? std::atoi(argv[1]) : 0;
  std::vector<std::filesystem::path> seeds;
  for (int i = 2; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) seeds.push_back(entry.path());
  }
  std::sort(seeds.begin(), seeds.end());
  std::size_t runs = 0;
  for (const auto& seed : seeds) {
    const koan::Bytes bytes = read_file(seed);
    std::mt19937 random(static_cast<unsigned>(bytes.size()));
    for (int copy = 0; copy <= copies; ++copy, ++runs) {
      koan::Bytes input = bytes;
      if (copy > 0) change(input, random);
      LLVMFuzzerTestOneInput(input.data(), input.size());
    }
  }
  std::cout << seeds.size() << " seeds, " << runs << " runs\n";
  return seeds.empty() ? 1 : 0;
}
