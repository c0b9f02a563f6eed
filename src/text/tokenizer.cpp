// Byte-level BPE: vocabulary checks, encoding with a per-call cache of repeated pieces, decoding.
#include "text/tokenizer.h"

#include <array>
#include <optional>
#include <unordered_map>

#include "base/hash.h"
#include "text/byte_unicode.h"
#include "text/merge_table.h"
#include "text/pretokenizer.h"

namespace koan {
namespace {

constexpr std::size_t kMaxVocabulary = std::size_t{1} << 20;
constexpr std::size_t kMaxTokenBytes = std::size_t{1} << 16;
constexpr std::int64_t kTypeNormal = 1;  // values of tokenizer.ggml.token_type
constexpr std::int64_t kTypeControl = 3;
constexpr std::size_t kCachedPiece = 48;  // longer pieces hardly repeat

Error refuse(const std::string& what) { return Error{ErrorCode::kCorrupt, "tokenizer: " + what}; }

}  // namespace

struct Tokenizer::Impl {
  Parts parts;
  MergeTable merges;
  std::array<Token, 256> of_byte{};

  explicit Impl(Parts p) : parts(std::move(p)), merges(parts.merges) {}
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Result<Tokenizer> Tokenizer::from_parts(Parts parts) {
  const std::size_t size = parts.tokens.size();
  if (size > kMaxVocabulary) return refuse("more than 2^20 tokens");
  if (parts.is_special.size() != size) return refuse("token types do not match the tokens");
  if (parts.bos >= size || !parts.is_special[parts.bos]) return refuse("the start token is not a special token");
  std::array<bool, 256> seen{};
  auto impl = std::make_unique<Impl>(std::move(parts));
  const Parts& p = impl->parts;
  const auto normal = [&](Token token) { return token < size && !p.is_special[token]; };
  for (Token token = 0; token < size; ++token) {
    if (p.tokens[token].size() > kMaxTokenBytes) return refuse("token " + std::to_string(token) + " is too long");
    if (p.is_special[token]) continue;
    if (p.tokens[token].empty()) return refuse("token " + std::to_string(token) + " is empty");
    if (p.tokens[token].size() != 1) continue;
    const auto byte = static_cast<std::uint8_t>(p.tokens[token][0]);
    if (!seen[byte]) impl->of_byte[byte] = token;
    seen[byte] = true;
  }
  for (std::size_t b = 0; b < 256; ++b)
    if (!seen[b]) return refuse("no token for byte " + std::to_string(b));
  for (const Parts::Merge& merge : p.merges) {
    if (!normal(merge.left) || !normal(merge.right) || !normal(merge.result))
      return refuse("a merge names an unknown token");
    if (p.tokens[merge.left] + p.tokens[merge.right] != p.tokens[merge.result])
      return refuse("a merge does not give the text of its parts");
  }
  return Tokenizer(std::move(impl));
}

std::size_t Tokenizer::size() const noexcept { return impl_->parts.tokens.size(); }
Token Tokenizer::bos() const noexcept { return impl_->parts.bos; }
bool Tokenizer::is_special(Token token) const noexcept { return token < size() && impl_->parts.is_special[token] != 0; }

ByteView Tokenizer::bytes(Token token) const noexcept {
  if (token >= size() || impl_->parts.is_special[token]) return {};
  return as_bytes(impl_->parts.tokens[token]);
}

std::vector<Token> Tokenizer::encode(ByteView text) const {
  struct Span {
    std::size_t start, count;
  };
  std::vector<Token> out;
  out.reserve(text.size() / 3 + 8);
  std::unordered_map<std::string_view, Span> known;  // piece -> its tokens, already in `out`
  std::vector<Token> piece;
  while (!text.empty()) {
    const std::size_t size = next_piece(text);
    const ByteView bytes = text.first(size);
    text = text.subspan(size);
    if (size == 1) {
      out.push_back(impl_->of_byte[bytes[0]]);
      continue;
    }
    const bool cached = size <= kCachedPiece;
    if (cached) {
      const auto [it, added] = known.try_emplace(as_text(bytes), Span{0, 0});
      if (!added) {
        const Span span = it->second;
        for (std::size_t i = 0; i < span.count; ++i) out.push_back(out[span.start + i]);
        continue;
      }
      piece.clear();
      for (const std::uint8_t b : bytes) piece.push_back(impl_->of_byte[b]);
      impl_->merges.apply(piece);
      it->second = {out.size(), piece.size()};
    } else {
      piece.clear();
      for (const std::uint8_t b : bytes) piece.push_back(impl_->of_byte[b]);
      impl_->merges.apply(piece);
    }
    out.insert(out.end(), piece.begin(), piece.end());
  }
  return out;
}

void Tokenizer::append_decoded(Token token, Bytes& out) const { append_bytes(out, bytes(token)); }

std::array<std::uint8_t, 16> Tokenizer::decode_hash() const noexcept {
  Bytes all;
  append_fixed(all, static_cast<std::uint64_t>(size()));
  for (std::size_t i = 0; i < size(); ++i) {
    const ByteView text = bytes(static_cast<Token>(i));
    append_fixed(all, static_cast<std::uint32_t>(text.size()));
    all.push_back(impl_->parts.is_special[i] ? 1 : 0);
    append_bytes(all, text);
  }
  return xxh3_128(all);
}

void Tokenizer::to_gguf(GgufFile& file) const {
  const Parts& p = impl_->parts;
  std::vector<std::string> tokens;
  std::vector<std::int64_t> types;
  std::vector<std::string> merges;
  for (std::size_t i = 0; i < p.tokens.size(); ++i) {
    tokens.push_back(p.is_special[i] ? p.tokens[i] : bytes_to_unicode(as_bytes(p.tokens[i])));
    types.push_back(p.is_special[i] ? kTypeControl : kTypeNormal);
  }
  for (const Parts::Merge& merge : p.merges) merges.push_back(tokens[merge.left] + " " + tokens[merge.right]);
  file.metadata["tokenizer.ggml.model"] = std::string("gpt2");
  file.metadata["tokenizer.ggml.pre"] = std::string("gpt-2");
  file.metadata["tokenizer.ggml.tokens"] = std::move(tokens);
  file.metadata["tokenizer.ggml.token_type"] = std::move(types);
  file.metadata["tokenizer.ggml.merges"] = std::move(merges);
  file.metadata["tokenizer.ggml.bos_token_id"] = static_cast<std::uint64_t>(p.bos);
  file.metadata["tokenizer.ggml.eos_token_id"] = static_cast<std::uint64_t>(p.bos);
  file.metadata["tokenizer.ggml.add_bos_token"] = true;
}

namespace {

// Tokens back to raw bytes. Everything but plain text (type 1) is special: koan never produces it from text.
Status read_tokens(const GgufFile& file, Tokenizer::Parts& parts, std::unordered_map<std::string_view, Token>& ids,
                   const std::vector<std::string>& names) {
  std::vector<std::int64_t> types(names.size(), kTypeNormal);
  if (const auto it = file.metadata.find("tokenizer.ggml.token_type"); it != file.metadata.end()) {
    const auto* listed = std::get_if<std::vector<std::int64_t>>(&it->second);
    if (listed == nullptr || listed->size() != names.size()) return refuse("token types do not match the tokens");
    types = *listed;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool special = types[i] != kTypeNormal || i == parts.bos;
    const auto text = special ? std::optional(names[i]) : unicode_to_bytes(names[i]);
    if (!text) return refuse("token " + std::to_string(i) + " is not written in GPT-2's byte alphabet");
    parts.tokens.push_back(*text);
    parts.is_special.push_back(special ? 1 : 0);
    if (!special) ids.try_emplace(names[i], static_cast<Token>(i));
  }
  return {};
}

}  // namespace

Result<Tokenizer> Tokenizer::from_gguf(const GgufFile& file) {
  KOAN_ASSIGN(const std::string model, file.get_string("tokenizer.ggml.model"));
  if (model != "gpt2")
    return Error{ErrorCode::kNotSupported, "tokenizer: model '" + model + "' is not supported (gpt2 is)"};
  KOAN_ASSIGN(const std::string pre, file.get_string("tokenizer.ggml.pre"));
  if (pre != "gpt-2")
    return Error{ErrorCode::kNotSupported, "tokenizer: pre-tokenizer '" + pre + "' is not supported (gpt-2 is)"};
  KOAN_ASSIGN(const std::vector<std::string> names, file.get_strings("tokenizer.ggml.tokens"));
  if (names.size() > kMaxVocabulary) return refuse("more than 2^20 tokens");
  KOAN_ASSIGN(const std::uint64_t bos, file.get_uint("tokenizer.ggml.bos_token_id"));
  if (bos >= names.size()) return refuse("the start token is not in the vocabulary");
  Parts parts;
  parts.bos = static_cast<Token>(bos);
  std::unordered_map<std::string_view, Token> ids;
  KOAN_TRY(read_tokens(file, parts, ids, names));
  KOAN_ASSIGN(const std::vector<std::string> merges, file.get_strings("tokenizer.ggml.merges"));
  for (const std::string& line : merges) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) return refuse("merge '" + line + "' is not a pair");
    const auto left = ids.find(std::string_view(line).substr(0, space));
    const auto right = ids.find(std::string_view(line).substr(space + 1));
    const std::string whole = line.substr(0, space) + line.substr(space + 1);
    const auto result = ids.find(whole);
    if (left == ids.end() || right == ids.end() || result == ids.end())
      return refuse("merge '" + line + "' names an unknown token");
    parts.merges.push_back({left->second, right->second, result->second});
  }
  return from_parts(std::move(parts));
}

}  // namespace koan
