#include "import/config_fields.h"

#include <algorithm>
#include <iterator>

namespace koan {
namespace {

// Who made the file, how it was trained, how text is generated, how the program computes: nothing of the mathematics.
constexpr const char* kHarmless[] = {"_attn_implementation",
                                     "_attn_implementation_autoset",
                                     "_commit_hash",
                                     "_name_or_path",
                                     "attention_dropout",
                                     "attn_implementation",
                                     "bad_words_ids",
                                     "begin_suppress_tokens",
                                     "bos_token_id",
                                     "cache_implementation",
                                     "decoder_start_token_id",
                                     "diversity_penalty",
                                     "do_sample",
                                     "dtype",
                                     "early_stopping",
                                     "eos_token_id",
                                     "experts_implementation",
                                     "finetuning_task",
                                     "forced_bos_token_id",
                                     "forced_eos_token_id",
                                     "hidden_dropout",
                                     "id2label",
                                     "initializer_range",
                                     "is_llama_config",
                                     "label2id",
                                     "length_penalty",
                                     "max_length",
                                     "min_length",
                                     "no_repeat_ngram_size",
                                     "num_beam_groups",
                                     "num_beams",
                                     "num_return_sequences",
                                     "output_attentions",
                                     "output_hidden_states",
                                     "output_scores",
                                     "pad_token_id",
                                     "prefix",
                                     "pretraining_tp",
                                     "problem_type",
                                     "remove_invalid_values",
                                     "repetition_penalty",
                                     "resid_pdrop",
                                     "return_dict",
                                     "return_dict_in_generate",
                                     "sep_token_id",
                                     "suppress_tokens",
                                     "task_specific_params",
                                     "temperature",
                                     "tokenizer_class",
                                     "top_k",
                                     "top_p",
                                     "torch_dtype",
                                     "torchscript",
                                     "transformers.js_config",
                                     "transformers_version",
                                     "typical_p",
                                     "unk_token_id",
                                     "unsloth_fixed",
                                     "unsloth_version",
                                     "use_bfloat16",
                                     "use_cache"};

bool is_harmless(const std::string& field) {
  return std::any_of(std::begin(kHarmless), std::end(kHarmless), [&](const char* known) { return field == known; });
}

}  // namespace

Error ConfigFields::wrong(const std::string& field, const std::string& what) const {
  return Error{ErrorCode::kCorrupt, "field '" + prefix_ + field + "' " + what};
}

Error ConfigFields::refused(const std::string& field, const std::string& what) const {
  return Error{ErrorCode::kNotSupported, "field '" + prefix_ + field + "' " + what};
}

const JsonDocument* ConfigFields::find(const std::string& field) {
  read_.insert(field);
  const auto found = json_.find(field);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

bool ConfigFields::is_null(const std::string& field) {
  const auto found = json_.find(field);
  return found != json_.end() && found->is_null();
}

Result<std::uint64_t> ConfigFields::size(const std::string& field, std::uint64_t limit) {
  const JsonDocument* value = find(field);
  if (value == nullptr) return wrong(field, "is missing");
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() == 0)
    return wrong(field, "is not a positive integer");
  if (value->get<std::uint64_t>() > limit) {
    return Error{ErrorCode::kLimit, "field '" + prefix_ + field + "' is " + value->dump() + ", above the limit of " +
                                        std::to_string(limit)};
  }
  return value->get<std::uint64_t>();
}

Result<std::uint64_t> ConfigFields::size_or(const std::string& field, std::uint64_t limit, std::uint64_t otherwise) {
  if (find(field) == nullptr) return otherwise;
  return size(field, limit);
}

Result<double> ConfigFields::number(const std::string& field, double least, double most) {
  const JsonDocument* value = find(field);
  if (value == nullptr) return wrong(field, "is missing");
  if (!value->is_number()) return wrong(field, "is not a number");
  const double number = value->get<double>();
  if (!(number >= least && number <= most)) return wrong(field, "is out of range");
  return number;
}

Result<double> ConfigFields::number_or(const std::string& field, double least, double most, double otherwise) {
  if (find(field) == nullptr) return otherwise;
  return number(field, least, most);
}

Result<bool> ConfigFields::flag_or(const std::string& field, bool otherwise) {
  const JsonDocument* value = find(field);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) return wrong(field, "is not a boolean");
  return value->get<bool>();
}

Result<std::string> ConfigFields::text_or(const std::string& field, const std::string& otherwise) {
  const JsonDocument* value = find(field);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) return wrong(field, "is not a string");
  return value->get<std::string>();
}

Result<const JsonDocument*> ConfigFields::object(const std::string& field) {
  const JsonDocument* value = find(field);
  if (value != nullptr && !value->is_object()) return wrong(field, "is not an object");
  return value;
}

Status ConfigFields::refuse_others() const {
  for (const auto& [field, value] : json_.items()) {
    if (read_.contains(field) || is_harmless(field) || !is_truthy(value)) continue;
    return refused(field, "is set and not known: it may change the mathematics");
  }
  return {};
}

}  // namespace koan
