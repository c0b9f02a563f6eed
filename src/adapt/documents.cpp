#include "adapt/documents.h"

#include "text/line_ends.h"

namespace koan {
namespace {

// As the model will see it: the codec changes the line ends of a text, but not those inside a record.
std::string coded_text(const CorpusDocument& document) {
  const bool is_record = !document.line.empty();
  if (const auto with_lf = is_record ? std::nullopt : crlf_to_lf(as_bytes(document.text)))
    return std::string(as_text(*with_lf));
  return std::string(document.text);
}

}  // namespace

Result<Corpus> read_corpus(const std::vector<std::string>& inputs, const CorpusFields& fields) {
  Corpus out;
  for (const std::string& input : inputs) {
    KOAN_ASSIGN(const CorpusCount count, visit_corpus({input}, fields, [&](const CorpusDocument& document) -> Status {
                  out.documents.push_back({coded_text(document), std::string(document.context)});
                  return {};
                }));
    if (count.documents == 0 && count.without_text > 0)
      return Error{ErrorCode::kUsage, input + ": no record has text in a field \"" +
                                          (fields.text.empty() ? "text\" or \"response" : fields.text) +
                                          "\": name it with --field"};
    out.bytes += count.text_bytes;
    out.files += count.files;
    out.hidden += count.hidden;
    out.binary += count.passed_over.size();
    out.without_text += count.without_text;
  }
  if (!out.documents.empty()) return out;
  std::string why = "there is no text to train on";
  if (out.binary > 0) why += " (" + std::to_string(out.binary) + " files that are no text in UTF-8 passed over)";
  return Error{ErrorCode::kUsage, why};
}

Sha256 corpus_sha256(const std::vector<Document>& documents) {
  Bytes all;
  for (const Document& document : documents)
    for (const std::string* part : {&document.context, &document.text}) {
      append_fixed(all, static_cast<std::uint64_t>(part->size()));
      append_bytes(all, as_bytes(*part));
    }
  return sha256(all);
}

}  // namespace koan
