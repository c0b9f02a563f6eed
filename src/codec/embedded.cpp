#include "codec/model_store.h"

extern "C" {
extern const std::uint8_t koan_embedded_model[];  // src/codec/embedded.S.in
extern const std::uint8_t koan_embedded_model_end[];
}

namespace koan {

ByteView embedded_model() noexcept { return {koan_embedded_model, koan_embedded_model_end}; }

}  // namespace koan
