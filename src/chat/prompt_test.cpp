#include "chat/prompt.h"

#include <gtest/gtest.h>

namespace koan {
namespace {

TEST(Prompt, FieldsAreFilledOnce) {
  const Prompt prompt{"You {{verb}}.", "{{a}} {{b}}{{a}} {{missing}} {{open"};
  const auto messages = fill(prompt, {{"verb", "write"}, {"a", "{{b}}"}, {"b", "2"}});
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].role, "system");
  EXPECT_EQ(messages[0].content, "You write.");
  EXPECT_EQ(messages[1].role, "user");
  EXPECT_EQ(messages[1].content, "{{b}} 2{{b}} {{missing}} {{open") << "what a field says is no field";
}

}  // namespace
}  // namespace koan
