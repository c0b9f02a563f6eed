// Exactness with adapters (docs/numerics.md section 13): the bytes of a text depend on the text, what it continues and
// the adapter; not on when and where that was merged, on threads, streams, the order of the work or the instruction
// set.
#include <deque>
#include <map>
#include <random>

#include "base/half.h"
#include "codec/model_coders.h"
#include "codec/test_adapters.h"
#include "codec/test_codec.h"
#include "formats/gguf.h"
#include "kernels/dispatch.h"

namespace koan {
namespace {

struct Machine {
  const Kernels* kernels;
  unsigned threads, streams;
};

std::string text_of(const Machine& m) {
  return std::string(m.kernels->name) + ", " + std::to_string(m.threads) + " threads, " + std::to_string(m.streams) +
         " streams";
}

class AdapterExactTest : public testing::Test {
 protected:
  static constexpr std::size_t kAdapters = 3, kTexts = 14;

  AdapterExactTest() {
    for (unsigned seed = 1; seed <= kAdapters; ++seed) {
      const Bytes file = make_adapter(*store_.default_model(), {.seed = seed, .strength = 0.03});
      EXPECT_TRUE(store_.add_adapter(file));
      offers_.offers.push_back({sha256(file), {}});
    }
    for (unsigned i = 0; i < kTexts; ++i) {
      texts_.push_back(prose(20 + 23 * i, i));
      contexts_.push_back(i % 3 == 0 ? Bytes() : prose(40 * i, 50 + i));
    }
    reference_ = coded_by({choose_kernels().value(), 1, 1}, in_order());
  }

  static std::vector<std::size_t> in_order() {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < kTexts; ++i) out.push_back(i);
    return out;
  }
  std::optional<std::size_t> offer_of(std::size_t text) const {
    return text % (kAdapters + 1) == kAdapters ? std::nullopt : std::optional(text % (kAdapters + 1));
  }
  std::shared_ptr<const Model> model_of(const Sha256* adapter) const {
    return adapter ? store_.merged(*store_.default_model(), *adapter).value() : store_.default_model();
  }
  std::unique_ptr<TokenCoder> coder(const Machine& machine, std::shared_ptr<const Model> model) const {
    CoderSetup setup;
    setup.window = default_window(model->config());
    setup.model = std::move(model);
    setup.kernels = machine.kernels;
    setup.threads = machine.threads;
    setup.streams = machine.streams;
    return std::make_unique<TokenCoder>(std::move(setup));
  }

  // The texts, each with its adapter, given to the coders in this order.
  std::vector<Bytes> coded_by(const Machine& machine, const std::vector<std::size_t>& order) const {
    std::map<const Sha256*, std::unique_ptr<TokenCoder>> coders;
    ModelCoders all(
        [&](const Sha256* adapter) -> Result<TokenCoder*> {
          std::unique_ptr<TokenCoder>& found = coders[adapter];
          if (!found) found = coder(machine, model_of(adapter));
          return found.get();
        },
        offers_, {}, 0);
    std::vector<RoutedJob> jobs(kTexts);
    std::vector<RoutedJob*> pointers;
    for (const std::size_t i : order) {
      jobs[i].job.text = texts_[i];
      jobs[i].job.context = ByteView(contexts_[i]);
      jobs[i].offer = offer_of(i);
      pointers.push_back(&jobs[i]);
    }
    Progress progress(nullptr, 0);
    EXPECT_TRUE(all.encode(pointers, progress));
    std::vector<Bytes> out;
    for (RoutedJob& job : jobs) out.push_back(std::move(job.job.coded));
    return out;
  }

  void expect_decoded_by(const Machine& machine, std::mt19937& random) const {
    for (std::size_t adapter = 0; adapter <= kAdapters; ++adapter) {
      std::vector<std::size_t> members;
      for (std::size_t i = 0; i < kTexts; ++i) {
        if (i % (kAdapters + 1) == adapter) members.push_back(i);
      }
      std::shuffle(members.begin(), members.end(), random);
      std::vector<DecodeJob> jobs(members.size());
      for (std::size_t j = 0; j < jobs.size(); ++j) {
        jobs[j].coded = reference_[members[j]];
        jobs[j].text_bytes = texts_[members[j]].size();
        jobs[j].context = ByteView(contexts_[members[j]]);
      }
      Progress progress(nullptr, 0);
      const Sha256* hash = adapter == kAdapters ? nullptr : &offers_.offers[adapter].sha256;
      ASSERT_TRUE(coder(machine, model_of(hash))->decode(jobs, progress));
      for (std::size_t j = 0; j < jobs.size(); ++j)
        EXPECT_TRUE(!jobs[j].damaged && jobs[j].text == texts_[members[j]]) << members[j] << ": " << text_of(machine);
    }
  }

