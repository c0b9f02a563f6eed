// Who takes part in a run.
#pragma once

#include <functional>
#include <memory>

#include "grade/grade.h"
#include "runs/answer_coder.h"
#include "runs/use.h"

namespace koan::runs {

struct CrewFacts {
  ModelFacts small, large;
};

// Of one worker: nobody else calls these models at the same time.
struct Crew {
  std::unique_ptr<ChatModel> small, large;
  std::unique_ptr<ChatModel> judge;  // null: there is none
  std::unique_ptr<AnswerCoder> coder;
};

// One for each worker. What it makes gives the same replies every time, as far as the models do.
using CrewMaker = std::function<Result<Crew>()>;

}  // namespace koan::runs
