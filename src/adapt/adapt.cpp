// koan-train adapt: from text to an adapter file (docs/training.md, Adapters).
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>

#include "adapt/adapt_run.h"
#include "adapt/checkpoint.h"
#include "adapt/corpus.h"
#include "adapt/documents.h"
#include "base/file.h"
#include "route/profile.h"

namespace koan {
namespace {

constexpr std::int64_t kDefaultLength = 512, kMostLength = 4096;
constexpr double kDefaultPassedBytes = 10e6;  // text seen in a run of default length, repeats counted
constexpr double kLeastEpochs = 2, kMostEpochs = 8;

struct Base {
  Bytes bytes;
  GgufFile file;
  Sha256 sha256;
  train::LoadedNet loaded;
};

Result<Base> load_base(const AdaptOptions& o) {
  KOAN_ASSIGN(Bytes bytes, read_file(o.model, kMaxFile));
  auto parsed = parse_gguf(bytes);
  if (!parsed) return std::move(parsed).error().in(o.model);
  const Sha256 hash = sha256(bytes);  // as Model::sha256: koan compares them
  auto loaded = train::load_net(*parsed, "cpu");
  if (!loaded) return std::move(loaded).error().in(o.model);
  for (const train::Parameter& p : loaded->net.parameters())
    if (!torch::isfinite(p.tensor).all().item<bool>())
      return Error{ErrorCode::kCorrupt, o.model + ": tensor '" + p.name +
                                            "' has values that are no numbers (NaN or infinity): the file is damaged"};
  // The views in the parsed file follow the bytes, which move without being copied.
  return Base{std::move(bytes), std::move(*parsed), hash, std::move(*loaded)};
}

Status check_memory(const train::NetConfig& c, const AdaptOptions& o) {
  const double q = static_cast<double>(c.heads * c.head_dim), kv = static_cast<double>(c.kv_heads * c.head_dim);
  const auto w = static_cast<double>(c.width), f = static_cast<double>(c.feed_forward),
             n = static_cast<double>(c.layers);
  const double weights = n * (2 * q * w + 2 * kv * w + 3 * f * w) + static_cast<double>(c.vocab) * w;
  const double adapter = n * static_cast<double>(o.rank) * (6 * w + 2 * q + 2 * kv + 4 * f);
  const double token = n * (8 * w + 4 * (q + kv) + 8 * f) * 2 + n * 4 * static_cast<double>(o.rank) * 7;
  const double needed = weights * 16 + adapter * 40 + token * static_cast<double>(o.batch_tokens);
  const double machine = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (needed <= machine) return {};
  char text[200];
  std::snprintf(text, sizeof text,
                "training would need about %.1f GB of memory and this machine has %.1f: lower --rank or --batch-tokens",
                needed / 1e9, machine / 1e9);
  return Error{ErrorCode::kLimit, text};
}

Status check_options(const AdaptOptions& o) {
  if (o.length != 0 && (o.length < 32 || o.length % 32 != 0 || o.length > kMostLength))
    return Error{ErrorCode::kUsage, "--length must be a multiple of 32, at most " + std::to_string(kMostLength)};
  if (o.batch_tokens < 256) return Error{ErrorCode::kUsage, "--batch-tokens must be at least 256"};
  if (o.device == "cuda" && !torch::cuda::is_available())
    return Error{ErrorCode::kNotSupported, "--device cuda: there is no CUDA device, or this LibTorch has no CUDA"};
  const std::string checkpoint = train::AdaptRun::checkpoint_path(o);
  if (!o.force && !o.resume && std::filesystem::exists(checkpoint))
    return Error{ErrorCode::kUsage, checkpoint + " exists: give --resume to go on with it, or -f to begin anew"};
  if (o.resume && !std::filesystem::exists(checkpoint))
    return Error{ErrorCode::kUsage, "there is nothing to resume: " + checkpoint + " does not exist"};
  // Before minutes of training rather than after: is the place writable, and free?
  auto probe = AtomicFile::create(o.out, o.force);
  if (!probe) return std::move(probe).error();
  return {};
}

std::string iso_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

void add_router_profiles(const std::vector<Document>& documents, std::map<std::string, GgufValue>& metadata) {
  ProfileBuilder text, prompt;
  for (const Document& document : documents) {
    text.add(as_bytes(document.text));
    if (!document.context.empty()) prompt.add(as_bytes(document.context));
  }
  write_profiles(metadata, text.finish(), prompt.finish());
}

void set_default_lengths(AdaptOptions& o, const GgufFile& model, std::uint64_t bytes) {
  if (o.length == 0) {
    const auto window = static_cast<std::int64_t>(model.get_uint_or("koan.window", kDefaultLength));
    o.length = std::clamp<std::int64_t>((window + 31) / 32 * 32, 32, kMostLength);
  }
  if (o.epochs == 0 && o.steps == 0 && o.minutes == 0)
    o.epochs = std::clamp(kDefaultPassedBytes / static_cast<double>(bytes), kLeastEpochs, kMostEpochs);
}

void print_corpus(const Corpus& corpus, const Division& division) {
  std::printf("%zu documents, %.3f MB, from %llu files", division.train.size() + division.held_out.size(),
              static_cast<double>(corpus.bytes) * 1e-6, static_cast<unsigned long long>(corpus.files));
  if (corpus.hidden + corpus.binary + corpus.without_text > 0)
    std::printf(" (passed over: %llu hidden, %llu binary, %llu records without text)",
                static_cast<unsigned long long>(corpus.hidden), static_cast<unsigned long long>(corpus.binary),
                static_cast<unsigned long long>(corpus.without_text));
  std::printf("\nheld out: %zu documents, %.1f KB; ", division.held_out.size(),
              static_cast<double>(division.held_out_bytes) * 1e-3);
  if (division.duplicates_kept)
    std::printf("%llu of them are near-duplicates of training text, and kept: without them too little would be left\n",
                static_cast<unsigned long long>(division.near_duplicates));
  else
    std::printf("%llu near-duplicates of training text taken out\n",
                static_cast<unsigned long long>(division.near_duplicates));
  std::fflush(stdout);
}

std::string fingerprint_of(const AdaptOptions& o, const Base& base, const Sha256& data) {
  const std::string text = to_hex(base.sha256) + to_hex(data) + std::to_string(o.rank) + "," + std::to_string(o.alpha) +
                           "," + o.targets + "," + std::to_string(o.seed) + "," + std::to_string(o.length) + "," +
                           std::to_string(o.batch_tokens) + "," + std::to_string(o.held_out);
  return to_hex(sha256(as_bytes(text)));
}

std::string base_name(const AdaptOptions& o, const GgufFile& file) {
  if (!o.model_name.empty()) return o.model_name;
  const auto name = file.get_string("general.name");
  return name ? *name : std::filesystem::path(o.model).filename().string();
}

struct Facts {  // about the data
  Sha256 sha256;
  std::uint64_t bytes, documents;
};

Adapter describe(Adapter adapter, const AdaptOptions& o, const Base& base, const Facts& facts,
                 const train::AdaptResult& result) {
  adapter.name = o.name.empty() ? std::filesystem::path(o.out).filename().string() : o.name;
  if (o.name.empty()) adapter.name = adapter.name.substr(0, adapter.name.find('.'));
  auto& m = adapter.metadata;
  m["general.name"] = adapter.name;
  m["koan.adapter.base_sha256"] = to_hex(base.sha256);
  m["koan.adapter.base_name"] = base_name(o, base.file);
  m["koan.adapter.data_sha256"] = to_hex(facts.sha256);
  m["koan.adapter.data_bytes"] = facts.bytes;
  m["koan.adapter.documents"] = facts.documents;
  m["koan.adapter.trained_tokens"] = static_cast<std::uint64_t>(result.tokens);
  m["koan.adapter.seed"] = o.seed;
  m["koan.adapter.created"] = iso_date();
  m["koan.adapter.targets"] = o.targets;
  m["koan.adapter.heldout_bytes"] = result.measured_bytes;
  m["koan.adapter.heldout_bits_before"] = result.before;
  m["koan.adapter.heldout_bits_after"] = result.after;
  return adapter;
}

Status write_adapter_file(const AdaptOptions& o, const Adapter& adapter) {
  const Bytes bytes = write_adapter(adapter);
  KOAN_ASSIGN(AtomicFile file, AtomicFile::create(o.out, o.force));
  FileSink sink(file.fd(), o.out);
  KOAN_TRY(sink.write(bytes));
  KOAN_TRY(file.commit());
  std::error_code ignored;  // a checkpoint that stays is found, and named, by the next run
  std::filesystem::remove(train::AdaptRun::checkpoint_path(o), ignored);
  return {};
}

}  // namespace

Status run_adapt(const AdaptOptions& given, Stop stop) {
  AdaptOptions o = given;
  at::set_num_threads(thread_count(o.threads));
  KOAN_ASSIGN(const auto targets, train::parse_targets(o.targets));
  KOAN_TRY(check_options(o));
  KOAN_ASSIGN(Base base, load_base(o));
  const train::LoraSettings settings{o.rank, o.alpha, targets, o.seed};
  KOAN_TRY(train::check_rank(base.loaded.net, settings));
  KOAN_TRY(check_memory(base.loaded.net.config(), o));
  KOAN_ASSIGN(Corpus corpus, read_corpus(o.inputs, {o.field, o.context_field, o.jsonl}));
  const Sha256 data_sha256 = corpus_sha256(corpus.documents);
  const std::uint64_t documents = corpus.documents.size();
  KOAN_ASSIGN(const Division division, divide(std::move(corpus.documents), o.held_out, o.seed));
  if (!o.quiet) print_corpus(corpus, division);
  set_default_lengths(o, base.file, division.train_bytes);
  const Tokenizer& tokenizer = base.loaded.tokenizer;
  const train::AdaptData data{encode_documents(tokenizer, division.train),
                              encode_documents(tokenizer, division.held_out), tokenizer.bos()};
  base.loaded.net.to(torch::Device(o.device));
  train::AdaptRun run(o, train::LoraNet(std::move(base.loaded.net), settings), data,
                      fingerprint_of(o, base, data_sha256));
  if (o.resume) KOAN_TRY(run.resume());
  if (!stop) stop = train::stop_on_signals();
  KOAN_ASSIGN(const train::AdaptResult result, run.train(stop));
  Adapter adapter = describe(run.net().adapter(), o, base, {data_sha256, corpus.bytes, documents}, result);
  add_router_profiles(division.train, adapter.metadata);
  KOAN_TRY(write_adapter_file(o, adapter));
  std::printf("%s: held-out %.4f -> %.4f bits per byte (%+.1f%%), requantised as koan runs it\n", o.out.c_str(),
              result.before, result.after, 100 * (result.after / result.before - 1));
  if (result.after >= result.before)
    std::printf("the adapter gains nothing on held-out text: more text, or other text, may help\n");
  return {};
}

}  // namespace koan
