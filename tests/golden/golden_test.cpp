// Files of format version 1 (v1/, made by make_golden.sh) decode to the recorded bytes for ever, and their texts encode
// to the recorded bytes. Run once for each instruction set (KOAN_ISA); one that this machine lacks ends the program
// with code 77.
#include <gtest/gtest.h>
#include <lzma.h>
#include <zstd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>

#include "adapters.h"
#include "base/hash.h"
#include "kernels/dispatch.h"
#include "koan/koan.h"

namespace {

using koan::Bytes;

const std::string kFolder = KOAN_SOURCE_DIR "/tests/golden/";

Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Golden {
  std::string name;
  std::string options;                        // NAME=VALUE,NAME=VALUE or -
  std::string how, raw_sha256, coded_sha256;  // how: exact, library versions, or parts:NAME+NAME
  // Empty: not among the options.
  std::string option(const std::string& wanted) const {
    std::istringstream list(options);
    for (std::string item; std::getline(list, item, ',');) {
      if (item.starts_with(wanted + "=")) return item.substr(wanted.size() + 1);
    }
    return {};
  }
  Bytes context() const {
    const std::string file = option("context");
    return file.empty() ? Bytes{} : read_file(kFolder + "v1/" + file);
  }
  // Those named, in this order: their files' bytes.
  std::vector<Bytes> adapters() const {
    std::vector<Bytes> out;
    std::istringstream names(option("adapter"));
    for (std::string file; std::getline(names, file, '+');) out.push_back(read_file(kFolder + "models/" + file));
    return out;
  }
  Bytes raw() const { return read_file(kFolder + "v1/" + name + ".raw"); }
  Bytes coded() const { return read_file(kFolder + "v1/" + name + ".koan"); }
};

std::vector<Golden> golden_files() {
  std::ifstream in(kFolder + "v1/index.txt");
  std::vector<Golden> out;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    Golden g;
    std::istringstream(line) >> g.name >> g.options >> g.how >> g.raw_sha256 >> g.coded_sha256;
    out.push_back(g);
  }
  return out;
}

std::string libraries() { return std::string("zstd-") + ZSTD_versionString() + ",lzma-" + lzma_version_string(); }

// The allocation that the C interface hands out, as Bytes.
Bytes take(std::uint8_t* memory, std::size_t size) {
  Bytes out(memory, memory + size);
  koan_free(memory);
  return out;
}

koan_codec* codec_without_adapters() {
  koan_codec* out = nullptr;
  koan_error error;
  EXPECT_EQ(koan_codec_create(&out, &error), KOAN_OK) << error.message;
  const Bytes model = read_file(kFolder + "models/tiny.gguf");
  EXPECT_EQ(koan_codec_add_model(out, model.data(), model.size(), 1, &error), KOAN_OK) << error.message;
  return out;
}

void add_adapter(koan_codec* codec, const Bytes& file) {
  koan_error error;
  EXPECT_EQ(koan_codec_add_adapter(codec, file.data(), file.size(), nullptr, &error), KOAN_OK) << error.message;
}

class GoldenTest : public testing::TestWithParam<Golden> {
 protected:
  static void SetUpTestSuite() {
    codec_ = codec_without_adapters();
    for (const koan::GoldenAdapter& adapter : koan::kGoldenAdapters)
      add_adapter(codec_, read_file(kFolder + "models/" + adapter.file));
  }
  static void TearDownTestSuite() { koan_codec_free(codec_); }

