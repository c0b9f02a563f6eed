// Rotary embedding in a config.json: `rope_parameters` of Transformers 5, or `rope_theta` and `rope_scaling` before it.
#pragma once

#include "import/hf_config.h"

namespace koan {

// Reads and so consumes these fields; `config` has its family and sizes. Errors as parse_hf_config.
Status read_hf_rope(ConfigFields& fields, HfConfig& config);

}  // namespace koan
