// A tokenizer as GGUF keys tokenizer.ggml.*, as llama.cpp writes and reads them.
#include <charconv>
#include <optional>
#include <unordered_map>

#include "text/byte_unicode.h"
#include "text/replace.h"
#include "text/tokenizer.h"

namespace koan {
namespace {

constexpr std::size_t kMaxVocabulary = std::size_t{1} << 20;
// tokenizer.ggml.token_type
constexpr std::int64_t kTypeNormal = 1, kTypeControl = 3, kTypeUserDefined = 4, kTypeByte = 6;
constexpr std::string_view kSpaceSign = "\xE2\x96\x81";  // U+2581, how SentencePiece writes a space

Error refuse(const std::string& what) { return Error{ErrorCode::kCorrupt, "tokenizer: " + what}; }

// "<0x0A>"
std::optional<char> parse_byte(std::string_view text) {
  unsigned value = 0;
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 3, text.data() + 5, value, 16);
  if (error != std::errc() || end != text.data() + 5) return std::nullopt;
  return static_cast<char>(value);
}

template <typename T>
Result<std::vector<T>> list_of(const GgufFile& file, const std::string& key, std::size_t size, const char* what) {
  const auto found = file.metadata.find(key);
  const auto* list = found == file.metadata.end() ? nullptr : std::get_if<std::vector<T>>(&found->second);
  if (list == nullptr || list->size() != size) return refuse(std::string(what) + " do not match the tokens");
  return *list;
}

// The begin token, or else the end token: every stream needs a first position.
Result<Token> read_start(const GgufFile& file, std::size_t size) {
  for (const char* key : {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"}) {
    if (!file.metadata.contains(key)) continue;
    KOAN_ASSIGN(const std::uint64_t id, file.get_uint(key));
    if (id >= size) return refuse("the start token is not in the vocabulary");
    return static_cast<Token>(id);
  }
  return refuse("has neither a begin nor an end token (tokenizer.ggml.bos_token_id, eos_token_id)");
}

// Tokens back to raw bytes.
Status read_tokens(const GgufFile& file, const std::vector<std::string>& names, bool pieces, Tokenizer::Parts& parts) {
  std::vector<std::int64_t> types(names.size(), kTypeNormal);
  if (pieces || file.metadata.contains("tokenizer.ggml.token_type")) {
    KOAN_ASSIGN(types, list_of<std::int64_t>(file, "tokenizer.ggml.token_type", names.size(), "token types"));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool byte = pieces && types[i] == kTypeByte, added = types[i] == kTypeUserDefined && !names[i].empty();
    const bool special = i == parts.bos || (types[i] != kTypeNormal && !byte && !added) || (pieces && names[i].empty());
    std::optional<std::string> text = names[i];
    if (!special && byte) {
      const auto value = parse_byte(names[i]);
      if (!value) return refuse("token " + std::to_string(i) + " is of type byte and not written <0x..>");
      text = std::string(1, *value);
    } else if (!special && pieces) {
      text = replaced(names[i], kSpaceSign, " ");
    } else if (!special && !added) {
      text = unicode_to_bytes(names[i]);
      if (!text) return refuse("token " + std::to_string(i) + " is not written in GPT-2's byte alphabet");
    }
    if (added && !special) parts.added.push_back(static_cast<Token>(i));
    parts.tokens.push_back(std::move(*text));
    parts.is_special.push_back(special ? 1 : 0);
    if (pieces) parts.is_byte.push_back(byte ? 1 : 0);
  }
  return {};
}

Status read_merges(const GgufFile& file, const std::vector<std::string>& names, Tokenizer::Parts& parts) {
  std::unordered_map<std::string_view, Token> ids;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!parts.is_special[i]) ids.try_emplace(names[i], static_cast<Token>(i));
  KOAN_ASSIGN(const std::vector<std::string> merges, file.get_strings("tokenizer.ggml.merges"));
  for (const std::string& line : merges) {
    const std::size_t space = line.find(' ', 1);  // a merge of the character " " would be written otherwise
    if (space == std::string::npos) return refuse("merge '" + line + "' is not a pair");
    const auto left = ids.find(std::string_view(line).substr(0, space));
    const auto right = ids.find(std::string_view(line).substr(space + 1));
    const std::string whole = line.substr(0, space) + line.substr(space + 1);
    const auto result = ids.find(whole);
    if (left == ids.end() || right == ids.end() || result == ids.end())
      return refuse("merge '" + line + "' names an unknown token");
    parts.merges.push_back({left->second, right->second, result->second});
  }
  return {};
}

Status read_pre(const GgufFile& file, Tokenizer::Parts& parts) {
  KOAN_ASSIGN(const std::string name, file.get_string("tokenizer.ggml.pre"));
  const auto pre = find_pretokenizer(name);
  if (!pre) {
    return Error{ErrorCode::kNotSupported,
                 "tokenizer: pre-tokenizer '" + name +
                     "' is not supported (gpt-2, llama-bpe, qwen2, smollm and their like are)"};
  }
  parts.pre = *pre;
  parts.ignore_merges = *pre == PreTokenizer::kLlama3;
  return {};
}

}  // namespace

