// Training part and held-out part.
#include <algorithm>
#include <cctype>
#include <optional>
#include <unordered_map>

#include "adapt/documents.h"
#include "base/split_mix.h"

namespace koan {
namespace {

constexpr std::uint64_t kLeastText = 8192;     // bytes in all
constexpr std::uint64_t kLeastHeldOut = 2048;  // bytes
constexpr std::uint64_t kMostHeldOut = 512 << 10;
constexpr std::uint64_t kParts = 40;  // a document longer than this share of the text is cut
constexpr std::size_t kLeastPart = 512;
constexpr std::size_t kRun = 8;         // words
constexpr double kNearDuplicate = 0.7;  // share of the runs of a document

// The next place to cut at or after `at`: behind a line's end if one is near.
std::size_t cut(const std::string& text, std::size_t at, std::size_t part) {
  if (at >= text.size()) return text.size();
  const std::size_t line = text.find('\n', at);
  if (line != std::string::npos && line - at < part / 2) return line + 1;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;  // not inside a character
  return at;
}

// A document, or a part of one, and what it must stay together with.
struct Piece {
  Document document;
  std::uint64_t group;
};

std::vector<Piece> cut_long(std::vector<Document> documents, std::uint64_t total) {
  const std::size_t part = std::max<std::size_t>(static_cast<std::size_t>(total / kParts), kLeastPart);
  std::vector<Piece> out;
  for (Document& document : documents) {
    const std::optional<std::uint64_t> together =
        document.context.empty() ? std::nullopt : std::optional(xxh3_64(as_bytes(document.context), 1));
    const auto add = [&](Document piece) {
      out.push_back({std::move(piece), together ? *together : mix64(out.size() + 1)});
    };
    if (document.text.size() < 2 * part) {
      add(std::move(document));
      continue;
    }
    for (std::size_t from = 0; from < document.text.size();) {
      std::size_t to = cut(document.text, from + part, part);
      if (document.text.size() - to < part / 2) to = document.text.size();
      add({document.text.substr(from, to - from), from == 0 ? document.context : std::string()});
      from = to;
    }
  }
  return out;
}

// Hashes of the runs of eight words, each once; of all words together in a shorter text.
std::vector<std::uint64_t> runs_of(const std::string& text) {
  std::vector<std::uint64_t> words, out;
  const auto word_byte = [](unsigned char c) { return c >= 0x80 || std::isalnum(c) != 0; };
  for (std::size_t at = 0; at < text.size();) {
    if (!word_byte(static_cast<unsigned char>(text[at]))) {
      ++at;
      continue;
    }
    std::string word;
    for (; at < text.size() && word_byte(static_cast<unsigned char>(text[at])); ++at)
      word.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(text[at]))));
    words.push_back(xxh3_64(as_bytes(word)));
  }
  const std::size_t run = std::min(kRun, words.size());
  for (std::size_t i = 0; run > 0 && i + run <= words.size(); ++i) {
    std::uint64_t h = 0;
    for (std::size_t k = 0; k < run; ++k) h = mix64(h * 31 + words[i + k]);
    out.push_back(h);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// Which held-out documents have most of their runs in one training document.
std::vector<bool> near_duplicates(const std::vector<Document>& train, const std::vector<Document>& held_out) {
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> where;
  std::vector<std::size_t> sizes;
  for (std::uint32_t d = 0; d < held_out.size(); ++d) {
    const auto runs = runs_of(held_out[d].text);
    sizes.push_back(runs.size());
    for (const std::uint64_t h : runs) where[h].push_back(d);
  }
  std::vector<bool> out(held_out.size(), false);
  std::unordered_map<std::uint32_t, std::size_t> shared;
  for (const Document& document : train) {
    shared.clear();
    for (const std::uint64_t h : runs_of(document.text)) {
      const auto it = where.find(h);
      if (it == where.end()) continue;
      for (const std::uint32_t d : it->second) ++shared[d];
    }
    for (const auto& [d, count] : shared)
      if (static_cast<double>(count) >= kNearDuplicate * static_cast<double>(sizes[d])) out[d] = true;
  }
  return out;
}

std::uint64_t bytes_of(const std::vector<Document>& documents) {
  std::uint64_t total = 0;
  for (const Document& document : documents) total += document.text.size();
  return total;
}

Error too_little(std::uint64_t total) {
  return Error{ErrorCode::kUsage, "there are only " + std::to_string(total) +
                                      " bytes of text: an adapter needs at least " + std::to_string(kLeastText) +
                                      " (and gains little below some 100 KB)"};
}

}  // namespace

Result<Division> divide(std::vector<Document> documents, double share, std::uint64_t seed) {
  const std::uint64_t total = bytes_of(documents);
  if (total < kLeastText) return too_little(total);
  std::vector<Piece> pieces = cut_long(std::move(documents), total);
  // Groups in the order of a seeded hash: of the context, or of the place of a piece without one.
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> groups;
  for (std::size_t d = 0; d < pieces.size(); ++d) groups[mix64(seed + 1 + pieces[d].group)].push_back(d);
  std::vector<std::uint64_t> order;
  for (const auto& [key, members] : groups) order.push_back(key);
  std::sort(order.begin(), order.end());
  const auto wanted = std::clamp(static_cast<std::uint64_t>(static_cast<double>(total) * share), kLeastHeldOut,
                                 std::max(kMostHeldOut, kLeastHeldOut));
  Division out;
  std::vector<bool> held(pieces.size(), false);
  std::uint64_t taken = 0;
  for (const std::uint64_t key : order) {
    std::uint64_t size = 0;
    for (const std::size_t d : groups[key]) size += pieces[d].document.text.size();
    if (taken >= wanted) break;
    if (taken + size > total / 2) continue;  // one context for most of the text
    for (const std::size_t d : groups[key]) held[d] = true;
    taken += size;
  }
  if (taken == 0)
    return Error{ErrorCode::kUsage,
                 "all records have one context, so none can be held out: train without --context-field, or on more"};
  for (std::size_t d = 0; d < pieces.size(); ++d)
    (held[d] ? out.held_out : out.train).push_back(std::move(pieces[d].document));
  const std::vector<bool> duplicate = near_duplicates(out.train, out.held_out);
  std::vector<Document> distinct;
  for (std::size_t d = 0; d < out.held_out.size(); ++d)
    if (duplicate[d])
      ++out.near_duplicates;
    else
      distinct.push_back(out.held_out[d]);
  out.duplicates_kept = out.near_duplicates > 0 && bytes_of(distinct) < std::max(taken / 2, kLeastHeldOut / 2);
  if (!out.duplicates_kept) out.held_out = std::move(distinct);
  out.train_bytes = bytes_of(out.train);
  out.held_out_bytes = bytes_of(out.held_out);
  return out;
}

}  // namespace koan
