// What an adapter is trained on: text documents, each perhaps behind a context (a prompt) that is known and not coded.
// Read from files, folders and JSONL, and divided into a part to train on and a part held out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "route/corpus_reader.h"

namespace koan {

struct Document {
  std::string text, context;
};

struct Corpus {
  std::vector<Document> documents;
  std::uint64_t bytes = 0;  // of texts
  // Files that were read; hidden entries and binary files of folders, records without text: passed over.
  std::uint64_t files = 0, hidden = 0, binary = 0, without_text = 0;
};

// The documents of all inputs, as visit_corpus reads them. Besides its errors, kUsage: an input whose records have no
// such field, or no text at all.
Result<Corpus> read_corpus(const std::vector<std::string>& inputs, const CorpusFields& fields);

// Over contexts and texts in their order.
Sha256 corpus_sha256(const std::vector<Document>& documents);

struct Division {
  std::vector<Document> train, held_out;
  std::uint64_t train_bytes = 0, held_out_bytes = 0;
  std::uint64_t near_duplicates = 0;  // documents taken out of the held-out part
  bool duplicates_kept = false;       // too little would have been left: the text repeats itself
};

// Holds out about `share` of the bytes, chosen by `seed` among whole documents; documents with one context go to one
// side, all parts of them. Documents so long that they would be most of a side are cut into parts first. A held-out
// document most of whose runs of eight words stand in one training document is taken out. Errors: kUsage when there is
// too little text.
Result<Division> divide(std::vector<Document> documents, double share, std::uint64_t seed);

}  // namespace koan
