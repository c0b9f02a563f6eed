#include "ask/parse.h"

#include <gtest/gtest.h>

namespace koan::ask {
namespace {

using Texts = std::vector<std::string>;

TEST(Parse, Questions) {
  const std::pair<const char*, Texts> cases[] = {
      {"1. Is it 5?\n2. Does x hold?", {"Is it 5?", "Does x hold?"}},
      {"Here are my questions:\n\n1) Is it 5?\n2) Does x hold? I wonder.\n", {"Is it 5?", "Does x hold?"}},
      {"**1.** Is it 5?\n**Q2:** Does x hold?\nQuestion 3: Is y 2.5?", {"Is it 5?", "Does x hold?", "Is y 2.5?"}},
      {"1. In step 2,\n   is the sum right?\n2. Is it 5?", {"In step 2, is the sum right?", "Is it 5?"}},
      {"1. State the sum.\n2. Is it 5?", {"State the sum.", "Is it 5?"}},
      {"- Is it 5?\n* Does x hold?\nSure.", {"Is it 5?", "Does x hold?"}},
      {"<think>1. Is this it?</think>1. Is it 5?", {"Is it 5?"}},
      {"2.5 is the value. Is it?", {"2.5 is the value. Is it?"}},
      {"", {}},
      {"I cannot.", {}},
      {"1.\n2. Is it 5?", {"Is it 5?"}},
      {"1.\nIs it 5?", {"Is it 5?"}},
      {"1. Is it 5?\r\n2. Is it 6?\r\n", {"Is it 5?", "Is it 6?"}},
  };
  for (const auto& [reply, expected] : cases) EXPECT_EQ(parse_questions(reply), expected) << reply;
}

TEST(Parse, YesNoQuestions) {
  for (const char* text : {"Is it 5?", "Does the first step hold?", "In step 2, is the sum right?", "isn't it 5?",
                           "Isn\xE2\x80\x99t it 5?", "The sum is 5. Is it right?", "Given that x = 2, does y = 3?",
                           "Can we say what x is?", "**Is it 5?**", "If x is 2, is y 3?"})
    EXPECT_TRUE(is_yes_no_question(text)) << text;
  for (const char* text :
       {"Is it 5", "What is x?", "Which step is wrong?", "In which step is the error, is it 2?", "How, is it done?",
        "5?", "?", "", "The answer is 5?", "Explain why, is it 5?", "At what point is it wrong?", "Island?"})
    EXPECT_FALSE(is_yes_no_question(text)) << text;
}

TEST(Parse, RepeatsDifferOnlyInCaseAndPunctuation) {
  EXPECT_EQ(question_key("Is  it \"5\"?"), question_key("is it 5"));
  EXPECT_NE(question_key("Is it 5?"), question_key("Is it 6?"));
  EXPECT_NE(question_key("Is it \xC3\xA9?"), question_key("Is it \xC3\xA8?"));
}

std::string told(std::string_view reply, std::size_t count) {
  std::string out;
  for (const auto& answer : parse_answers(reply, count)) out += answer ? (*answer ? 'y' : 'n') : '-';
  return out;
}

TEST(Parse, Answers) {
  const std::tuple<const char*, std::size_t, const char*> cases[] = {
      {"1. Yes\n2. No", 2, "yn"},
      {"1) yes.\n2) NO, because it is not", 2, "yn"},
      {"**1.** **Yes**\n**2.** No", 2, "yn"},
      {"1: Answer: Yes\n2 - No", 2, "yn"},
      {"2. No\n1. Yes", 2, "yn"},
      {"1. Yes\n3. No", 3, "y-n"},
      {"1. Yes\n1. No\n2. No", 2, "-n"},
      {"1. Yes\n1. Yes", 1, "y"},
      {"Yes\nNo\n\nYes", 3, "yny"},
      {"Yes\nNo", 3, "---"},
      {"Yes", 1, "y"},
      {"No.", 1, "n"},
      {"Let me see.\nAnswer: No", 1, "n"},
      {"1. Not sure\n2. Unknown\n3. Nope\n4. Yesterday", 4, "----"},
      {"1. Yes/No\n2. Yes and no\n3. No, yes", 3, "---"},
      {"1. N/A\n2. I would say yes", 2, "--"},
      {"9. Yes\n0. No", 1, "-"},
      {"99999999999999999999. Yes", 1, "-"},
      {"<think>1. No</think>\n1. Yes", 1, "y"},
      {"", 2, "--"},
      {"Answers:\n1. Yes\n2. No", 2, "yn"},
      {"1. Yes, no error is there", 1, "-"},
  };
  for (const auto& [reply, count, expected] : cases) EXPECT_EQ(told(reply, count), expected) << reply;
}

TEST(Parse, Verdicts) {
  const std::pair<const char*, std::optional<bool>> cases[] = {{"CORRECT", true},
                                                               {"INCORRECT", false},
                                                               {"Incorrect.", false},
                                                               {"It is correct", true},
                                                               {"It is not correct", false},
                                                               {"isn't correct", false},
                                                               {"CORRECT or INCORRECT?", std::nullopt},
                                                               {"yes", std::nullopt},
                                                               {"", std::nullopt},
                                                               {"correctness", std::nullopt},
                                                               {"<think>INCORRECT</think>CORRECT", true},
                                                               {"not incorrect, correct", std::nullopt}};
  for (const auto& [reply, expected] : cases) EXPECT_EQ(parse_verdict(reply), expected) << reply;
}

TEST(Parse, Scores) {
  const std::pair<const char*, std::optional<unsigned>> cases[] = {{"7", 7},
                                                                   {"Score: 8", 8},
                                                                   {"8/10", 8},
                                                                   {"Score: 8/10", 8},
                                                                   {"10", 10},
                                                                   {"10/10", 10},
                                                                   {"9 out of 10", 9},
                                                                   {"The score is 3", 3},
                                                                   {"Step 2 fails. Score: 4", 4},
                                                                   {"I give it a score of 6 out of 10.", 6},
                                                                   {"0", std::nullopt},
                                                                   {"11", std::nullopt},
                                                                   {"7.5", std::nullopt},
                                                                   {"-3", std::nullopt},
                                                                   {"Step 2 and 3", std::nullopt},
                                                                   {"good", std::nullopt},
                                                                   {"", std::nullopt},
                                                                   {"99999999999999999999", std::nullopt},
                                                                   {"<think>2</think>9", 9}};
  for (const auto& [reply, expected] : cases) EXPECT_EQ(parse_score(reply), expected) << reply;
}

TEST(Parse, Selections) {
  const std::pair<const char*, std::optional<std::size_t>> cases[] = {{"1", 0},
                                                                      {"3.", 2},
                                                                      {"NONE", 3},
                                                                      {"None of these", 3},
                                                                      {"Candidate 2", 1},
                                                                      {"2 (two)", 1},
                                                                      {"2, so 2", 1},
                                                                      {"1 or 2", std::nullopt},
                                                                      {"4", std::nullopt},
                                                                      {"0", std::nullopt},
                                                                      {"", std::nullopt},
                                                                      {"no", std::nullopt}};
  for (const auto& [reply, expected] : cases) EXPECT_EQ(parse_selection(reply, 3), expected) << reply;
}

TEST(Parse, FinalAnswers) {
  const std::pair<const char*, const char*> cases[] = {{"1. Add.\nAnswer: 12", "12"},
                                                       {"Answer: 3\nNo, wait.\n**Answer: 4.**", "4"},
                                                       {"Final answer: $x$", "x"},
                                                       {"so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"},
                                                       {"\\boxed{1} then \\boxed{a{b{c}}}", "a{b{c}}"},
                                                       {"open \\boxed{1\nAnswer: 2", "2"},
                                                       {"The sum is 5.", "The sum is 5"},
                                                       {"a\nb\n\n", "b"},
                                                       {"", ""},
                                                       {"Answer:", "Answer:"},
                                                       {"ANSWER: yes", "yes"}};
  for (const auto& [attempt, expected] : cases) EXPECT_EQ(final_answer(attempt), expected) << attempt;
}

}  // namespace
}  // namespace koan::ask