Result<Tokenizer> Tokenizer::from_gguf(const GgufFile& file) {
  KOAN_ASSIGN(const std::string model, file.get_string("tokenizer.ggml.model"));
  const bool pieces = model == "llama";
  if (model != "gpt2" && !pieces)
    return Error{ErrorCode::kNotSupported, "tokenizer: model '" + model + "' is not supported (gpt2 and llama are)"};
  Parts parts;
  if (!pieces) KOAN_TRY(read_pre(file, parts));
  KOAN_ASSIGN(const std::vector<std::string> names, file.get_strings("tokenizer.ggml.tokens"));
  if (names.size() > kMaxVocabulary) return refuse("more than 2^20 tokens");
  KOAN_ASSIGN(parts.bos, read_start(file, names.size()));
  KOAN_TRY(read_tokens(file, names, pieces, parts));
  if (pieces) {
    KOAN_ASSIGN(const std::vector<double> scores,
                list_of<double>(file, "tokenizer.ggml.scores", names.size(), "scores"));
    for (const double score : scores) parts.scores.push_back(static_cast<float>(score));
  } else {
    KOAN_TRY(read_merges(file, names, parts));
  }
  return from_parts(std::move(parts));
}

void Tokenizer::to_gguf(GgufFile& file) const {
  const Parts& p = parts();
  const bool pieces = !p.scores.empty();
  std::vector<std::string> tokens;
  std::vector<std::int64_t> types;
  for (std::size_t i = 0; i < p.tokens.size(); ++i) {
    const bool byte = pieces && p.is_byte[i];
    char hex[8];
    std::snprintf(hex, sizeof hex, "<0x%02X>",
                  byte ? static_cast<unsigned>(static_cast<std::uint8_t>(p.tokens[i][0])) : 0u);
    tokens.push_back(p.is_special[i] ? p.tokens[i]
                     : byte          ? std::string(hex)
                     : pieces        ? replaced(p.tokens[i], " ", kSpaceSign)
                                     : bytes_to_unicode(as_bytes(p.tokens[i])));
    types.push_back(p.is_special[i] ? kTypeControl : byte ? kTypeByte : kTypeNormal);
  }
  for (const Token token : p.added) {
    types[token] = kTypeUserDefined;
    if (!pieces) tokens[token] = p.tokens[token];
  }
  file.metadata["tokenizer.ggml.model"] = std::string(pieces ? "llama" : "gpt2");
  if (pieces) {
    file.metadata["tokenizer.ggml.scores"] = std::vector<double>(p.scores.begin(), p.scores.end());
  } else {
    std::vector<std::string> merges;
    for (const Parts::Merge& merge : p.merges) merges.push_back(tokens[merge.left] + " " + tokens[merge.right]);
    file.metadata["tokenizer.ggml.pre"] = std::string(pretokenizer_name(p.pre));
    file.metadata["tokenizer.ggml.merges"] = std::move(merges);
  }
  file.metadata["tokenizer.ggml.tokens"] = std::move(tokens);
  file.metadata["tokenizer.ggml.token_type"] = std::move(types);
  file.metadata["tokenizer.ggml.bos_token_id"] = static_cast<std::uint64_t>(p.bos);
  file.metadata["tokenizer.ggml.eos_token_id"] = static_cast<std::uint64_t>(p.bos);
  file.metadata["tokenizer.ggml.add_bos_token"] = true;
}

}  // namespace koan
