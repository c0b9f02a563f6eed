// make_adapters TINY_GGUF FOLDER: writes the adapters of the golden files as adapters.h describes them.
#include <cstdio>
#include <string>

#include "adapters.h"
#include "base/file.h"

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: make_adapters TINY_GGUF FOLDER\n", stderr), 2;
  const auto gguf = koan::read_file(argv[1], std::uint64_t{1} << 24);
  if (!gguf) return std::fprintf(stderr, "%s\n", gguf.error().message.c_str()), 1;
  const auto model = koan::Model::load(*gguf);
  if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 1;
  for (const koan::GoldenAdapter& adapter : koan::kGoldenAdapters) {
    const koan::Bytes file = koan::make_adapter(**model, adapter.recipe);
    const std::string path = argv[2] + std::string("/") + adapter.file;
    std::FILE* out = std::fopen(path.c_str(), "wb");
    const bool written = out != nullptr && std::fwrite(file.data(), 1, file.size(), out) == file.size();
    if ((out == nullptr || std::fclose(out) != 0) || !written) return std::perror(path.c_str()), 1;
  }
  return 0;
}
