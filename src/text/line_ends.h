// The line-end transform (docs/format.md): CR LF coded as LF, because language models have hardly seen CR.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace koan {

// The text with LF line ends, or nothing if that could not be undone: some LF without CR before it, some CR without LF
// after it, or none at all.
std::optional<Bytes> crlf_to_lf(ByteView raw);
Bytes lf_to_crlf(ByteView text);

}  // namespace koan
