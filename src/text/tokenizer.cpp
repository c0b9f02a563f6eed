// Vocabulary checks, encoding with a per-call cache of repeated pieces, decoding.
#include "text/tokenizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/hash.h"
#include "text/literal_matcher.h"
#include "text/merge_table.h"
#include "text/piece_encoder.h"

namespace koan {
namespace {

constexpr std::size_t kMaxVocabulary = std::size_t{1} << 20;
constexpr std::size_t kMaxTokenBytes = std::size_t{1} << 16;
constexpr std::size_t kCachedPiece = 48;  // longer pieces hardly repeat

// Of text in UTF-8 that is not far from the usual.
bool is_ordinary(std::uint8_t byte) noexcept {
  return byte == '\t' || byte == '\n' || byte == '\r' || (byte >= 0x20 && byte < 0x7F) ||
         (byte >= 0x80 && byte < 0xC0) || (byte >= 0xC2 && byte <= 0xF0);
}

Error refuse(const std::string& what) { return Error{ErrorCode::kCorrupt, "tokenizer: " + what}; }

}  // namespace

struct Tokenizer::Impl {
  Parts parts;
  MergeTable merges;
  std::array<Token, 256> of_byte{};
  std::array<bool, 256> has_byte{};
  bool has_all = false;
  std::unordered_map<std::string_view, Token> whole;  // every text, if merges are to be ignored
  LiteralMatcher added;
  std::optional<PieceEncoder> pieces;  // SentencePiece

  explicit Impl(Parts p) : parts(std::move(p)), merges(parts.merges) {}

  Status check_tokens();
  Status check_merges() const;
  void prepare();

