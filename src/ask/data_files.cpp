#include <array>

#include "ask/protocol_data.h"

// CMakeLists.txt
#define KOAN_ASK_FILE(name) extern "C" const char koan_ask_##name[], koan_ask_##name##_end[]
KOAN_ASK_FILE(prompts);
KOAN_ASK_FILE(prompts_drill);
KOAN_ASK_FILE(batch10);
KOAN_ASK_FILE(iterative);
KOAN_ASK_FILE(two_by_five);
KOAN_ASK_FILE(demo);
KOAN_ASK_FILE(select);
KOAN_ASK_FILE(chosen);
KOAN_ASK_FILE(oracle10);
#undef KOAN_ASK_FILE

namespace koan::ask {

std::span<const ProtocolFile> protocol_files() noexcept {
  static const std::array<ProtocolFile, 7> kFiles = {{{"batch10", {koan_ask_batch10, koan_ask_batch10_end}},
                                                      {"iterative", {koan_ask_iterative, koan_ask_iterative_end}},
                                                      {"2x5", {koan_ask_two_by_five, koan_ask_two_by_five_end}},
                                                      {"demo", {koan_ask_demo, koan_ask_demo_end}},
                                                      {"select", {koan_ask_select, koan_ask_select_end}},
                                                      {"chosen", {koan_ask_chosen, koan_ask_chosen_end}},
                                                      {"oracle10", {koan_ask_oracle10, koan_ask_oracle10_end}}}};
  return kFiles;
}

std::span<const ProtocolFile> prompts_files() noexcept {
  static const std::array<ProtocolFile, 2> kFiles = {{{"plain", {koan_ask_prompts, koan_ask_prompts_end}},
                                                      {"drill", {koan_ask_prompts_drill, koan_ask_prompts_drill_end}}}};
  return kFiles;
}

}  // namespace koan::ask
