#include "tasks/task.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace koan::tasks {
namespace {

TEST(Task, AllAreReadAndFound) {
  const std::vector<Task> all = all_tasks();
  EXPECT_EQ(all.size(), 16u);
  for (const Task& task : all) {
    const auto found = find_task(task.name);
    ASSERT_TRUE(found) << task.name;
    EXPECT_EQ(found->hash, task.hash);
  }
  const auto none = find_task("gsm9k");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUsage);
  EXPECT_NE(none.error().message.find("mmlu_pro"), std::string::npos);
}

TEST(Task, LoadsShared) {
  const std::string folder = KOAN_SOURCE_DIR "/../shared/corpus/benchmarks";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  for (const Task& task : all_tasks()) {
    if (task.file.empty()) continue;
    const auto problems = load_problems(task, {folder, 1, 3});
    ASSERT_TRUE(problems) << task.name << problems.error().message;
    EXPECT_EQ(problems->size(), 3u);
  }
}

}  // namespace
}  // namespace koan::tasks
