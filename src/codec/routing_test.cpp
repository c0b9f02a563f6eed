// Which adapter a text gets (docs/routing.md section 3), as the files say it.
#include "codec/inspect.h"
#include "codec/line_access.h"
#include "codec/test_adapters.h"
#include "codec/test_codec.h"
#include "codec/test_lines.h"

namespace koan {
namespace {

// Two kinds of text whose words differ, so that profiles tell them apart.
Bytes about_cooking(std::size_t bytes, unsigned seed) {
  static constexpr const char* kWords[] = {"boil", "rice",   "butter", "salt", "slowly",
                                           "pan",  "onions", "until",  "soft"};
  std::mt19937 random(seed);
  std::string out;
  while (out.size() < bytes) out += std::string(kWords[random() % 9]) + (random() % 7 == 0 ? ". " : " ");
  out.resize(bytes);
  return {as_bytes(out).begin(), as_bytes(out).end()};
}
Bytes about_code(std::size_t bytes, unsigned seed) {
  static constexpr const char* kWords[] = {"return", "if (p == nullptr)", "{",    "}",
                                           "throw",  "std::vector<int>",  "else", "i++;"};
  std::mt19937 random(seed);
  std::string out;
  while (out.size() < bytes) out += std::string(kWords[random() % 8]) + (random() % 5 == 0 ? "\n  " : " ");
  out.resize(bytes);
  return {as_bytes(out).begin(), as_bytes(out).end()};
}

class RoutingTest : public testing::Test {
 protected:
  Sha256 add(const TestAdapter& options) {
    const Bytes file = make_adapter(*codec_->store().default_model(), options);
    EXPECT_TRUE(codec_->store().add_adapter(file));
    return sha256(file);
  }
  Sha256 cook() { return add({.seed = 5, .like_text = about_cooking(9000, 1), .like_prompt = about_cooking(9000, 2)}); }
  Sha256 coder() { return add({.seed = 6, .like_text = about_code(9000, 1), .like_prompt = about_code(9000, 2)}); }

  static CodecOptions routed(Routing routing, std::vector<Sha256> adapters) {
    CodecOptions options;
    options.routing = routing;
    options.adapters = std::move(adapters);
    options.segment_bytes = 4096;
    return options;
  }
  // The file, decoded again.
  Bytes coded(ByteView raw, const CodecOptions& options, CodecStats* stats = nullptr) {
    const Bytes out = compressed(*codec_, raw, options, stats);
    CodecOptions given;
    given.context = options.context;
    const auto back = decompressed(*codec_, out, given);
    EXPECT_TRUE(back && std::ranges::equal(*back, raw)) << (back ? "other bytes" : back.error().message);
    return out;
  }
  struct Stored {
    std::vector<Sha256> adapters;
    std::vector<std::string> methods;
  };
  static Stored stored(ByteView file) {
    Stored out;
    MemorySource source(file);
    EXPECT_TRUE(inspect(
        source, [&](const PartInfo& part) { out.adapters = part.adapters; },
        [&](const SegmentInfo& s) { out.methods.emplace_back(method_name(s.head.method)); }));
    return out;
  }
  // The adapter of each record by its place in `known`; -1: the model alone.
  std::vector<int> of_records(ByteView file, const std::vector<Sha256>& known) {
    MemorySource source(file);
    const auto listing = codec_->records({}, source);
    EXPECT_TRUE(listing) << listing.error().message;
    std::vector<int> out;
    for (const RecordInfo& record : listing->records) {
      if (record.adapter == 0) {
        out.push_back(-1);
        continue;
      }
      const auto found = std::find(known.begin(), known.end(), listing->adapters[record.adapter - 1]);
      out.push_back(static_cast<int>(found - known.begin()));
    }
    return out;
  }

