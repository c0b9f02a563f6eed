// Which fields of a JSONL file hold the text and what it continues, where the command line does not say.
#pragma once

#include <optional>

#include "base/io.h"
#include "cli/arguments.h"

namespace koan::cli {

struct Fields {
  std::string field, context;  // context may be empty: none
};

// By the first line of `beginning` that is an object. kUsage if none of the usual names is there.
Result<Fields> choose_fields(ByteView beginning, const Arguments& arguments);

// A source whose beginning has been read.
class PeekedSource final : public Source {
 public:
  explicit PeekedSource(Source& rest) : rest_(rest) {}
  // Up to `most` bytes, the first line and more.
  Result<ByteView> peek(std::size_t most);
  Result<std::size_t> read(std::span<std::uint8_t> buffer) override;

 private:
  Source& rest_;
  Bytes beginning_;
  std::size_t taken_ = 0;
};

}  // namespace koan::cli
