#include <string>

#include "chat/generator.h"
#include "chat/test_chat.h"
#include "kernels/dispatch.h"
#include "koan/koan.h"

namespace {

class CApiGenerate : public testing::Test {
 protected:
  void SetUp() override {
    const koan::Bytes gguf = koan::tiny_chat_gguf();
    ASSERT_EQ(koan_generator_create(gguf.data(), gguf.size(), &generator_, &error_), KOAN_OK) << error_.message;
    koan_generate_options_init(&options_);
    options_.max_tokens = 20;
    options_.seed = 4;
  }
  void TearDown() override { koan_generator_free(generator_); }

  std::string text(const koan_message* messages, std::size_t count) {
    char* out = nullptr;
    std::size_t size = 0;
    EXPECT_EQ(koan_generate(generator_, messages, count, &options_, &out, &size, nullptr, &error_), KOAN_OK)
        << error_.message;
    const std::string copy(out, size);
    koan_free(out);
    return copy;
  }

  koan_generator* generator_ = nullptr;
  koan_generate_options options_;
  koan_error error_{};
};

TEST_F(CApiGenerate, GivesWhatTheSessionGives) {
  const koan_message plain = {nullptr, "The answer is"}, asked = {"user", "The answer is"};
  const auto local = koan::LocalModel::load(koan::tiny_chat_gguf()).value();
  const auto session = koan::Generator::create(local.model, local.special, koan::choose_kernels().value(), 1);
  const auto prompt = local.plain_prompt("The answer is");
  const auto expected = session.run({&prompt, 1}, {.seed = 4, .max_tokens = 20}, {}).value();
  EXPECT_EQ(text(&plain, 1), expected[0].text);
  EXPECT_NE(text(&asked, 1), expected[0].text);
  EXPECT_EQ(koan_generator_has_template(generator_), 1);

  std::string shown;
  options_.on_text = [](void* user, const void* data, std::size_t size) {
    static_cast<std::string*>(user)->append(static_cast<const char*>(data), size);
    return 0;
  };
  options_.on_text_user = &shown;
  EXPECT_EQ(text(&plain, 1), shown);
}

TEST_F(CApiGenerate, Chooses) {
  const koan_message asked = {"user", "Yes or no?"};
  const char* const choices[] = {"Yes", "No"};
  std::uint64_t weights[2] = {};
  double bits[2] = {};
  ASSERT_EQ(koan_choose(generator_, &asked, 1, nullptr, choices, 2, weights, bits, &error_), KOAN_OK) << error_.message;
  EXPECT_GT(weights[0], 0u);
  EXPECT_EQ(weights[0] > weights[1], bits[0] < bits[1]);
}

TEST_F(CApiGenerate, RefusesMisuse) {
  const koan_message lone = {"user", nullptr}, two[] = {{nullptr, "a"}, {"user", "b"}}, good = {nullptr, "a"};
  char* out = nullptr;
  const auto run = [&](const koan_message* m, std::size_t n) {
    return koan_generate(generator_, m, n, &options_, &out, nullptr, nullptr, &error_);
  };
  EXPECT_EQ(run(nullptr, 0), KOAN_ERROR_USAGE);
  EXPECT_EQ(run(&lone, 1), KOAN_ERROR_USAGE);
  EXPECT_EQ(run(two, 2), KOAN_ERROR_USAGE);
  options_.top_p = 0;
  EXPECT_EQ(run(&good, 1), KOAN_ERROR_USAGE);
  options_.top_p = 1;
  options_.temperature = -1;
  EXPECT_EQ(run(&good, 1), KOAN_ERROR_USAGE);
  options_.struct_size = 3;
  EXPECT_EQ(run(&good, 1), KOAN_ERROR_USAGE);
  koan_generator* none = nullptr;
  EXPECT_EQ(koan_generator_create("nonsense", 8, &none, &error_), KOAN_ERROR_CORRUPT);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(koan_generator_has_template(nullptr), 0);
}

}  // namespace
