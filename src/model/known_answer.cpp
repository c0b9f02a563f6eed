// The known-answer check (numerics section 11): a tiny model made of integers, so that nothing but the contract decides
// its frequencies. It crosses a window, uses sinks with their own query, passes a boundary of 128 positions, and groups
// rows unevenly.
#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "model/streams.h"
#include "model/weights.h"

namespace koan {
namespace {

// Of numerics version 2. A new value is a new version.
constexpr std::uint64_t kKnownHash = 0xF97A29AF1236FE08u;

constexpr std::uint64_t kWidth = 64;
constexpr std::uint64_t kLayers = 2;
constexpr std::uint64_t kHeads = 2;
constexpr std::uint64_t kHeadDim = 32;
constexpr std::uint64_t kFeedForward = 96;
constexpr std::uint64_t kVocabulary = 300;
constexpr std::uint32_t kPositions = 144;
constexpr std::uint32_t kMaxRows = 16;
constexpr Window kWindow{40, 4};

// splitmix64 (Steele, Lea, Flood 2014): integers only.
class Generator {
 public:
  std::uint32_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 32);
  }

 private:
  std::uint64_t state_ = 1;
};

class TinyModel {
 public:
  TinyModel() {
    file_.metadata = {{"general.architecture", std::string("qwen3")},
                      {"qwen3.block_count", kLayers},
                      {"qwen3.embedding_length", kWidth},
                      {"qwen3.feed_forward_length", kFeedForward},
                      {"qwen3.context_length", std::uint64_t{kPositions}},
                      {"qwen3.attention.head_count", kHeads},
                      {"qwen3.attention.head_count_kv", std::uint64_t{1}},
                      {"qwen3.attention.key_length", kHeadDim},
                      {"qwen3.attention.layer_norm_rms_epsilon", 0x1p-20},
                      {"qwen3.rope.freq_base", 10000.0}};
    add_matrix("token_embd", kWidth, kVocabulary);
    add_norm("output_norm", kWidth);
    for (std::uint64_t i = 0; i < kLayers; ++i) add_layer("blk." + std::to_string(i) + ".");
    // Views are taken last: `data_` has stopped moving.
    std::size_t offset = 0;
    for (GgufTensor& tensor : file_.tensors) {
      const std::uint64_t size = ggml_size_bytes(tensor.type, tensor.element_count(), tensor.shape[0]);
      tensor.data = ByteView(data_).subspan(offset, static_cast<std::size_t>(size));
      offset += tensor.data.size();
    }
  }
  TinyModel(const TinyModel&) = delete;
  TinyModel& operator=(const TinyModel&) = delete;

  const GgufFile& file() const noexcept { return file_; }

 private:
  void add_layer(const std::string& block) {
    add_norm(block + "attn_norm", kWidth);
    add_norm(block + "attn_q_norm", kHeadDim);
    add_norm(block + "attn_k_norm", kHeadDim);
    add_norm(block + "ffn_norm", kWidth);
    add_matrix(block + "attn_q", kWidth, kHeads * kHeadDim);
    add_matrix(block + "attn_k", kWidth, kHeadDim);
    add_matrix(block + "attn_v", kWidth, kHeadDim);
    add_matrix(block + "attn_output", kHeads * kHeadDim, kWidth);
    add_matrix(block + "ffn_gate", kWidth, kFeedForward);
    add_matrix(block + "ffn_up", kWidth, kFeedForward);
    add_matrix(block + "ffn_down", kFeedForward, kWidth);
  }

  // Q8_0 with scales of 2^-9 to 2^-8: values of both signs up to one half.
  void add_matrix(const std::string& name, std::uint64_t in, std::uint64_t rows) {
    file_.tensors.push_back({name + ".weight", {in, rows}, GgmlType::kQ8_0, {}});
    for (std::uint64_t block = 0; block < in / kGroup * rows; ++block) {
      append_fixed(data_, static_cast<std::uint16_t>(0x1800u | (generator_.next() & 0x3FFu)));
      for (int i = 0; i < kGroup; i += 4) append_fixed(data_, generator_.next());
    }
  }

