// Writes koan's next-token probabilities for the parity tests: next_token MODEL.gguf ADAPTER.gguf|- TOKENS OUT
// TOKENS: token ids as decimal numbers, one sequence. OUT: after each token, one native double per token of the
// vocabulary: its integer frequency over their total (docs/numerics.md section 9). Needs no tokenizer.
#include <charconv>
#include <cstdio>
#include <memory>

#include "base/file.h"
#include "formats/adapter.h"
#include "kernels/dispatch.h"
#include "model/merge.h"
#include "model/streams.h"

namespace koan {
namespace {

constexpr std::uint64_t kMaxFile = std::uint64_t{4} << 30;
constexpr std::uint32_t kBatch = 64;

Result<std::vector<Token>> read_tokens(const std::string& path, std::uint32_t vocabulary) {
  KOAN_ASSIGN(const Bytes text, read_file(path, kMaxFile));
  const auto* at = reinterpret_cast<const char*>(text.data());
  const char* end = at + text.size();
  std::vector<Token> tokens;
  while (at < end) {
    if (*at == ' ' || *at == '\n') {
      ++at;
      continue;
    }
    Token token = 0;
    const auto [next, error] = std::from_chars(at, end, token);
    if (error != std::errc{} || token >= vocabulary) return Error{ErrorCode::kCorrupt, path + ": not a token id"};
    tokens.push_back(token);
    at = next;
  }
  if (tokens.empty()) return Error{ErrorCode::kCorrupt, path + ": no tokens"};
  return tokens;
}

Status append_probabilities(const NextToken& next, std::FILE* out) {
  std::vector<double> row;
  row.reserve(next.freqs.size());
  for (const std::uint32_t f : next.freqs) row.push_back(static_cast<double>(f) / next.total);
  if (std::fwrite(row.data(), sizeof(double), row.size(), out) != row.size())
    return Error{ErrorCode::kIo, "the output could not be written"};
  return {};
}

Status write_probabilities(Streams& streams, std::span<const Token> tokens, std::FILE* out) {
  while (!tokens.empty()) {
    std::vector<Row> rows;
    for (const Token token : tokens.first(std::min<std::size_t>(tokens.size(), kBatch))) rows.push_back({0, token});
    streams.forward(rows);
    for (std::uint32_t i = 0; i < rows.size(); ++i) KOAN_TRY(append_probabilities(streams.next(i), out));
    tokens = tokens.subspan(rows.size());
  }
  return {};
}

Status run(char** arguments) {
  KOAN_ASSIGN(const Bytes data, read_file(arguments[1], kMaxFile));
  KOAN_ASSIGN(const GgufFile file, parse_gguf_model(data));
  KOAN_ASSIGN(Weights loaded, Weights::from_gguf(file));
  const auto base = std::make_shared<const Weights>(std::move(loaded));
  std::shared_ptr<const Weights> weights = base;
  if (const std::string adapter_path = arguments[2]; adapter_path != "-") {
    KOAN_ASSIGN(const Bytes adapter_data, read_file(adapter_path, kMaxFile));
    KOAN_ASSIGN(const Adapter adapter, parse_adapter(adapter_data));
    KOAN_ASSIGN(Weights merged, merge(*base, adapter));
    weights = std::make_shared<const Weights>(std::move(merged));
  }
  KOAN_ASSIGN(const std::vector<Token> tokens, read_tokens(arguments[3], weights->config.vocabulary));
  KOAN_ASSIGN(const Kernels* const kernels, choose_kernels());
  // No token may leave the window: the peers have none.
  const auto window = static_cast<std::uint32_t>(std::max<std::size_t>(tokens.size(), 16));
  KOAN_ASSIGN(Streams streams, Streams::create(weights, kernels, {window, 0}, 1, kBatch));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(arguments[4], "wb"), std::fclose);
  if (!out) return Error{ErrorCode::kIo, "the output could not be opened"};
  KOAN_TRY(write_probabilities(streams, tokens, out.get()));
  if (std::fflush(out.get()) != 0) return Error{ErrorCode::kIo, "the output could not be written"};
  return {};
}

}  // namespace
}  // namespace koan

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: next_token MODEL.gguf ADAPTER.gguf|- TOKENS OUT\n");
    return 2;
  }
  const koan::Status done = koan::run(arguments);
  if (done) return 0;
  std::fprintf(stderr, "next_token: %s\n", done.error().message.c_str());
  return 1;
}
