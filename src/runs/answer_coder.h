// What a text costs that the receiver has the problem of: src/rewrite's meter. For one thread.
#pragma once

#include <memory>

#include "rewrite/rewriter.h"

namespace koan::runs {

inline constexpr int kCodingLevel = 9;

struct CodedText {
  double bits = 0;         // arithmetic-coded, without the file around it
  std::uint64_t file = 0;  // bytes of the .koan file
};

class AnswerCoder {
 public:
  // Errors: those of Codec::create.
  static Result<std::unique_ptr<AnswerCoder>> create();

  Result<CodedText> of(const std::string& text, const std::string& problem);
  // A shorter text that leads to the same answer, by `writer`; the text that it is to stand for is not empty. Errors:
  // those of the writer and of the coder.
  struct Rewrite {
    std::string text;
    CodedText coded;
  };
  Result<Rewrite> rewrite(ChatModel& writer, const RewriteTask& task, std::uint32_t cap);

  std::string model_sha256() const { return model_sha256_; }
  Sha256 prompts_sha256() const { return prompts_.sha256; }

 private:
  AnswerCoder() = default;

  std::unique_ptr<Codec> codec_;
  RewritePrompts prompts_;
  std::string model_sha256_;
};

}  // namespace koan::runs
