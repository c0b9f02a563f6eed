#include "tasks/task.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tasks/task_data.h"

namespace koan::tasks {
namespace {

namespace fs = std::filesystem;

const std::string kSamples = KOAN_SOURCE_DIR "/evals/samples";

// A file that is gone when the test ends.
class TaskFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).native();
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_ = fs::path(::testing::TempDir()) / ("tasks-" + std::to_string(::getpid()));
};

std::vector<Problem> loaded(const char* task, const LoadOptions& options) {
  const auto found = find_task(task);
  EXPECT_TRUE(found);
  auto problems = load_problems(*found, options);
  EXPECT_TRUE(problems) << problems.error().message;
  return problems ? std::move(*problems) : std::vector<Problem>();
}

TEST(Task, OfflineBringsItsModelsAndProblems) {
  const Task task = find_task("offline").value();
  EXPECT_EQ(task.prompts, "drill");
  EXPECT_EQ(task.small, "local:drill-small");
  EXPECT_EQ(task.large, "local:drill-large");
  EXPECT_EQ(task.arms, std::vector<std::string>{"all"});
  EXPECT_EQ(loaded("offline", {kSamples, 0, 0}).size(), 1000u);
  EXPECT_TRUE(find_task("gsm8k")->small.empty());
}

TEST(Task, AllAreReadAndFound) {
  const std::vector<Task> all = all_tasks();
  EXPECT_EQ(all.size(), task_files().size());
  EXPECT_EQ(all.size(), 17u);
  std::set<std::string> hashes;
  for (const Task& task : all) {
    const auto found = find_task(task.name);
    ASSERT_TRUE(found) << task.name;
    EXPECT_EQ(found->hash, task.hash);
    hashes.insert(to_hex(task.hash));
    for (const std::string* text : {&task.title, &task.source, &task.licence, &task.split, &task.prompts})
      EXPECT_FALSE(text->empty()) << task.name;
  }
  EXPECT_EQ(hashes.size(), all.size());
  const auto none = find_task("gsm9k");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUsage);
  EXPECT_NE(none.error().message.find("mmlu_pro"), std::string::npos);
}

// The table is linked in; a file that is not in it would never be found.
TEST(Task, EveryFileOfEvalsIsLinkedIn) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(KOAN_SOURCE_DIR "/evals/tasks")) {
    ++files;
    const auto task = find_task(entry.path().stem().native());
    ASSERT_TRUE(task) << entry.path();
    EXPECT_EQ(task->name, entry.path().stem().native());
  }
  EXPECT_EQ(files, task_files().size());
}

TEST(Task, DamagedFilesNameTheKey) {
  const std::string good(task_files()[0].json);
  const auto broken = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    const auto task = parse_task(text);
    return task ? std::string("read") : task.error().message;
  };
  EXPECT_TRUE(parse_task(good));
  EXPECT_NE(broken("\"version\": 1", "\"version\": 0").find("'version'"), std::string::npos);
  EXPECT_NE(broken("\"number\"", "\"numbers\"").find("'grader'"), std::string::npos);
  EXPECT_NE(broken("\"split\"", "\"spilt\"").find("'split' is missing"), std::string::npos);
  EXPECT_NE(broken("\"jsonl\"", "\"xml\"").find("'format'"), std::string::npos);
  EXPECT_NE(broken("\"fields\": {", "\"more\": 1, \"fields\": {").find("'more' is not known"), std::string::npos);
}

TEST(Samples, AreReadAsAModelSeesThem) {
  const auto gsm = loaded("gsm8k", {kSamples, 0, 0});
  ASSERT_EQ(gsm.size(), 8u);
  EXPECT_EQ(gsm[0].id, "gsm8k-test-0");
  EXPECT_EQ(gsm[0].target.kind, grade::Kind::kNumber);
  EXPECT_EQ(gsm[0].target.reference, "18");
  EXPECT_TRUE(gsm[0].text.ends_with("The answer is one number. Give it on a last line that begins with \"Answer:\"."));
  EXPECT_NE(gsm[0].solution.find("<<"), std::string::npos);

  const auto math = loaded("math", {kSamples, 0, 0});
  EXPECT_EQ(math.size(), 8u);
  EXPECT_EQ(math[0].subject, "Algebra");
  EXPECT_EQ(loaded("math_geometry", {kSamples, 0, 0}).size(), 2u);

  const auto mbpp = loaded("mbpp", {kSamples, 0, 0});
  ASSERT_EQ(mbpp.size(), 8u);
  EXPECT_EQ(mbpp[0].target.code.entry_point, "remove_Occ");
  EXPECT_NE(mbpp[0].text.find("remove_Occ(s,ch)"), std::string::npos);
  EXPECT_NE(mbpp[0].text.find(mbpp[0].target.code.tests[0]), std::string::npos);
  EXPECT_EQ(mbpp[0].text.find("for i in range"), std::string::npos) << "the solution is not shown";

  const auto mmlu = loaded("mmlu_pro", {kSamples, 0, 0});
  ASSERT_EQ(mmlu.size(), 8u);
  EXPECT_NE(mmlu[0].text.find("\nA. "), std::string::npos);
  EXPECT_EQ(mmlu[0].target.kind, grade::Kind::kLetter);
}