  ModelStore store_ = [] {
    ModelStore out = ModelStore::create(choose_kernels().value()).value();
    EXPECT_TRUE(out.add(tiny_model(), true));
    return out;
  }();
  AdapterOffers offers_;
  std::vector<Bytes> texts_, contexts_, reference_;
};

TEST_F(AdapterExactTest, ThreadsStreamsAndOrderDoNotMatter) {
  std::mt19937 random(20);
  std::vector<std::size_t> order = in_order();
  for (unsigned threads = 1; threads <= 8; ++threads) {
    // With one stream the encoder feeds sixteen tokens of a text in a pass, with many one of each.
    for (const unsigned streams : {1u, 2u, 3u, 5u, 16u, 33u, 64u}) {
      const Machine machine{choose_kernels().value(), threads, streams};
      std::shuffle(order.begin(), order.end(), random);
      EXPECT_TRUE(coded_by(machine, order) == reference_) << text_of(machine);
      if (threads % 3 == 1) expect_decoded_by(machine, random);
    }
  }
}

TEST_F(AdapterExactTest, InstructionSetsDoNotMatter) {
  std::mt19937 random(21);
  unsigned compared = 0;
  for (const std::string_view isa : isa_names()) {
    const auto kernels = kernels_for(isa);
    if (!kernels) continue;
    EXPECT_EQ(isa, (*kernels)->name);
    const Machine machine{*kernels, 2, 3};
    EXPECT_TRUE(coded_by(machine, in_order()) == reference_) << isa;
    expect_decoded_by(machine, random);
    ++compared;
  }
  EXPECT_GE(compared, 1u);
}

TEST_F(AdapterExactTest, EachAdapterChangesTheBytes) {
  const Machine machine{choose_kernels().value(), 1, 16};
  for (std::size_t i = 0; i < kTexts; ++i) {
    if (!offer_of(i) || texts_[i].size() < 60) continue;
    EncodeJob job;
    job.text = texts_[i];
    job.context = ByteView(contexts_[i]);
    Progress progress(nullptr, 0);
    ASSERT_TRUE(coder(machine, store_.default_model())->encode(std::span(&job, 1), progress));
    EXPECT_FALSE(job.coded == reference_[i]) << i;
  }
}

TEST(AdapterMerging, WhenDoesNotMatter) {
  const Bytes text = sample_text(9000), message = sample_text(500);
  const auto before = tiny_codec(), on_demand = tiny_codec();
  const Bytes file = make_adapter(*before->store().default_model(), {.seed = 4});
  CodecOptions options;
  options.adapters = {sha256(file)};
  ASSERT_TRUE(before->store().add_adapter(file));
  ASSERT_TRUE(before->store().merged(*before->store().default_model(), sha256(file)));
  compressed(*on_demand, text);
  ASSERT_TRUE(on_demand->store().add_adapter(file));
  for (const Bytes* raw : {&text, &message}) {
    const Bytes coded = compressed(*before, *raw, options);
    EXPECT_TRUE(coded == compressed(*on_demand, *raw, options));
    const auto back = decompressed(*on_demand, coded);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_TRUE(*back == *raw);
  }
}

// The model's file with the adapter put into its tensors, one number after the other as the document says it.
Bytes merged_file(ByteView gguf, const Adapter& adapter) {
  GgufFile file = parse_gguf(gguf).value();
  std::deque<Bytes> memory;
  for (const AdapterTensor& pair : adapter.tensors) {
    const auto found = std::find_if(file.tensors.begin(), file.tensors.end(),
                                    [&](const GgufTensor& tensor) { return tensor.name == pair.target; });
    EXPECT_EQ(found->type, GgmlType::kQ8_0);
    EXPECT_EQ(pair.in % 32, 0u);
    Bytes& data = memory.emplace_back(found->data.begin(), found->data.end());
    const volatile float scale = adapter.alpha / static_cast<float>(pair.rank);
    for (std::size_t at = 0; at < data.size(); at += 34) {
      const std::size_t group = at / 34, row = group / (pair.in / 32), column = group % (pair.in / 32) * 32;
      const float d = half_to_float(static_cast<std::uint16_t>(data[at] | data[at + 1] << 8));
      float merged[32];
      bool touched = false;
      for (std::size_t i = 0; i < 32; ++i) {
        volatile float delta = 0;  // volatile: each step is rounded, whatever the compiler
        for (std::size_t r = 0; r < pair.rank; ++r) {
          const volatile float product = pair.b[row * pair.rank + r] * pair.a[r * pair.in + column + i];
          delta = delta + product;
        }
        const volatile float t = scale * delta;
        const volatile float w = static_cast<float>(static_cast<std::int8_t>(data[at + 2 + i])) * d;
        touched = touched || t != 0;
        merged[i] = w + t;
      }
      if (touched) quantize_q8_0_block(merged, data.data() + at);
    }
    found->data = data;
  }
  return write_gguf(file);
}

// Merging is the definition, so a model that somebody else merged into its file codes the same streams. Only what names
// it in the file is another.
TEST_F(AdapterExactTest, AModelMergedInItsFileCodesTheSame) {
  const auto& adapters = store_.adapters();
  for (std::size_t i = 0; i < kAdapters; ++i) {
    const auto model = Model::load(merged_file(tiny_model(), *adapters[i]));
    ASSERT_TRUE(model) << model.error().message;
    for (std::size_t text = i; text < kTexts; text += kAdapters + 1) {
      EncodeJob job;
      job.text = texts_[text];
      job.context = ByteView(contexts_[text]);
      Progress progress(nullptr, 0);
      ASSERT_TRUE(coder({choose_kernels().value(), 1, 4}, *model)->encode(std::span(&job, 1), progress));
      EXPECT_TRUE(job.coded == reference_[text]) << text;
    }
  }
}

}  // namespace
}  // namespace koan