  std::unique_ptr<Codec> codec_ = tiny_codec();
};

TEST_F(RoutingTest, ByTextTheNearestProfileIsStoredForEachSegment) {
  const std::vector<Sha256> both = {cook(), coder()};
  // Segments are 4096 bytes; each is of one kind.
  Bytes raw = about_code(8192, 7);
  append_bytes(raw, about_cooking(8192, 7));
  raw[8191] = '\n';
  const Stored file = stored(coded(raw, routed(Routing::kText, both)));
  EXPECT_EQ(file.methods, (std::vector<std::string>(4, "adapter")));
  EXPECT_EQ(file.adapters, (std::vector<Sha256>{both[1], both[0]})) << "numbered in the order of first use";
  EXPECT_EQ(stored(coded(about_cooking(9000, 8), routed(Routing::kText, both))).adapters, std::vector<Sha256>{both[0]});
}

TEST_F(RoutingTest, RecordsByTextAndByPrompt) {
  const std::vector<Sha256> both = {cook(), coder()};
  std::string lines;
  std::vector<int> by_text, by_prompt;
  const auto one_line = [](Bytes text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    return std::string(as_text(text));
  };
  for (unsigned i = 0; i < 12; ++i) {
    const bool code = i % 2 == 0;
    const int prompt = static_cast<int>(i % 3) - 1;  // of either kind, or none
    const Bytes text = code ? about_code(200, i) : about_cooking(200, i);
    lines += "{\"response\": \"" + one_line(text) + "\"";
    if (prompt >= 0)
      lines += ", \"prompt\": \"" + one_line(prompt == 1 ? about_code(150, i) : about_cooking(150, i)) + "\"";
    lines += "}\n";
    by_text.push_back(code ? 1 : 0);
    by_prompt.push_back(prompt);
  }
  CodecOptions options = routed(Routing::kText, both);
  options.records = RecordFields{"response", "prompt"};
  CodecStats stats;
  EXPECT_EQ(of_records(coded(as_bytes(lines), options, &stats), both), by_text);
  EXPECT_EQ(stats.records, 12u);
  EXPECT_EQ(stats.adapters, 2u);
  options.routing = Routing::kPrompt;
  EXPECT_EQ(of_records(coded(as_bytes(lines), options), both), by_prompt);
}

TEST_F(RoutingTest, ByPromptTheContextOfAFileCounts) {
  const std::vector<Sha256> both = {cook(), coder()};
  CodecOptions options = routed(Routing::kPrompt, both);
  const Bytes raw = sample_text(9000);
  EXPECT_TRUE(stored(coded(raw, options)).adapters.empty()) << "nothing to go by: the model alone";
  const Bytes prompt = about_code(400, 3), other = about_cooking(400, 3);
  options.context = prompt;
  EXPECT_EQ(stored(coded(raw, options)).adapters, std::vector<Sha256>{both[1]});
  options.context = other;
  EXPECT_EQ(stored(coded(raw, options)).adapters, std::vector<Sha256>{both[0]});
  // Messages too.
  const Bytes message = sample_text(500);
  CodecStats stats;
  coded(message, options, &stats);
  EXPECT_EQ(stats.adapters, 1u);
  options.context = {};
  EXPECT_TRUE(coded(message, options, &stats) == compressed(*codec_, message));
  EXPECT_EQ(stats.adapters, 0u);
}

// An adapter without a profile is not near to anything. A trial needs none.
TEST_F(RoutingTest, WithoutAProfileOnlyATrialPicksIt) {
  const Sha256 silent = add({.seed = 9});
  const Bytes raw = sample_text(9000);
  EXPECT_TRUE(stored(coded(raw, routed(Routing::kText, {silent}))).adapters.empty());
  CodecOptions options = routed(Routing::kPrompt, {silent});
  const Bytes prompt = sample_text(300);
  options.context = prompt;
  EXPECT_TRUE(stored(coded(raw, options)).adapters.empty());
  const Sha256 known = coder();
  EXPECT_EQ(stored(coded(raw, routed(Routing::kText, {silent, known}))).adapters, std::vector<Sha256>{known});
}

std::uint64_t size_of(Codec& codec, ByteView raw, const CodecOptions& options) {
  return compressed(codec, raw, options).size();
}

// Random adapters of growing strength: the strongest costs much more than a hundredth, the weakest may save a little.
TEST_F(RoutingTest, ATrialComesWithinAHundredthOfTheBestSingleChoice) {
  const std::vector<Sha256> all = {add({.seed = 11, .strength = 0.005}), add({.seed = 12, .strength = 0.02}),
                                   add({.seed = 13, .strength = 0.2})};
  for (const bool code : {false, true}) {
    SCOPED_TRACE(code);
    const Bytes raw = code ? about_code(24000, 4) : sample_text(24000);
    std::vector<std::uint64_t> sizes = {size_of(*codec_, raw, routed(Routing::kFixed, {}))};
    for (const Sha256& adapter : all) sizes.push_back(size_of(*codec_, raw, routed(Routing::kFixed, {adapter})));
    const auto [best, worst] = std::minmax_element(sizes.begin(), sizes.end());
    EXPECT_GT(static_cast<double>(*worst), 1.02 * static_cast<double>(*best)) << "any choice would do";
    EXPECT_LE(static_cast<double>(coded(raw, routed(Routing::kTrial, all)).size()), 1.01 * static_cast<double>(*best));
  }
}

// A trial that saw the whole text has coded it; one that saw its beginning has not.
TEST_F(RoutingTest, TrialsOfShortAndLongRecordsGiveWhatAFixedChoiceGives) {
  const std::vector<Sha256> all = {add({.seed = 11, .strength = 0.01}), add({.seed = 12, .strength = 0.01})};
  const std::string lines = plain_lines(6, kTrialBytes / 8, 3) + plain_lines(3, kTrialBytes + 900, 9);
  CodecOptions options = routed(Routing::kTrial, all);
  options.records = RecordFields{"response", "prompt"};
  const Bytes file = coded(as_bytes(lines), options);
  const auto listing_of = [&](ByteView koan) {
    MemorySource source(koan);
    return codec_->records({}, source).value().records;
  };
  const std::vector<RecordInfo> trial = listing_of(file);
  const std::vector<int> chosen = of_records(file, all);
  ASSERT_EQ(trial.size(), 9u);
  for (int adapter = -1; adapter < 2; ++adapter) {
    CodecOptions fixed = options;
    fixed.routing = Routing::kFixed;
    fixed.adapters.clear();
    if (adapter >= 0) fixed.adapters.push_back(all[static_cast<std::size_t>(adapter)]);
    const std::vector<RecordInfo> single = listing_of(compressed(*codec_, as_bytes(lines), fixed));
    for (std::size_t i = 0; i < trial.size(); ++i) {
      if (chosen[i] == adapter) {
        EXPECT_EQ(single[i].coded_bytes, trial[i].coded_bytes) << i;
      }
      // Sizes are whole bytes, ideal lengths are not.
      if (single[i].text_bytes <= kTrialBytes) {
        EXPECT_LE(trial[i].coded_bytes, single[i].coded_bytes + 1) << i;
      }
    }
  }
}

// Adapters that save a few bytes in a small file cost more to name. A message names nothing.
TEST_F(RoutingTest, AnAdapterThatSavesLessThanItsNameIsLeftOut) {
  std::vector<Sha256> all;
  for (unsigned seed = 20; seed < 23; ++seed) all.push_back(add({.seed = seed, .strength = 0.003}));
  const std::string lines = plain_lines(6, 120, 3);
  CodecOptions options = routed(Routing::kTrial, all);
  options.records = RecordFields{"response", "prompt"};
  EXPECT_EQ(of_records(coded(as_bytes(lines), options), all), std::vector<int>(6, -1));
  // In a message any gain counts.
  unsigned with_adapter = 0;
  for (unsigned i = 0; i < 8; ++i) {
    CodecStats stats;
    const std::size_t size = coded(prose(150, i), routed(Routing::kTrial, all), &stats).size();
    with_adapter += stats.adapters != 0;
    EXPECT_LE(size, coded(prose(150, i), routed(Routing::kFixed, {})).size());
  }
  EXPECT_GT(with_adapter, 0u);
}

// What lost to another method is not named.
TEST_F(RoutingTest, AdaptersThatNothingUsesAreNotNamed) {
  const Sha256 adapter = cook();
  CodecStats stats;
  const Bytes noise = random_bytes(20000, 4);
  EXPECT_TRUE(stored(coded(noise, routed(Routing::kFixed, {adapter}), &stats)).adapters.empty());
  EXPECT_EQ(stats.adapters, 0u);
  // Text whose repetitions lie far apart: each segment goes to the model, until one LZMA segment turns out smaller.
  Bytes far;
  const Bytes page = sample_text(16000);
  for (int i = 0; i < 12; ++i) append_bytes(far, page);
  const Stored file = stored(coded(far, routed(Routing::kFixed, {adapter}), &stats));
  EXPECT_EQ(file.methods.size(), 1u) << "of another method than the model, or this shows nothing";
  EXPECT_TRUE(file.adapters.empty());
  // A record that repeats beyond what the format accepts sends its whole block to other methods.
  CodecOptions options = routed(Routing::kFixed, {adapter});
  options.records = RecordFields{"response", ""};
  const std::string lines = plain_lines(5, 300, 2) + "{\"response\": \"" + std::string(500000, 'a') + "\"}\n";
  const Stored records = stored(coded(as_bytes(lines), options, &stats));
  EXPECT_EQ(std::count(records.methods.begin(), records.methods.end(), "records"), 0);
  const bool uses = std::count(records.methods.begin(), records.methods.end(), "adapter") > 0;
  EXPECT_EQ(records.adapters.size(), uses ? 1u : 0u);
}

}  // namespace
}  // namespace koan
