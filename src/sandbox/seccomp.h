// System calls that a sandboxed program does without: those that would hold memory which no limit counts, and families
// of sockets that network namespaces do not isolate (docs/evaluation.md, "Sandbox").
#pragma once

#include "base/bytes.h"

namespace koan::sandbox {

// A classic BPF program as bubblewrap's --seccomp reads it; empty on a processor that we do not know.
Bytes seccomp_filter();

}  // namespace koan::sandbox