  // Pieces of this call -> where their tokens are in `out`.
  struct Span {
    std::size_t start, count;
  };
  using Cache = std::unordered_map<std::string_view, Span>;
  void encode(ByteView text, Cache& known, std::vector<Token>& out) const;
  void encode_piece(ByteView piece, std::vector<Token>& out) const;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

// Also finds the token of each byte: that of a byte, where there are such, before a text of one character.
Status Tokenizer::Impl::check_tokens() {
  const std::size_t size = parts.tokens.size();
  std::array<int, 256> found{};  // 1: a text, 2: a byte
  for (Token token = 0; token < size; ++token) {
    if (parts.tokens[token].size() > kMaxTokenBytes) return refuse("token " + std::to_string(token) + " is too long");
    if (parts.is_special[token]) continue;
    if (parts.tokens[token].empty()) return refuse("token " + std::to_string(token) + " is empty");
    if (parts.tokens[token].size() != 1) continue;
    const auto byte = static_cast<std::uint8_t>(parts.tokens[token][0]);
    const int rank = !parts.is_byte.empty() && parts.is_byte[token] ? 2 : 1;
    if (found[byte] < rank) of_byte[byte] = token;
    found[byte] = std::max(found[byte], rank);
  }
  for (std::size_t b = 0; b < 256; ++b) {
    has_byte[b] = found[b] != 0;
    if (!has_byte[b] && is_ordinary(static_cast<std::uint8_t>(b)))
      return refuse("no token for byte " + std::to_string(b));
  }
  for (const Token token : parts.added)
    if (token >= size || parts.is_special[token]) return refuse("an added token is not in the vocabulary");
  for (const float score : parts.scores)
    if (!std::isfinite(score)) return refuse("a score is not finite");
  return {};
}

Status Tokenizer::Impl::check_merges() const {
  const auto normal = [&](Token token) { return token < parts.tokens.size() && !parts.is_special[token]; };
  for (const Parts::Merge& merge : parts.merges) {
    if (!normal(merge.left) || !normal(merge.right) || !normal(merge.result))
      return refuse("a merge names an unknown token");
    if (parts.tokens[merge.left] + parts.tokens[merge.right] != parts.tokens[merge.result])
      return refuse("a merge does not give the text of its parts");
  }
  return {};
}

void Tokenizer::Impl::prepare() {
  for (const Token token : parts.added) added.add(parts.tokens[token], token);
  if (!parts.scores.empty()) {
    std::vector<std::string_view> texts(parts.tokens.size());
    for (std::size_t i = 0; i < texts.size(); ++i)
      if (!parts.is_special[i] && !parts.is_byte[i]) texts[i] = parts.tokens[i];
    for (const Token token : parts.added) texts[token] = {};  // found before
    pieces.emplace(texts, parts.scores, of_byte);
  }
  if (!parts.ignore_merges) return;
  for (std::size_t i = 0; i < parts.tokens.size(); ++i)
    if (!parts.is_special[i]) whole.try_emplace(parts.tokens[i], static_cast<Token>(i));
}

Result<Tokenizer> Tokenizer::from_parts(Parts parts) {
  const std::size_t size = parts.tokens.size();
  if (size > kMaxVocabulary) return refuse("more than 2^20 tokens");
  if (parts.is_special.size() != size) return refuse("token types do not match the tokens");
  if (parts.bos >= size || !parts.is_special[parts.bos]) return refuse("the start token is not a special token");
  if (!parts.scores.empty() && (parts.scores.size() != size || parts.is_byte.size() != size))
    return refuse("scores do not match the tokens");
  auto impl = std::make_unique<Impl>(std::move(parts));
  KOAN_TRY(impl->check_tokens());
  KOAN_TRY(impl->check_merges());
  impl->prepare();
  impl->has_all = std::ranges::find(impl->has_byte, false) == impl->has_byte.end();
  return Tokenizer(std::move(impl));
}

const Tokenizer::Parts& Tokenizer::parts() const noexcept { return impl_->parts; }
std::size_t Tokenizer::size() const noexcept { return impl_->parts.tokens.size(); }
Token Tokenizer::bos() const noexcept { return impl_->parts.bos; }
bool Tokenizer::is_special(Token token) const noexcept { return token < size() && impl_->parts.is_special[token] != 0; }

ByteView Tokenizer::bytes(Token token) const noexcept {
  if (token >= size() || impl_->parts.is_special[token]) return {};
  return as_bytes(impl_->parts.tokens[token]);
}

void Tokenizer::Impl::encode_piece(ByteView piece, std::vector<Token>& out) const {
  if (parts.ignore_merges) {
    if (const auto found = whole.find(as_text(piece)); found != whole.end()) {
      out.assign(1, found->second);
      return;
    }
  }
  out.clear();
  for (const std::uint8_t b : piece) out.push_back(of_byte[b]);
  merges.apply(out);
}

void Tokenizer::Impl::encode(ByteView text, Cache& known, std::vector<Token>& out) const {
  if (pieces) return pieces->encode(text, out);
  std::vector<Token> piece;
  while (!text.empty()) {
    const std::size_t size = next_piece(parts.pre, text);
    const ByteView bytes = text.first(size);
    text = text.subspan(size);
    if (size == 1) {
      out.push_back(of_byte[bytes[0]]);
      continue;
    }
    Span* span = nullptr;
    if (size <= kCachedPiece) {
      const auto [it, is_new] = known.try_emplace(as_text(bytes), Span{0, 0});
      span = &it->second;
      if (!is_new) {
        for (std::size_t i = 0; i < span->count; ++i) out.push_back(out[span->start + i]);
        continue;
      }
    }
    encode_piece(bytes, piece);
    if (span != nullptr) *span = {out.size(), piece.size()};
    out.insert(out.end(), piece.begin(), piece.end());
  }
}

bool Tokenizer::covers(ByteView text) const noexcept {
  return impl_->has_all || std::ranges::all_of(text, [&](std::uint8_t byte) { return impl_->has_byte[byte]; });
}

bool Tokenizer::is_fallback(Token token) const noexcept {
  return token < size() && !impl_->parts.is_byte.empty() && impl_->parts.is_byte[token] != 0;
}

std::vector<Token> Tokenizer::encode(ByteView text) const {
  Bytes covered;
  if (!covers(text)) {
    std::ranges::copy_if(text, std::back_inserter(covered), [&](std::uint8_t byte) { return impl_->has_byte[byte]; });
    text = covered;
  }
  std::vector<Token> out;
  out.reserve(text.size() / 3 + 8);
  Impl::Cache known;
  std::size_t start = 0;
  for (std::size_t at = 0; !impl_->added.empty() && at < text.size();) {
    const auto [size, token] = impl_->added.match(as_text(text.subspan(at)));
    if (size == 0) {
      ++at;
      continue;
    }
    impl_->encode(text.subspan(start, at - start), known, out);
    out.push_back(token);
    start = at += size;
  }
  impl_->encode(text.subspan(start), known, out);
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

}  // namespace koan