TEST(Samples, AreDrawnBySeedInTheOrderOfTheFile) {
  const auto all = loaded("gsm8k", {kSamples, 0, 0}), some = loaded("gsm8k", {kSamples, 3, 4}),
             again = loaded("gsm8k", {kSamples, 3, 4}), others = loaded("gsm8k", {kSamples, 4, 4});
  const auto ids = [](const std::vector<Problem>& problems) {
    std::vector<std::string> out;
    for (const Problem& problem : problems) out.push_back(problem.id);
    return out;
  };
  EXPECT_EQ(some.size(), 4u);
  EXPECT_EQ(ids(some), ids(again));
  EXPECT_NE(ids(some), ids(others));
  std::size_t at = 0;
  for (const Problem& problem : all)
    if (at < some.size() && problem.id == some[at].id) ++at;
  EXPECT_EQ(at, some.size());
}

// GPQA as it is published: CSV with quoted fields over several lines. Nothing of this text is from GPQA.
constexpr const char* kGpqa =
    "Record ID,Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer "
    "3,Explanation,Subdomain\r\n"
    "rec1,\"Which colour,\nof \"\"these\"\", is the sky?\",blue,red,\"green, or so\",black,\"It scatters.\",Optics\r\n"
    "rec2,Two?,2,3,4,5,,Arithmetic\r\n"
    "rec3,Three?,3,2,4,5,,Arithmetic\r\n"
    "rec4,Four?,4,2,3,5,,Arithmetic\r\n"
    "rec5,Five?,5,2,3,4,,Arithmetic\r\n";

// Q7: choices in another order than the one that the gold letter is to.
TEST_F(TaskFiles, GpqaShufflesChoicesAndTheGoldLetterFollows) {
  const std::string path = write("gpqa_diamond.csv", kGpqa);
  std::set<std::string> letters, orders;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const auto problems = loaded("gpqa", {path, seed, 0});
    ASSERT_EQ(problems.size(), 5u);
    for (const Problem& problem : problems) {
      EXPECT_EQ(problem.target.choices, 4u);
      const char* gold[] = {"blue", "2", "3", "4", "5"};
      const std::string line = "\n" + problem.target.reference + ". " + gold[problem.id[3] - '1'] + "\n";
      EXPECT_NE(problem.text.find(line), std::string::npos) << problem.text;
      letters.insert(problem.target.reference);
    }
    orders.insert(problems[0].text);
  }
  EXPECT_EQ(letters.size(), 4u);
  EXPECT_GT(orders.size(), 3u);
  const auto once = loaded("gpqa", {path, 5, 0}), again = loaded("gpqa", {path, 5, 2});
  for (const Problem& problem : again)
    EXPECT_EQ(problem.text, once[static_cast<std::size_t>(problem.id[3] - '1')].text)
        << "the limit does not change the order";
  EXPECT_NE(once[0].text.find("Which colour,\nof \"these\", is the sky?"), std::string::npos);
  EXPECT_EQ(once[0].subject, "Optics");
}

TEST_F(TaskFiles, GpqaFreeHasNoChoices) {
  const auto problems = loaded("gpqa_free", {write("g.csv", kGpqa), 0, 0});
  ASSERT_EQ(problems.size(), 5u);
  EXPECT_EQ(problems[0].target.kind, grade::Kind::kJudge);
  EXPECT_EQ(problems[0].target.reference, "blue");
  EXPECT_EQ(problems[0].text.find("green"), std::string::npos);
  EXPECT_NE(problems[0].target.question.find("sky"), std::string::npos);
}