  static Bytes encode(const Golden& g) {
    koan_options options;
    koan_options_init(&options);
    const Bytes raw = g.raw(), context = g.context();
    if (const std::string bytes = g.option("segment"); !bytes.empty())
      options.segment_bytes = static_cast<std::uint32_t>(std::stoul(bytes));
    if (const std::string level = g.option("level"); !level.empty()) options.level = std::stoi(level);
    set_context(options, context);
    Bytes hashes;
    for (const Bytes& adapter : g.adapters()) koan::append_bytes(hashes, koan::sha256(adapter));
    options.adapters = hashes.data();
    options.adapter_count = hashes.size() / 32;
    if (g.option("route") == "text") options.routing = KOAN_ROUTING_TEXT;
    const std::string field = g.option("field"), context_field = g.option("context_field");
    if (!field.empty()) options.record_field = field.c_str();
    if (!context_field.empty()) options.context_field = context_field.c_str();
    std::uint8_t* out = nullptr;
    std::size_t size = 0;
    koan_error error;
    EXPECT_EQ(koan_compress(codec_, &options, raw.data(), raw.size(), &out, &size, nullptr, &error), KOAN_OK)
        << error.message;
    return out ? take(out, size) : Bytes{};
  }
  static void set_context(koan_options& options, const Bytes& context) {
    options.context = context.data();
    options.context_size = context.size();
  }
  // `context` empty: none.
  static koan_code decode(const Bytes& coded, const Bytes& context, Bytes& raw, koan_error& error) {
    return decode_with(codec_, coded, context, raw, error);
  }
  static koan_code decode_with(koan_codec* codec, const Bytes& coded, const Bytes& context, Bytes& raw,
                               koan_error& error) {
    koan_options options;
    koan_options_init(&options);
    set_context(options, context);
    std::uint8_t* out = nullptr;
    std::size_t size = 0;
    const koan_code code =
        koan_decompress(codec, &options, coded.data(), coded.size(), SIZE_MAX, &out, &size, nullptr, &error);
    EXPECT_EQ(out != nullptr, code == KOAN_OK) << "output without success, or success without output";
    if (out) raw = take(out, size);
    return code;
  }
  static void expect_refused(const Bytes& damaged, const Bytes& context, const std::string& what) {
    Bytes raw;
    koan_error error;
    ASSERT_EQ(decode(damaged, context, raw, error), KOAN_ERROR_CORRUPT) << what << ": " << error.message;
  }
  static koan_codec* codec_;
};
koan_codec* GoldenTest::codec_ = nullptr;

TEST_P(GoldenTest, FilesAreTheRecordedOnes) {
  EXPECT_EQ(koan::to_hex(koan::sha256(GetParam().raw())), GetParam().raw_sha256);
  EXPECT_EQ(koan::to_hex(koan::sha256(GetParam().coded())), GetParam().coded_sha256);
}

TEST_P(GoldenTest, DecodesToTheRecordedBytes) {
  Bytes raw;
  koan_error error;
  ASSERT_EQ(decode(GetParam().coded(), GetParam().context(), raw, error), KOAN_OK) << error.message;
  EXPECT_TRUE(raw == GetParam().raw());
}

class ContextGoldenTest : public GoldenTest {};

TEST_P(ContextGoldenTest, NeedsItsContext) {
  Bytes context = GetParam().context(), raw;
  koan_error error;
  const auto needs = [&](const Bytes& given) {
    const koan_code code = decode(GetParam().coded(), given, raw, error);
    // A message has no room for the context's hash: it says what it cannot find, which may be the model.
    return code == KOAN_ERROR_NEEDS_CONTEXT || code == KOAN_ERROR_NEEDS_MODEL;
  };
  EXPECT_TRUE(needs({})) << error.message;
  context[context.size() / 2] ^= 1;
  EXPECT_TRUE(needs(context)) << error.message;
}

class AdapterGoldenTest : public GoldenTest {};

// Without it, and with only the others.
TEST_P(AdapterGoldenTest, NeedsItsAdapters) {
  const std::unique_ptr<koan_codec, void (*)(koan_codec*)> codec(codec_without_adapters(), koan_codec_free);
  const std::vector<Bytes> needed = GetParam().adapters();
  const koan_code missing = GetParam().name.starts_with("message") ? KOAN_ERROR_NEEDS_MODEL : KOAN_ERROR_NEEDS_ADAPTER;
  Bytes raw;
  koan_error error;
  for (const Bytes& adapter : needed) {
    EXPECT_EQ(decode_with(codec.get(), GetParam().coded(), {}, raw, error), missing) << error.message;
    if (missing == KOAN_ERROR_NEEDS_ADAPTER) {
      EXPECT_NE(std::string(error.message).find("adapter with SHA-256 "), std::string::npos) << error.message;
    }
    add_adapter(codec.get(), adapter);
  }
  ASSERT_EQ(decode_with(codec.get(), GetParam().coded(), {}, raw, error), KOAN_OK) << error.message;
  EXPECT_TRUE(raw == GetParam().raw());
}

TEST_P(GoldenTest, EncodesToTheRecordedBytes) {
  const std::string& how = GetParam().how;
  if (how.starts_with("parts:")) GTEST_SKIP() << "made of parts that have tests of their own";
  if (how != "exact" && how != libraries())
    GTEST_SKIP() << "SKIPPED: made with " << how << ", this build has " << libraries();
  EXPECT_TRUE(encode(GetParam()) == GetParam().coded());
}

