#include "kernels/dispatch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace koan {
namespace {

// A set of another processor family.
#if defined(__aarch64__)
constexpr const char* kForeign = "avx2";
#else
constexpr const char* kForeign = "neon";
#endif

class DispatchTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* value = std::getenv("KOAN_ISA")) before_ = value;
  }
  void TearDown() override { setenv("KOAN_ISA", before_.c_str(), 1); }

 private:
  std::string before_;  // empty means unset (dispatch.h)
};

TEST_F(DispatchTest, UnknownNameListsTheKnownOnes) {
  const auto kernels = kernels_for("mmx");
  ASSERT_FALSE(kernels);
  EXPECT_EQ(kernels.error().code, ErrorCode::kUsage);
  for (const std::string_view name : isa_names()) EXPECT_NE(kernels.error().message.find(name), std::string::npos);
}

TEST_F(DispatchTest, MissingSetIsNotSupported) {
  const auto kernels = kernels_for(kForeign);
  ASSERT_FALSE(kernels);
  EXPECT_EQ(kernels.error().code, ErrorCode::kNotSupported);
  EXPECT_NE(kernels.error().message.find("not supported"), std::string::npos);
}

TEST_F(DispatchTest, NamesAreTheTablesOwn) {
  for (const std::string_view name : isa_names()) {
    const auto kernels = kernels_for(name);
    if (kernels) {
      EXPECT_EQ((*kernels)->name, name);
    } else {
      EXPECT_EQ(kernels.error().code, ErrorCode::kNotSupported) << name;
    }
  }
  EXPECT_TRUE(kernels_for("scalar"));
}

TEST_F(DispatchTest, BestSetWithoutAWish) {
  for (const char* value : {static_cast<const char*>(nullptr), ""}) {
    value ? setenv("KOAN_ISA", value, 1) : unsetenv("KOAN_ISA");
    const auto chosen = choose_kernels();
    ASSERT_TRUE(chosen);
    for (const std::string_view name : isa_names()) {
      if (const auto kernels = kernels_for(name)) {
        EXPECT_EQ(*chosen, *kernels);
        break;
      }
    }
  }
}

TEST_F(DispatchTest, EnvironmentForcesASet) {
  setenv("KOAN_ISA", "scalar", 1);
  const auto scalar = choose_kernels();
  ASSERT_TRUE(scalar);
  EXPECT_EQ(*scalar, scalar_kernels());
  setenv("KOAN_ISA", kForeign, 1);
  EXPECT_EQ(choose_kernels().error().code, ErrorCode::kNotSupported);
  setenv("KOAN_ISA", "SCALAR", 1);
  const auto unknown = choose_kernels();
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kUsage);
  EXPECT_NE(unknown.error().message.find("KOAN_ISA"), std::string::npos);
}

}  // namespace
}  // namespace koan
