#include "chat/special_tokens.h"

#include <algorithm>
#include <array>
#include <optional>

namespace koan {
namespace {

constexpr std::int64_t kNormal = 1, kUnused = 5, kByte = 6;  // tokenizer.ggml.token_type

// Names under which models end a turn without saying so in their metadata.
constexpr std::array<std::string_view, 8> kEnds = {"<|im_end|>",    "<|eot_id|>", "<|eom_id|>", "<|endoftext|>",
                                                   "<end_of_turn>", "</s>",       "<|end|>",    "<|end_of_text|>"};

std::optional<Token> id_of(const GgufFile& file, const char* key, std::size_t vocabulary) {
  const std::uint64_t id = file.get_uint_or(key, UINT64_MAX);
  return id < vocabulary ? std::optional(static_cast<Token>(id)) : std::nullopt;
}

}  // namespace

Result<SpecialTokens> SpecialTokens::from_gguf(const GgufFile& file) {
  SpecialTokens out;
  KOAN_ASSIGN(const std::vector<std::string> texts, file.get_strings("tokenizer.ggml.tokens"));
  out.special_.assign(texts.size(), false);
  out.ends_.assign(texts.size(), false);
  if (const auto found = file.metadata.find("tokenizer.ggml.token_type"); found != file.metadata.end()) {
    const auto* types = std::get_if<std::vector<std::int64_t>>(&found->second);
    if (types == nullptr || types->size() != texts.size())
      return Error{ErrorCode::kCorrupt, "key 'tokenizer.ggml.token_type' does not match the tokens"};
    for (std::size_t i = 0; i < texts.size(); ++i)
      out.special_[i] = (*types)[i] != kNormal && (*types)[i] != kByte && (*types)[i] != kUnused;
  }
  const auto bos = id_of(file, "tokenizer.ggml.bos_token_id", texts.size());
  if (bos) out.bos_text_ = texts[*bos], out.special_[*bos] = true;
  const auto eos = id_of(file, "tokenizer.ggml.eos_token_id", texts.size());
  if (eos) out.eos_text_ = texts[*eos];
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
    if (const auto id = id_of(file, key, texts.size())) out.special_[*id] = out.ends_[*id] = true;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!out.special_[i] || texts[i].empty()) continue;
    if (std::ranges::find(kEnds, texts[i]) != kEnds.end()) out.ends_[i] = true;
    out.texts_.add(texts[i], static_cast<Token>(i));
  }
  if (const auto found = file.metadata.find("tokenizer.ggml.add_bos_token"); found != file.metadata.end())
    if (const bool* adds = std::get_if<bool>(&found->second)) out.adds_bos_ = *adds;
  return out;
}

bool SpecialTokens::ends_text(Token token) const noexcept { return token < ends_.size() && ends_[token]; }

std::vector<Token> SpecialTokens::encode(std::string_view text, const Tokenizer& tokenizer) const {
  std::vector<Token> out;
  std::string plain;
  const auto flush = [&] {
    const std::vector<Token> tokens = tokenizer.encode(as_bytes(plain));
    out.insert(out.end(), tokens.begin(), tokens.end());
    plain.clear();
  };
  while (!text.empty()) {
    const auto [length, id] = texts_.match(text);
    if (length > 0) {
      flush();
      out.push_back(id);
    } else if (text[0] != kGuard) {
      plain += text[0];
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  flush();
  return out;
}

std::string SpecialTokens::guarded(std::string_view text) const {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    // Behind every byte that may begin a special token: later ones in the same text are broken as well.
    if (texts_.match(text.substr(i)).first > 0) out += kGuard;
  }
  return out;
}

}  // namespace koan
