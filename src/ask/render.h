// A transcript for readers.
#pragma once

#include <span>
#include <string>

#include "formats/json_document.h"

namespace koan::ask {

// The lines of a transcript, its header first; it need not be complete. Errors: kCorrupt if the first line is no
// header.
Result<std::string> render_text(std::span<const JsonDocument> lines);
// One page that needs nothing else: no scripts, no links, no fonts. Text of models is escaped.
Result<std::string> render_html(std::span<const JsonDocument> lines);

}  // namespace koan::ask
