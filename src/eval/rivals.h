// What koan is compared with: general-purpose compressors as people run them, with and without a dictionary. Every
// result has been decoded again and compared.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace koan {

struct Rival {
  std::string condition;  // "gzip"
  std::string title;      // "gzip -9"; of a library with its version
  std::string program;    // that must be installed; empty: a library of ours
  // Compresses; kVerification if the way back does not lead to the same bytes.
  std::function<Result<Bytes>(ByteView text, StopFlag stop)> compress;
};

// gzip -9, xz -9e, zstd --ultra -22, brotli -q 11 -w 24.
std::vector<Rival> rivals();

std::string zstd_title();  // "zstd 1.5.4 --ultra -22"

// A zstd dictionary of at most `bytes`, trained on the texts (Zstandard's COVER with its parameters searched). kUsage
// if there is too little text for one.
Result<Bytes> train_dictionary(const std::vector<std::string>& texts, std::size_t bytes);

// The end of the texts, at most 128 MiB, as a dictionary without training.
Bytes raw_dictionary(const std::vector<std::string>& texts);

// zstd at level 22 with a dictionary. The dictionary is digested once.
class DictionaryCoder {
 public:
  static Result<DictionaryCoder> create(ByteView dictionary);
  ~DictionaryCoder();
  DictionaryCoder(DictionaryCoder&&) noexcept;
  Result<Bytes> compress(ByteView text);  // kVerification as above

 private:
  struct Impl;
  explicit DictionaryCoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace koan
