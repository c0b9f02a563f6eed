// koan-train tokenizer and koan-train pack.
#include <cstdio>

#include "adapt/commands.h"
#include "adapt/pack.h"
#include "base/file.h"
#include "text/bpe_trainer.h"

namespace koan {
namespace {

Result<std::vector<SourceSpec>> parse_sources(const std::vector<std::string>& texts) {
  std::vector<SourceSpec> out;
  for (const std::string& text : texts) {
    KOAN_ASSIGN(SourceSpec spec, parse_source(text));
    out.push_back(std::move(spec));
  }
  return out;
}

}  // namespace

Status run_tokenizer(const TokenizerOptions& options) {
  KOAN_ASSIGN(const std::vector<SourceSpec> sources, parse_sources(options.data));
  double total = 0;
  for (const SourceSpec& spec : sources) total += spec.weight;
  BpeTrainer trainer;
  for (const SourceSpec& spec : sources) {
    const double budget = options.sample_mb * 1e6 * spec.weight / total;
    double seen = 0;
    KOAN_TRY(read_documents(spec.path, {}, [&](std::string_view text, std::string_view) {
      trainer.add(as_bytes(text));
      seen += static_cast<double>(text.size());
      return seen < budget;
    }));
    std::printf("%-36s %.1f MB\n", spec.name.c_str(), seen * 1e-6);
    std::fflush(stdout);
  }
  KOAN_ASSIGN(const Tokenizer tokenizer, trainer.train(options.vocab));
  GgufFile file;
  file.metadata["general.architecture"] = std::string("tokenizer");
  tokenizer.to_gguf(file);
  std::printf("%zu tokens\n", tokenizer.size());
  return write_file(options.out, write_gguf(file));
}

Status run_pack(const PackOptions& options) {
  KOAN_ASSIGN(const Tokenizer tokenizer, read_tokenizer(options.tokenizer));
  KOAN_ASSIGN(const std::vector<SourceSpec> sources, parse_sources(options.data));
  return write_pack(tokenizer, sources, {static_cast<std::uint64_t>(options.limit_mb * 1e6), options.prompt_field},
                    options.out);
}

}  // namespace koan
