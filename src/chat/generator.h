// Text from an exact model. The same model, prompt, settings and seed give the same tokens on every machine, whatever
// the threads, the batch, or what else is generated beside it: question asking relies on it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chat/sampler.h"
#include "chat/special_tokens.h"
#include "model/streams.h"

namespace koan {

struct GenerateOptions {
  Sampling sampling = {};
  std::uint64_t seed = 0;  // prompt i is drawn from a stream of random numbers of its own, made of seed and i
  std::uint32_t max_tokens = 256;
  std::vector<std::string> stop = {};  // ends the text, and is not part of it
  bool ignore_end = false;             // go on where the model would stop
};

enum class FinishReason { kEnd, kStop, kLength, kCancelled };

// As reports and transcripts call it.
inline constexpr const char* name_of(FinishReason reason) noexcept {
  switch (reason) {
    case FinishReason::kEnd:
      return "end";
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kCancelled:
      break;
  }
  return "cancelled";
}

struct Completion {
  std::string text;  // bytes: a model may write what is no UTF-8
  std::vector<Token> tokens;
  std::size_t prompt_tokens = 0;
  FinishReason reason = FinishReason::kLength;
};

// How probable each of several texts is as the continuation of one prompt.
struct ChoiceScore {
  std::uint64_t weight = 0;  // in proportion to its probability; exactly so if every choice is one token
  double bits = 0;           // its ideal code length, to 2^-24
};

class Generator {
 public:
  // `kernels` lives as long as the generator. At most `batch` prompts advance together, 1..64, divided among `threads`;
  // where there are fewer prompts than threads, the others help with those (Streams::use_threads).
  static Generator create(std::shared_ptr<const Model> model, SpecialTokens special, const Kernels* kernels,
                          std::uint32_t batch, unsigned threads = 1);
  unsigned threads() const noexcept { return threads_; }
  // The same with another number of threads: for who shares them among several calls.
  Generator with_threads(unsigned threads) const {
    Generator out = *this;
    out.threads_ = threads < 1 ? 1 : threads;
    return out;
  }

  using Prompt = std::vector<Token>;  // begins with the start token, if the model has one
  // A piece of text of prompt `index`; false: stop it. With several threads it is called from each of them, for one
  // prompt always from the same.
  using OnText = std::function<bool(std::size_t index, std::string_view piece)>;

  // Completions in the order of the prompts. Errors: kUsage (an empty prompt, a token that does not exist), kLimit
  // (memory). `on_text` may be empty.
  Result<std::vector<Completion>> run(std::span<const Prompt> prompts, const GenerateOptions& options,
                                      const OnText& on_text) const;
  // Errors as run(); kUsage for no choice, an empty one, or one that occurs twice.
  Result<std::vector<ChoiceScore>> choose(const Prompt& prompt, std::span<const std::string> choices) const;

 private:
  Generator(std::shared_ptr<const Model> model, SpecialTokens special, const Kernels* kernels, std::uint32_t batch,
            unsigned threads)
      : model_(std::move(model)), special_(std::move(special)), kernels_(kernels), batch_(batch), threads_(threads) {}
  // Positions that stay visible: all that `tokens` need, if the model was trained for so many.
  Window window_for(std::size_t tokens) const noexcept;

  std::shared_ptr<const Model> model_;
  SpecialTokens special_;
  const Kernels* kernels_;
  std::uint32_t batch_;
  unsigned threads_;
};

}  // namespace koan
