#include "adapt/corpus.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "route/corpus_reader.h"

namespace koan {

Result<SourceSpec> parse_source(const std::string& text) {
  SourceSpec spec;
  const std::size_t colon = text.rfind(':');
  spec.path = text.substr(0, colon);
  if (colon != std::string::npos) {
    char* end = nullptr;
    spec.weight = std::strtod(text.c_str() + colon + 1, &end);
    if (end == text.c_str() + colon + 1 || *end != '\0' || !(spec.weight > 0) || !std::isfinite(spec.weight))
      return Error{ErrorCode::kUsage, "'" + text + "' is not PATH[:WEIGHT] with a weight above 0"};
  }
  spec.name = std::filesystem::path(spec.path).filename().string();
  spec.name = spec.name.substr(0, spec.name.find('.'));
  for (const char* prefix : {"train__", "train-"})
    if (spec.name.rfind(prefix, 0) == 0) spec.name = spec.name.substr(std::string_view(prefix).size());
  if (spec.name.empty()) return Error{ErrorCode::kUsage, "'" + text + "' names no file"};
  return spec;
}

Status read_documents(const std::string& path, const std::string& prompt_field, const DocumentSink& sink) {
  bool stopped = false;
  CorpusFields fields;
  fields.context = prompt_field;
  const auto count = visit_corpus({path}, fields, [&](const CorpusDocument& document) -> Status {
    if (sink(document.text, prompt_field.empty() ? std::string_view() : document.context)) return {};
    stopped = true;
    return Error{ErrorCode::kCancelled, path + ": enough"};
  });
  return count || stopped ? Status() : Status(count.error());
}

}  // namespace koan
