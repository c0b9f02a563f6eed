// Replies of the interface, whole and as streams.
#include "fuzz_reply.h"
#include "remote/openai.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  koan::fuzz::check_reply(koan::read_openai, koan::as_text({data, size}));
  return 0;
}
