#include "eval/measure.h"

#include <numeric>

namespace koan {

Result<Measured> measure_rival(const Rival& rival, const TestSet& test, ByteView file, StopFlag stop) {
  Measured out;
  std::string joined;
  for (const std::string& text : test.texts) {
    if (stop != nullptr && *stop) return Error{ErrorCode::kCancelled, "interrupted"};
    KOAN_ASSIGN(const Bytes coded, rival.compress(as_bytes(text), stop));
    out.record_bytes.push_back(coded.size());
    joined += text;
  }
  KOAN_ASSIGN(const Bytes all, rival.compress(as_bytes(joined), stop));
  KOAN_ASSIGN(const Bytes whole, rival.compress(file, stop));
  out.joined_bytes = all.size();
  out.file_bytes = whole.size();
  return out;
}

Result<Measured> measure_dictionary(const TestSet& test, const std::vector<std::string>& train,
                                    std::optional<std::size_t> bytes) {
  Bytes dictionary;
  if (bytes) {
    KOAN_ASSIGN(dictionary, train_dictionary(train, *bytes));
  } else {
    dictionary = raw_dictionary(train);
  }
  KOAN_ASSIGN(DictionaryCoder coder, DictionaryCoder::create(dictionary));
  Measured out;
  out.side_bytes = dictionary.size();
  for (const std::string& text : test.texts) {
    KOAN_ASSIGN(const Bytes coded, coder.compress(as_bytes(text)));
    out.record_bytes.push_back(coded.size());
  }
  return out;
}

Result<Measured> measure_koan(RecordCoder& coder, const std::string& source, const std::string& coded,
                              const AdapterChoice& choice, const TestSet& test) {
  KOAN_ASSIGN(CodedFile file, coder.code(source, coded, choice));
  if (file.record_bytes.size() != test.texts.size()) {
    return Error{ErrorCode::kVerification, coded + ": " + std::to_string(file.record_bytes.size()) +
                                               " records, the test file has " + std::to_string(test.texts.size())};
  }
  Measured out;
  const std::uint64_t streams = std::accumulate(file.record_bytes.begin(), file.record_bytes.end(), std::uint64_t{0});
  if (file.file_bytes < streams + file.skeleton_bytes)
    return Error{ErrorCode::kVerification, coded + ": the parts are larger than the file"};
  out.shared_bytes = file.file_bytes - streams - file.skeleton_bytes;
  out.record_bytes = std::move(file.record_bytes);
  out.file_bytes = file.file_bytes;
  for (const AdapterFile& adapter : choice.adapters) out.side_bytes += adapter.bytes;
  if (choice.kind >= AdapterChoice::Kind::kByPrompt) out.choices = std::move(file.adapters);
  out.encode_seconds = file.encode_seconds;
  out.decode_seconds = file.decode_seconds;
  return out;
}

}  // namespace koan
