// The C interface of generation (include/koan/koan.h). No exception passes this file.
#include <cmath>
#include <cstdlib>
#include <memory>

#include "base/c_fence.h"
#include "chat/generator.h"
#include "chat/local_model.h"
#include "kernels/dispatch.h"
#include "koan/koan.h"

struct koan_generator {
  koan::LocalModel local;
  koan::Generator generator;
};

namespace {

using koan::Error;
using koan::ErrorCode;
using koan::Result;
using koan::Status;

static_assert(static_cast<int>(koan::FinishReason::kEnd) == KOAN_FINISH_END &&
              static_cast<int>(koan::FinishReason::kStop) == KOAN_FINISH_STOP &&
              static_cast<int>(koan::FinishReason::kLength) == KOAN_FINISH_LENGTH &&
              static_cast<int>(koan::FinishReason::kCancelled) == KOAN_FINISH_CANCELLED);

Result<std::uint32_t> fraction(const char* name, double value, double most) {
  if (!(value >= 0 && value <= most))
    return Error{ErrorCode::kUsage, std::string(name) + " is not within 0.." + std::to_string(static_cast<int>(most))};
  return koan::to_fraction(value);
}

Status check(const koan_generate_options* in) {
  if (in != nullptr && in->struct_size != sizeof(koan_generate_options))
    return Error{ErrorCode::kUsage, "koan_generate_options was not set up with koan_generate_options_init"};
  return {};
}

Result<koan::GenerateOptions> read_options(const koan_generate_options* in) {
  koan::GenerateOptions out;
  if (in == nullptr) return out;
  KOAN_ASSIGN(out.sampling.temperature, fraction("temperature", in->temperature, 100));
  KOAN_ASSIGN(out.sampling.top_p, fraction("top_p", in->top_p, 1));
  KOAN_ASSIGN(out.sampling.min_p, fraction("min_p", in->min_p, 1));
  if (out.sampling.top_p == 0) return Error{ErrorCode::kUsage, "top_p is 0"};
  out.sampling.top_k = in->top_k;
  out.max_tokens = in->max_tokens;
  out.seed = in->seed;
  out.ignore_end = in->ignore_end != 0;
  if (in->stop_count != 0 && in->stops == nullptr) return Error{ErrorCode::kUsage, "stops is NULL"};
  for (std::size_t i = 0; i < in->stop_count; ++i) out.stop.emplace_back(in->stops[i]);
  return out;
}

Result<koan::Generator::Prompt> read_prompt(const koan_generator& generator, const koan_message* messages,
                                            std::size_t count, const koan_generate_options* options) {
  if (messages == nullptr || count == 0) return Error{ErrorCode::kUsage, "there is no message"};
  std::vector<koan::ChatMessage> list;
  for (std::size_t i = 0; i < count; ++i) {
    if (messages[i].content == nullptr) return Error{ErrorCode::kUsage, "a message has no content"};
    if (messages[i].role == nullptr) {
      if (count == 1) return generator.local.plain_prompt(messages[i].content);
      return Error{ErrorCode::kUsage, "a message without a role is not the only one"};
    }
    list.push_back({messages[i].role, messages[i].content});
  }
  if (!generator.local.chat_template)
    return Error{ErrorCode::kUsage, "the model has no chat template; give one message without a role"};
  koan::jinja::Date today;
  if (options != nullptr) today = {options->year, options->month, options->day};
  return generator.local.chat_template->encode(list, generator.local.special, generator.local.model->tokenizer(),
                                               today);
}

}  // namespace

koan_code koan_generator_create(const void* gguf, std::size_t size, koan_generator** generator, koan_error* error) {
  return koan::fenced(error, [&]() -> Status {
    if (gguf == nullptr || generator == nullptr) return Error{ErrorCode::kUsage, "an argument is NULL"};
    KOAN_ASSIGN(const koan::Kernels* kernels, koan::choose_kernels());
    KOAN_TRY(koan::known_answer_check(*kernels));
    KOAN_ASSIGN(koan::LocalModel local, koan::LocalModel::load({static_cast<const std::uint8_t*>(gguf), size}));
    koan::Generator made = koan::Generator::create(local.model, local.special, kernels, 1);
    *generator = new koan_generator{std::move(local), std::move(made)};
    return {};
  });
}

void koan_generator_free(koan_generator* generator) { delete generator; }

int koan_generator_has_template(const koan_generator* generator) {
  return generator != nullptr && generator->local.chat_template.has_value();
}

void koan_generate_options_init(koan_generate_options* options) {
  const koan::GenerateOptions defaults;
  const koan::jinja::Date day;
  *options = koan_generate_options{};
  options->struct_size = sizeof(koan_generate_options);
  options->temperature = options->top_p = 1;
  options->max_tokens = defaults.max_tokens;
  options->year = day.year;
  options->month = day.month;
  options->day = day.day;
}

koan_code koan_generate(koan_generator* generator, const koan_message* messages, std::size_t message_count,
                        const koan_generate_options* options, char** text, std::size_t* size, koan_finish* finish,
                        koan_error* error) {
  return koan::fenced(error, [&]() -> Status {
    if (generator == nullptr || text == nullptr) return Error{ErrorCode::kUsage, "an argument is NULL"};
    KOAN_TRY(check(options));
    KOAN_ASSIGN(const koan::GenerateOptions how, read_options(options));
    KOAN_ASSIGN(const koan::Generator::Prompt prompt, read_prompt(*generator, messages, message_count, options));
    koan::Generator::OnText on_text;
    if (options != nullptr && options->on_text != nullptr) {
      on_text = [options](std::size_t, std::string_view piece) {
        return options->on_text(options->on_text_user, piece.data(), piece.size()) == 0;
      };
    }
    KOAN_ASSIGN(const auto made, generator->generator.run({&prompt, 1}, how, on_text));
    const std::string& out = made[0].text;
    *text = static_cast<char*>(std::malloc(out.size() + 1));
    if (*text == nullptr) return Error{ErrorCode::kLimit, "out of memory"};
    std::memcpy(*text, out.c_str(), out.size() + 1);
    if (size != nullptr) *size = out.size();
    if (finish != nullptr) *finish = static_cast<koan_finish>(made[0].reason);
    return {};
  });
}

koan_code koan_choose(koan_generator* generator, const koan_message* messages, std::size_t message_count,
                      const koan_generate_options* options, const char* const* choices, std::size_t count,
                      std::uint64_t* weights, double* bits, koan_error* error) {
  return koan::fenced(error, [&]() -> Status {
    if (generator == nullptr || choices == nullptr || weights == nullptr)
      return Error{ErrorCode::kUsage, "an argument is NULL"};
    KOAN_TRY(check(options));
    KOAN_ASSIGN(const koan::Generator::Prompt prompt, read_prompt(*generator, messages, message_count, options));
    const std::vector<std::string> texts(choices, choices + count);
    KOAN_ASSIGN(const auto scores, generator->generator.choose(prompt, texts));
    for (std::size_t i = 0; i < count; ++i) {
      weights[i] = scores[i].weight;
      if (bits != nullptr) bits[i] = scores[i].bits;
    }
    return {};
  });
}