TEST_F(TaskFiles, HleLeavesOutPicturesAndGradesByType) {
  const std::string path = write(
      "hle.jsonl",
      R"({"id":"a","question":"What is $1+1$?","answer":"$2$","answer_type":"exactMatch","image":"","category":"Math","rationale":"Count."})"
      "\n"
      R"({"id":"b","question":"Which?\n\nAnswer Choices:\nA. one\nB. two\nC. three\nD. four\nE. five","answer":"B","answer_type":"multipleChoice","image":"","category":"Other"})"
      "\n"
      R"({"id":"c","question":"What is this?","answer":"a cat","answer_type":"exactMatch","image":"data:image/png;base64,AAAA","category":"Other"})"
      "\n");
  for (const auto& [task, kind] : {std::pair("hle", grade::Kind::kJudge), std::pair("hle_exact", grade::Kind::kMath)}) {
    const auto problems = loaded(task, {path, 0, 0});
    ASSERT_EQ(problems.size(), 2u) << task;
    EXPECT_EQ(problems[0].target.kind, kind);
    EXPECT_EQ(problems[1].target.kind, grade::Kind::kLetter);
    EXPECT_EQ(problems[1].target.choices, 5u);
    EXPECT_EQ(problems[1].target.reference, "B");
  }
  EXPECT_TRUE(grade::grade(loaded("hle_exact", {path, 0, 0})[0].target, "Answer: 2", {})->right);
}

// Q3: the paper's scripts cut problems to 200 characters.
TEST_F(TaskFiles, AimeIsReadWhole) {
  const std::string problem(5000, 'x');
  const auto problems =
      loaded("aime", {write("aime.jsonl", R"({"id":0,"problem":")" + problem +
                                              R"(","solution":"So \\boxed{025}.","answer":"025"})"
                                              "\n"
                                              R"({"id":1,"problem":"p","solution":"Thus $\\boxed{204}$."})"
                                              "\n"),
                      0, 0});
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_NE(problems[0].text.find(problem), std::string::npos);
  EXPECT_EQ(problems[0].id, "0");
  EXPECT_TRUE(grade::grade(problems[0].target, "Answer: 25", {})->right);
  EXPECT_EQ(problems[1].target.reference, "204");
}

TEST_F(TaskFiles, PublishedFormsOfOthers) {
  const auto gsm = loaded(
      "gsm8k",
      {write("g.jsonl", "{\"id\": \"1\", \"question\": \"q\", \"answer\": \"It is 1+1=<<1+1=2>>2.\\n#### 2\"}\n"), 0,
       0});
  EXPECT_EQ(gsm.at(0).target.reference, "2");
  EXPECT_NE(gsm.at(0).solution.find("1+1"), std::string::npos);
  const auto code = loaded(
      "humaneval",
      {write(
           "h.jsonl",
           R"({"task_id":"HumanEval/0","prompt":"def f(x):\n    \"\"\"one more\"\"\"\n","entry_point":"f","canonical_solution":"    return x+1\n","test":"def check(candidate):\n    assert candidate(1) == 2\n"})"
           "\n"),
       0, 0});
  EXPECT_EQ(code.at(0).target.code.entry_point, "f");
  EXPECT_TRUE(code.at(0).target.code.tests.at(0).ends_with("\ncheck(f)\n"));
}

TEST_F(TaskFiles, ErrorsNameTheirPlace) {
  const auto message = [&](const char* task, const std::string& path) {
    const auto problems = load_problems(*find_task(task), {path, 0, 0});
    return problems ? std::string("read") : problems.error().message;
  };
  EXPECT_NE(
      message("gsm8k", write("a.jsonl", "{\"id\": \"1\", \"question\": \"q\", \"answer\": \"2\"}\n{\"id\": \"2\"}\n"))
          .find("line 2: field 'question' is missing"),
      std::string::npos);
  EXPECT_NE(message("gsm8k", write("b.jsonl", "nonsense\n")).find("line 1"), std::string::npos);
  EXPECT_NE(message("gpqa", write("c.csv", "a,b\n1,2,3\n")).find("line 2: 3 fields, but 2 names"), std::string::npos);
  EXPECT_NE(message("gpqa", write("d.csv", "a,b\n\"1,2\n")).find("line 2: a quote that never closes"),
            std::string::npos);
  EXPECT_NE(message("gpqa", write("e.csv", "a,a\n")).find("comes twice"), std::string::npos);
  EXPECT_NE(message("gpqa", folder_.native()).find("is a folder"), std::string::npos);
  EXPECT_NE(message("gsm8k", folder_.native()).find("holds no gsm8k_test.jsonl"), std::string::npos);
  EXPECT_NE(message("gsm8k", "").find("needs its data"), std::string::npos);
  EXPECT_NE(message("mmlu_pro", write("f.jsonl", R"({"id":"1","question":"q","choices":["a","b"],"answer":"C"})"
                                                 "\n"))
                .find("not one of the choices"),
            std::string::npos);
  EXPECT_NE(message("hle", write("g.jsonl", R"({"id":"1","question":"q","answer":"x","answer_type":"essay","image":""})"
                                            "\n"))
                .find("'essay'"),
            std::string::npos);
}

}  // namespace
}  // namespace koan::tasks
