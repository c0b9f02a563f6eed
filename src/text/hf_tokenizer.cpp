#include "text/hf_tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "text/pretokenizer.h"

namespace koan {
namespace {

using Json = nlohmann::json;  // sorted keys: a vocabulary is an object of a hundred thousand of them

constexpr std::size_t kMaxVocabulary = std::size_t{1} << 20;
constexpr std::int64_t kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6;

// As vocabularies write them, in tokenizer.json; the scanners are in text/pretokenizer.cpp.
constexpr const char* kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

Error corrupt(const std::string& what) { return Error{ErrorCode::kCorrupt, "tokenizer.json: " + what}; }
Error not_supported(const std::string& what) {
  return Error{ErrorCode::kNotSupported, "tokenizer.json: " + what + " is not supported"};
}

Result<Json> parse(ByteView bytes, const char* file) {
  if (bytes.size() > kMaxHfTokenizerBytes)
    return Error{ErrorCode::kLimit, std::string(file) + " is above the limit of 128 MiB"};
  Json out = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!out.is_object()) return Error{ErrorCode::kCorrupt, std::string(file) + ": is not a JSON object"};
  return out;
}

const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }
bool is_on(const Json& value, bool otherwise) { return value.is_boolean() ? value.get<bool>() : otherwise; }

// What the parts of the pre-tokenizer say together.
struct Cutting {
  std::vector<std::string> patterns;
  bool byte_level = false, gpt2 = false, single_digits = false, other = false;
};

void add_cutting(const Json& part, int depth, Cutting& out) {
  const std::string type = text_of(member(part, "type"));
  if (type == "Sequence" && depth < 4) {
    for (const Json& inner : member(part, "pretokenizers")) add_cutting(inner, depth + 1, out);
  } else if (type == "Split") {
    const Json& pattern = member(part, "pattern");
    out.patterns.push_back(text_of(member(pattern, "Regex")));
    if (text_of(member(part, "behavior")) != "Isolated" || is_on(member(part, "invert"), false)) out.other = true;
  } else if (type == "ByteLevel") {
    out.byte_level = true;
    out.gpt2 = is_on(member(part, "use_regex"), true);
  } else if (type == "Digits") {
    out.single_digits = is_on(member(part, "individual_digits"), false);
    if (!out.single_digits) out.other = true;
  } else if (!part.is_null()) {
    out.other = true;
  }
}

std::optional<PreTokenizer> pretokenizer_of(const Cutting& cutting) {
  if (cutting.other || cutting.patterns.size() > 1) return std::nullopt;
  if (cutting.patterns.empty() && cutting.gpt2)
    return cutting.single_digits ? PreTokenizer::kSmollm : PreTokenizer::kGpt2;
  if (cutting.patterns.empty() || cutting.gpt2 || cutting.single_digits) return std::nullopt;
  if (cutting.patterns[0] == kLlama3Pattern) return PreTokenizer::kLlama3;
  if (cutting.patterns[0] == kQwen2Pattern) return PreTokenizer::kQwen2;
  return std::nullopt;
}

struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<std::int64_t> types;
  std::vector<bool> taken;

  Status put(const Json& id, const std::string& text, std::int64_t type, const std::string& where) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= kMaxVocabulary)
      return corrupt("an id in '" + where + "' is not within 0..2^20");
    const auto i = id.get<std::size_t>();
    if (i >= tokens.size()) {
      tokens.resize(i + 1);
      types.resize(i + 1, kUnused);
      taken.resize(i + 1, false);
    }
    tokens[i] = text;
    types[i] = type;
    taken[i] = true;
    return {};
  }
};

Result<Vocabulary> read_vocabulary(const Json& json) {
  Vocabulary out;
  const Json& vocab = member(member(json, "model"), "vocab");
  if (!vocab.is_object() || vocab.empty()) return corrupt("'model.vocab' is not an object of tokens");
  for (const auto& [text, id] : vocab.items()) KOAN_TRY(out.put(id, text, kNormal, "model.vocab"));
  for (const Json& added : member(json, "added_tokens")) {
    if (!member(added, "content").is_string()) return corrupt("'added_tokens' has one without 'content'");
    const std::int64_t type = is_on(member(added, "special"), false) ? kControl : kUserDefined;
    KOAN_TRY(out.put(member(added, "id"), text_of(member(added, "content")), type, "added_tokens"));
  }
  for (std::size_t i = 0; i < out.tokens.size(); ++i)
    if (!out.taken[i]) out.tokens[i] = "[PAD" + std::to_string(i) + "]";
  return out;
}

// Pairs, in either spelling, as "left right".
Result<std::vector<std::string>> read_merges(const Json& model) {
  const Json& merges = member(model, "merges");
  if (!merges.is_array()) return corrupt("'model.merges' is not a list");
  std::vector<std::string> out;
  out.reserve(merges.size());
  for (const Json& merge : merges) {
    if (merge.is_string()) {
      out.push_back(merge.get<std::string>());
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      out.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
    } else {
      return corrupt("'model.merges' has one that is not a pair");
    }
  }
  return out;
}

