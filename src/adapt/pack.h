// Token packs: a folder with manifest.json, tokenizer.gguf and, per source, NAME.tokens (u16 or u32, little-endian,
// every document preceded by the start token) and NAME.documents (u64 first token, u64 raw bytes per document). Where
// documents have prompts, NAME.prompts says how many tokens of each (u32) are read but not learned.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapt/corpus.h"
#include "text/tokenizer.h"

namespace koan {

struct PackedSource {
  struct Document {
    std::uint64_t first = 0;  // index of its start token
    std::uint64_t raw_bytes = 0;
    std::uint32_t prompt = 0;  // tokens behind the start token that are no targets
  };
  std::string name;
  double weight = 1;
  std::vector<std::uint16_t> narrow;  // one of the two is in use
  std::vector<std::uint32_t> wide;
  std::vector<Document> documents;

  std::size_t token_count() const noexcept { return narrow.empty() ? wide.size() : narrow.size(); }
  Token at(std::size_t i) const noexcept { return narrow.empty() ? wide[i] : narrow[i]; }
  std::size_t document_end(std::size_t d) const noexcept {
    return d + 1 < documents.size() ? static_cast<std::size_t>(documents[d + 1].first) : token_count();
  }
};

struct Pack {
  std::optional<Tokenizer> tokenizer;
  std::vector<PackedSource> sources;
};

struct PackRules {
  std::uint64_t limit_bytes = 0;  // of text per source; 0: all of it
  std::string prompt_field = {};  // what stands in front of a record's text, as it is; empty: nothing
};
Status write_pack(const Tokenizer& tokenizer, const std::vector<SourceSpec>& sources, const PackRules& rules,
                  const std::string& directory);
Result<Pack> read_pack(const std::string& directory);
Result<Tokenizer> read_tokenizer(const std::string& gguf_path);

}  // namespace koan
