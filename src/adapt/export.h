// A network as a GGUF model for koan: Q8_0 matrices, f32 norms.
#pragma once

#include "adapt/commands.h"
#include "adapt/net.h"
#include "text/tokenizer.h"

namespace koan {

Status export_net(train::Net& net, const Tokenizer& tokenizer, const ExportOptions& options);

}  // namespace koan