// SentencePiece knows scores, not merges: what is merged first scores highest.
std::vector<double> scores_of(const Vocabulary& vocabulary, const std::vector<std::string>& merges) {
  std::unordered_map<std::string, double> ranks;
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const std::size_t space = merges[i].find(' ', 1);
    if (space == std::string::npos) continue;
    ranks.try_emplace(merges[i].substr(0, space) + merges[i].substr(space + 1), -static_cast<double>(i));
  }
  std::vector<double> out;
  for (const std::string& token : vocabulary.tokens) {
    const auto found = ranks.find(token);
    out.push_back(found == ranks.end() ? -static_cast<double>(kMaxVocabulary) * 2 : found->second);
  }
  return out;
}

void mark_byte_tokens(const Json& model, Vocabulary& vocabulary) {
  const std::string unknown = text_of(member(model, "unk_token"));
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const std::string& text = vocabulary.tokens[i];
    if (vocabulary.types[i] == kNormal && text.size() == 6 && text.starts_with("<0x") && text[5] == '>')
      vocabulary.types[i] = kByte;
    if (!unknown.empty() && text == unknown) vocabulary.types[i] = kUnknown;
  }
}

// tokenizer_config.json writes "<s>" or {"content": "<s>", ...}.
std::optional<std::size_t> id_of(const Json& config, const char* name, const Vocabulary& vocabulary) {
  const Json& value = member(config, name);
  const std::string text = value.is_object() ? text_of(member(value, "content")) : text_of(value);
  for (std::size_t i = 0; i < vocabulary.tokens.size() && !text.empty(); ++i)
    if (vocabulary.taken[i] && vocabulary.tokens[i] == text) return i;
  return std::nullopt;
}

Status read_chat_template(const Json& config, GgufFile& out) {
  const Json& value = member(config, "chat_template");
  if (value.is_string()) out.metadata["tokenizer.chat_template"] = value.get<std::string>();
  if (!value.is_array()) return {};
  for (const Json& one : value) {
    if (text_of(member(one, "name")) != "default") continue;
    if (!member(one, "template").is_string())
      return Error{ErrorCode::kCorrupt, "tokenizer_config.json: 'chat_template' has no text under 'default'"};
    out.metadata["tokenizer.chat_template"] = text_of(member(one, "template"));
  }
  return {};
}

Status read_config(ByteView bytes, const Vocabulary& vocabulary, GgufFile& out) {
  Json config = Json::object();
  if (!bytes.empty()) {
    KOAN_ASSIGN(config, parse(bytes, "tokenizer_config.json"));
  }
  const auto set = [&](const char* key, std::optional<std::size_t> id) {
    if (id) out.metadata[key] = static_cast<std::uint64_t>(*id);
  };
  const auto bos = id_of(config, "bos_token", vocabulary);
  auto eos = id_of(config, "eos_token", vocabulary);
  if (!bos && !eos) eos = id_of({{"eos", "<|endoftext|>"}}, "eos", vocabulary);
  set("tokenizer.ggml.bos_token_id", bos);
  set("tokenizer.ggml.eos_token_id", eos);
  set("tokenizer.ggml.unknown_token_id", id_of(config, "unk_token", vocabulary));
  set("tokenizer.ggml.padding_token_id", id_of(config, "pad_token", vocabulary));
  const Json& adds = member(config, "add_bos_token");
  out.metadata["tokenizer.ggml.add_bos_token"] = adds.is_boolean() ? adds.get<bool>() : bos.has_value();
  return read_chat_template(config, out);
}

}  // namespace

Status read_hf_tokenizer(ByteView tokenizer, ByteView tokenizer_config, GgufFile& out) {
  KOAN_ASSIGN(const Json json, parse(tokenizer, "tokenizer.json"));
  const Json& model = member(json, "model");
  const std::string type = text_of(member(model, "type"));
  // Files of old have no type.
  if (!type.empty() && type != "BPE") return not_supported("'model.type' = '" + type + "'");
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!text_of(member(model, name)).empty()) return not_supported("'model." + std::string(name) + "'");
  KOAN_ASSIGN(Vocabulary vocabulary, read_vocabulary(json));
  KOAN_ASSIGN(std::vector<std::string> merges, read_merges(model));
  KOAN_TRY(read_config(tokenizer_config, vocabulary, out));
  Cutting cutting;
  add_cutting(member(json, "pre_tokenizer"), 0, cutting);
  if (cutting.byte_level) {
    const auto pre = pretokenizer_of(cutting);
    if (!pre) {
      return not_supported(cutting.patterns.empty() ? std::string("'pre_tokenizer'")
                                                    : "'pre_tokenizer' with the pattern " + cutting.patterns[0]);
    }
    out.metadata["tokenizer.ggml.model"] = std::string("gpt2");
    out.metadata["tokenizer.ggml.pre"] = std::string(pretokenizer_name(*pre));
    out.metadata["tokenizer.ggml.merges"] = std::move(merges);
  } else if (is_on(member(model, "byte_fallback"), false)) {
    mark_byte_tokens(model, vocabulary);
    out.metadata["tokenizer.ggml.model"] = std::string("llama");
    out.metadata["tokenizer.ggml.scores"] = scores_of(vocabulary, merges);
  } else {
    return not_supported("a vocabulary that is neither byte-level nor has 'byte_fallback'");
  }
  out.metadata["tokenizer.ggml.tokens"] = std::move(vocabulary.tokens);
  out.metadata["tokenizer.ggml.token_type"] = std::move(vocabulary.types);
  return {};
}

}  // namespace koan