// A part boundary is the one place where a cut leaves a valid file (docs/format.md).
std::vector<std::size_t> boundaries(const Golden& g) {
  std::vector<std::size_t> out;
  if (!g.how.starts_with("parts:")) return out;
  std::istringstream names(g.how.substr(6));
  std::size_t at = 0;
  for (std::string name; std::getline(names, name, '+');)
    out.push_back(at += Golden{name, {}, {}, {}, {}}.coded().size());
  return out;
}

class DamagedGoldenTest : public GoldenTest {};

// Cuts of frames are found before anything is decoded; of the others one costs what a whole decoding does.
TEST_P(DamagedGoldenTest, TruncationsAreRefused) {
  const Bytes coded = GetParam().coded(), context = GetParam().context();
  const std::vector<std::size_t> valid = boundaries(GetParam());
  const std::size_t step = valid.empty() ? 1 : 53;
  for (std::size_t n = 0; n < coded.size(); n += n < 100 || n + 100 > coded.size() ? 1 : step) {
    if (std::find(valid.begin(), valid.end(), n) != valid.end()) continue;
    expect_refused(Bytes(coded.begin(), coded.begin() + static_cast<std::ptrdiff_t>(n)), context,
                   "cut at " + std::to_string(n));
  }
}

// All bits of small files, of large ones those at both ends and a spread; src/codec/damage_test.cpp tries all bits of
// all kinds.
TEST_P(DamagedGoldenTest, FlippedBitsAreRefused) {
  Bytes coded = GetParam().coded();
  const Bytes context = GetParam().context();
  const std::size_t bits = coded.size() * 8;
  const std::size_t step = bits < 2000 ? 1 : bits / 200;
  for (std::size_t bit = 0; bit < bits; bit += bit < 200 || bit + 200 > bits ? 1 : step) {
    coded[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    expect_refused(coded, context, "bit " + std::to_string(bit));
    coded[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

std::string test_name(const testing::TestParamInfo<Golden>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(V1, GoldenTest, testing::ValuesIn(golden_files()), test_name);
std::vector<Golden> golden_files_with_context() {
  std::vector<Golden> out = golden_files();
  std::erase_if(out, [](const Golden& g) { return g.option("context").empty(); });
  return out;
}
INSTANTIATE_TEST_SUITE_P(V1, ContextGoldenTest, testing::ValuesIn(golden_files_with_context()), test_name);
std::vector<Golden> golden_files_with_adapters() {
  std::vector<Golden> out = golden_files();
  std::erase_if(out, [](const Golden& g) { return g.option("adapter").empty(); });
  return out;
}
INSTANTIATE_TEST_SUITE_P(V1, AdapterGoldenTest, testing::ValuesIn(golden_files_with_adapters()), test_name);
INSTANTIATE_TEST_SUITE_P(V1, DamagedGoldenTest, testing::ValuesIn(golden_files()), test_name);

TEST(GoldenIndex, IsNotEmpty) { EXPECT_GE(golden_files().size(), 10u); }

TEST(GoldenIndex, NamesOnlyKnownOptions) {
  for (const Golden& g : golden_files()) {
    std::istringstream list(g.options == "-" ? "" : g.options);
    for (std::string item; std::getline(list, item, ',');) {
      const std::string option = item.substr(0, item.find('='));
      const std::set<std::string> known = {"segment", "level", "context", "adapter", "route", "field", "context_field"};
      EXPECT_TRUE(known.contains(option)) << g.name << ": " << item;
    }
  }
}

// Made anew on this machine, they are the recorded files.
TEST(GoldenAdapters, AreWhatTheirRecipesMake) {
  const auto model = koan::Model::load(read_file(kFolder + "models/tiny.gguf"));
  ASSERT_TRUE(model) << model.error().message;
  for (const koan::GoldenAdapter& adapter : koan::kGoldenAdapters)
    EXPECT_TRUE(koan::make_adapter(**model, adapter.recipe) == read_file(kFolder + "models/" + adapter.file))
        << adapter.file;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto kernels = koan::choose_kernels();
  if (!kernels && kernels.error().code == koan::ErrorCode::kNotSupported) {
    std::cout << "SKIPPED: " << kernels.error().message << '\n';
    return 77;
  }
  if (kernels) std::cout << "kernels: " << (*kernels)->name << '\n';
  return RUN_ALL_TESTS();
}
