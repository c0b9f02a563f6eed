// koan-train export and eval.
#include <cstdio>

#include "adapt/checkpoint.h"
#include "adapt/commands.h"
#include "adapt/evaluate.h"
#include "adapt/export.h"
#include "base/file.h"

namespace koan {
namespace {

constexpr std::uint64_t kMostlyQ8 = 7;  // general.file_type of llama.cpp

}  // namespace

Status run_export(const ExportOptions& o) {
  KOAN_ASSIGN(train::LoadedNet loaded, train::load_net(o.checkpoint, "cpu"));
  return export_net(loaded.net, loaded.tokenizer, o);
}

Status export_net(train::Net& net, const Tokenizer& tokenizer, const ExportOptions& o) {
  GgufFile file;
  train::config_to_gguf(net.config(), o.context_length, file);
  tokenizer.to_gguf(file);
  file.metadata["general.name"] = o.name;
  file.metadata["general.license"] = o.license;
  file.metadata["general.file_type"] = kMostlyQ8;
  if (o.window != 0) file.metadata["koan.window"] = o.window;
  file.metadata["general.quantization_version"] = std::uint64_t{2};
  std::vector<Bytes> kept;
  for (const train::Parameter& parameter : net.parameters()) {
    const torch::Tensor t = parameter.tensor.detach().contiguous();
    const std::span<const float> values(t.data_ptr<float>(), static_cast<std::size_t>(t.numel()));
    const bool matrix = t.dim() == 2;
    Bytes bytes;
    if (matrix)
      bytes = quantize_q8_0(values);
    else
      for (const float v : values) append_fixed(bytes, std::bit_cast<std::uint32_t>(v));
    kept.push_back(std::move(bytes));
    GgufTensor out{parameter.name, {}, matrix ? GgmlType::kQ8_0 : GgmlType::kF32, kept.back()};
    for (std::int64_t d = t.dim(); d-- > 0;) out.shape.push_back(static_cast<std::uint64_t>(t.size(d)));
    file.tensors.push_back(std::move(out));
  }
  return write_file(o.out, write_gguf(file));
}

Status run_eval(const EvalOptions& o) {
  at::set_num_threads(thread_count(o.threads));
  KOAN_ASSIGN(train::LoadedNet loaded, train::load_net(o.model, o.device));
  KOAN_ASSIGN(const Pack pack, read_pack(o.valid));
  if (pack.tokenizer->decode_hash() != loaded.tokenizer.decode_hash())
    return Error{ErrorCode::kUsage, "the pack was made with another tokenizer"};
  for (const train::SourceScore& score : train::evaluate(loaded.net, pack, o.window, o.tokens))
    std::printf("%-36s %.4f bits per byte over %llu bytes\n", score.name.c_str(), score.bits_per_byte(),
                static_cast<unsigned long long>(score.bytes));
  return {};
}

}  // namespace koan
