// Replies of the interface, whole and as streams.
#include "fuzz_reply.h"
#include "remote/anthropic.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  koan::fuzz::check_reply(koan::read_anthropic, koan::as_text({data, size}));
  return 0;
}
