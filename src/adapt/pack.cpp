#include "adapt/pack.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"

namespace koan {
namespace {

constexpr std::size_t kNarrowVocabulary = 65536;

struct Written {
  std::uint64_t documents = 0, tokens = 0, bytes = 0;
};

Result<Written> write_source(const Tokenizer& tokenizer, const SourceSpec& spec, const PackRules& rules,
                             const std::string& stem) {
  Written written;
  Bytes tokens;
  Bytes documents;
  Bytes prompts;
  const bool narrow = tokenizer.size() <= kNarrowVocabulary;
  const auto put = [&](Token token) {
    if (narrow)
      append_fixed(tokens, static_cast<std::uint16_t>(token));
    else
      append_fixed(tokens, token);
    ++written.tokens;
  };
  KOAN_TRY(read_documents(spec.path, rules.prompt_field, [&](std::string_view text, std::string_view prompt) {
    append_fixed(documents, written.tokens);
    append_fixed(documents, static_cast<std::uint64_t>(prompt.size() + text.size()));
    put(tokenizer.bos());
    // Cut apart, as where a prompt is given and a reply generated.
    const std::vector<Token> in_front = tokenizer.encode(as_bytes(prompt));
    append_fixed(prompts, static_cast<std::uint32_t>(in_front.size()));
    for (const Token token : in_front) put(token);
    for (const Token token : tokenizer.encode(as_bytes(text))) put(token);
    ++written.documents;
    written.bytes += prompt.size() + text.size();
    return rules.limit_bytes == 0 || written.bytes < rules.limit_bytes;
  }));
  if (written.bytes == 0)
    return Error{ErrorCode::kCorrupt, spec.path + ": no line has text in a field \"text\" or \"response\""};
  KOAN_TRY(write_file(stem + ".tokens", tokens));
  KOAN_TRY(write_file(stem + ".documents", documents));
  if (!rules.prompt_field.empty()) KOAN_TRY(write_file(stem + ".prompts", prompts));
  return written;
}

Status read_prompts(const std::string& path, PackedSource& source) {
  if (!std::filesystem::exists(path)) return {};
  KOAN_ASSIGN(const Bytes prompts, read_file(path, kMaxFile));
  ByteReader in(prompts);
  for (std::size_t d = 0; d < source.documents.size(); ++d) {
    KOAN_ASSIGN(source.documents[d].prompt, in.fixed<std::uint32_t>());
    const std::size_t text = source.document_end(d) - static_cast<std::size_t>(source.documents[d].first) - 1;
    if (source.documents[d].prompt > text) return Error{ErrorCode::kCorrupt, path + ": longer than its document"};
  }
  return in.remaining() == 0 ? Status() : Error{ErrorCode::kCorrupt, path + ": too long"};
}

Result<PackedSource> read_source(const std::string& stem, const Tokenizer& tokenizer) {
  const std::size_t vocabulary = tokenizer.size();
  const bool narrow = vocabulary <= kNarrowVocabulary;
  PackedSource source;
  KOAN_ASSIGN(const Bytes tokens, read_file(stem + ".tokens", kMaxFile));
  const std::size_t width = narrow ? 2 : 4;
  const std::size_t count = tokens.size() / width;
  const auto at = [&](std::size_t i) {
    Token out = 0;
    for (std::size_t b = 0; b < width; ++b) out |= static_cast<Token>(tokens[i * width + b]) << (8 * b);
    return out;
  };
  for (std::size_t i = 0; i < count; ++i) {
    if (at(i) >= vocabulary) return Error{ErrorCode::kCorrupt, stem + ".tokens: token outside the vocabulary"};
    if (narrow)
      source.narrow.push_back(static_cast<std::uint16_t>(at(i)));
    else
      source.wide.push_back(at(i));
  }
  KOAN_ASSIGN(const Bytes documents, read_file(stem + ".documents", kMaxFile));
  ByteReader in(documents);
  while (in.remaining() > 0) {
    PackedSource::Document document;
    KOAN_ASSIGN(document.first, in.fixed<std::uint64_t>());
    KOAN_ASSIGN(document.raw_bytes, in.fixed<std::uint64_t>());
    const bool ordered =
        source.documents.empty() ? document.first == 0 : document.first > source.documents.back().first;
    if (!ordered || document.first >= count) return Error{ErrorCode::kCorrupt, stem + ".documents: out of order"};
    if (at(static_cast<std::size_t>(document.first)) != tokenizer.bos())
      return Error{ErrorCode::kCorrupt, stem + ".tokens: a document does not begin with the start token"};
    source.documents.push_back(document);
  }
  if (source.documents.size() >= count) return Error{ErrorCode::kCorrupt, stem + ": no text"};
  KOAN_TRY(read_prompts(stem + ".prompts", source));
  return source;
}

}  // namespace

Status write_pack(const Tokenizer& tokenizer, const std::vector<SourceSpec>& sources, const PackRules& rules,
                  const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return Error{ErrorCode::kIo, "cannot create " + directory};
  GgufFile file;
  file.metadata["general.architecture"] = std::string("tokenizer");
  tokenizer.to_gguf(file);
  KOAN_TRY(write_file(directory + "/tokenizer.gguf", write_gguf(file)));
  nlohmann::json manifest = {{"version", 1}, {"vocabulary", tokenizer.size()}, {"sources", nlohmann::json::array()}};
  std::set<std::string> names;
  for (const SourceSpec& spec : sources)
    if (!names.insert(spec.name).second)
      return Error{ErrorCode::kUsage, "two sources are called '" + spec.name + "': rename one of the files"};
  for (const SourceSpec& spec : sources) {
    auto written = write_source(tokenizer, spec, rules, directory + "/" + spec.name);
    if (!written) return std::move(written).error();
    manifest["sources"].push_back({{"name", spec.name},
                                   {"weight", spec.weight},
                                   {"documents", written->documents},
                                   {"tokens", written->tokens},
                                   {"bytes", written->bytes}});
    std::printf("%-36s %8llu documents %10llu tokens %.3f bytes a token\n", spec.name.c_str(),
                static_cast<unsigned long long>(written->documents), static_cast<unsigned long long>(written->tokens),
                static_cast<double>(written->bytes) / static_cast<double>(written->tokens));
    std::fflush(stdout);
  }
  return write_file(directory + "/manifest.json", as_bytes(manifest.dump(1)));
}

Result<Tokenizer> read_tokenizer(const std::string& gguf_path) {
  KOAN_ASSIGN(const Bytes bytes, read_file(gguf_path, kMaxFile));
  KOAN_ASSIGN(const GgufFile file, parse_gguf(bytes));
  return Tokenizer::from_gguf(file);
}

Result<Pack> read_pack(const std::string& directory) {
  Pack pack;
  KOAN_ASSIGN(pack.tokenizer, read_tokenizer(directory + "/tokenizer.gguf"));
  KOAN_ASSIGN(const Bytes text, read_file(directory + "/manifest.json", kMaxFile));
  const auto manifest = nlohmann::json::parse(as_text(text), nullptr, false);
  const Error broken{ErrorCode::kCorrupt, directory + "/manifest.json is not a pack manifest"};
  if (!manifest.is_object() || !manifest.contains("sources") || !manifest["sources"].is_array()) return broken;
  for (const auto& entry : manifest["sources"]) {
    if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string()) return broken;
    const std::string name = entry["name"].get<std::string>();
    KOAN_ASSIGN(PackedSource source, read_source(directory + "/" + name, *pack.tokenizer));
    const auto number = [&](const char* key) {
      const auto it = entry.find(key);
      return it != entry.end() && it->is_number() ? it->get<double>() : 0.0;
    };
    if (number("tokens") != static_cast<double>(source.token_count()) ||
        number("documents") != static_cast<double>(source.documents.size()))
      return Error{ErrorCode::kCorrupt, directory + "/" + name + ".tokens: not as long as the manifest says"};
    source.name = name;
    source.weight = number("weight");
    if (!(source.weight > 0) || !std::isfinite(source.weight)) return broken;
    pack.sources.push_back(std::move(source));
  }
  if (pack.sources.empty()) return broken;
  return pack;
}

}  // namespace koan