  // F32 multiples of 1/256 from 1 to just below 2, and as many below.
  void add_norm(const std::string& name, std::uint64_t width) {
    file_.tensors.push_back({name + ".weight", {width}, GgmlType::kF32, {}});
    for (std::uint64_t i = 0; i < width; ++i) append_fixed(data_, 0x3F000000u | ((generator_.next() & 0x1FFu) << 15));
  }

  Generator generator_;
  Bytes data_;
  GgufFile file_;
};

// As little-endian bytes, so that the hash is the same on machines of either byte order.
void add_words(StreamHash& hash, std::span<const std::uint32_t> words) {
  std::vector<std::uint32_t> copy(words.begin(), words.end());
  for (std::uint32_t& word : copy) word = to_little_endian(word);
  hash.update({reinterpret_cast<const std::uint8_t*>(copy.data()), words.size_bytes()});
}

// What the model above has no use for: the other activation, and the soft cap. Multiples of 1/64 up to 16 in size.
void add_activations(StreamHash& hash, const Kernels& kernels) {
  constexpr std::int32_t kCount = 64;
  alignas(kAlignment) float x[kCount], y[kCount];
  Generator generator;
  for (int i = 0; i < kCount; ++i) {
    x[i] = static_cast<float>(static_cast<std::int32_t>(generator.next() >> 21) - 1024) / 64;
    y[i] = static_cast<float>(static_cast<std::int32_t>(generator.next() >> 21) - 1024) / 64;
  }
  kernels.gelu_mul(x, y, kCount, x);
  kernels.soft_cap(y, kCount, 3.0f);
  std::uint32_t words[2 * kCount];
  for (int i = 0; i < kCount; ++i) {
    words[i] = std::bit_cast<std::uint32_t>(x[i]);
    words[kCount + i] = std::bit_cast<std::uint32_t>(y[i]);
  }
  add_words(hash, words);
}

// Frequencies of every third row, and where the coder's search lands in them: somewhere in a symbol, at its start, at
// its end.
std::uint64_t hash_frequencies(const Kernels& kernels, Streams& streams) {
  Generator generator;
  StreamHash hash;
  add_activations(hash, kernels);
  std::vector<Row> rows;
  for (std::uint32_t position = 0; position < kPositions; position += static_cast<std::uint32_t>(rows.size())) {
    rows.assign(std::min(1 + generator.next() % kMaxRows, kPositions - position), Row{});
    for (Row& row : rows) row = {0, generator.next() % static_cast<std::uint32_t>(kVocabulary)};
    streams.forward(rows);
    for (std::uint32_t i = 0; i < rows.size(); i += 3) {
      const NextToken next = streams.next(i);
      const auto n = static_cast<std::int32_t>(next.freqs.size());
      add_words(hash, next.freqs);
      const std::uint32_t sum = kernels.sum(next.freqs.data(), n);
      std::uint32_t found[7] = {sum, generator.next() % next.total};
      found[2] = static_cast<std::uint32_t>(kernels.find(next.freqs.data(), n, found[1], &found[3]));
      const std::uint32_t last = found[3] + next.freqs[std::min<std::size_t>(found[2], kVocabulary - 1)] - 1;
      found[4] = static_cast<std::uint32_t>(kernels.find(next.freqs.data(), n, found[3], &found[5]));
      found[6] =
          static_cast<std::uint32_t>(kernels.find(next.freqs.data(), n, std::min(last, next.total - 1), &found[5]));
      add_words(hash, found);
    }
  }
  return hash.digest();
}

}  // namespace

Status known_answer_check(const Kernels& kernels) {
  const TinyModel model;
  KOAN_ASSIGN(Weights weights, Weights::from_gguf(model.file()));
  KOAN_ASSIGN(Streams streams,
              Streams::create(std::make_shared<const Weights>(std::move(weights)), &kernels, kWindow, 1, kMaxRows));
  const std::uint64_t hash = hash_frequencies(kernels, streams);
  if (hash == kKnownHash) return {};
  Bytes digest(sizeof hash);
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::uint8_t>(hash >> (56 - 8 * i));
  return Error{ErrorCode::kVerification, std::string("this build does not compute numerics version ") +
                                             std::to_string(kNumericsVersion) + " correctly on this machine (kernels " +
                                             kernels.name + ", hash " + to_hex(digest) +
                                             "); it would write files that nobody can read, so koan stops here"};
}

}  // namespace koan
