// For tests: results with figures that can be worked out by hand.
#pragma once

#include <numeric>

#include "eval/lossless.h"

namespace koan {

inline Measured measured(const std::string& condition, std::vector<std::uint64_t> record_bytes,
                         std::uint64_t shared_bytes = 0, std::uint64_t side_bytes = 0) {
  Measured out;
  out.condition = condition;
  out.record_bytes = std::move(record_bytes);
  out.shared_bytes = shared_bytes;
  out.side_bytes = side_bytes;
  return out;
}

// Two texts of 100 and 300 bytes, 40 and 60 tokens, of two groups; the first has a prompt.
inline DomainResult domain_result(const std::string& name, const std::string& adapter,
                                  std::vector<Measured> conditions) {
  DomainResult out;
  out.domain.name = name;
  out.domain.title = "about " + name;
  out.domain.kind = "natural";
  out.domain.adapter = adapter;
  out.test.texts = {std::string(100, 'x'), std::string(300, 'y')};
  out.test.has_context = {true, false};
  out.test.groups = {"a", "b"};
  out.test.text_bytes = 400;
  out.test_file_bytes = 500;
  out.tokens = {40, 60};
  out.measured = std::move(conditions);
  return out;
}

// The domains chat, code and law with their adapters, and arena, which takes that of chat.
inline LosslessResult sample_result() {
  Measured routed = measured("route:text", {21, 70}, 0, 300);
  routed.choices = {"chat", "code"};
  Measured gzip = measured("gzip", {90, 110});
  gzip.joined_bytes = 150;
  gzip.file_bytes = 180;
  LosslessResult out;
  out.adapters = {{"chat", "", "c", 90}, {"code", "", "d", 100}, {"law", "", "e", 110}, {"all", "", "f", 120}};
  out.domains = {
      domain_result("chat", "chat",
                    {gzip, measured("zstd_dictionary", {50, 100}, 0, 80), measured("base", {40, 60}),
                     measured("adapter:chat", {20, 28}, 2, 90), measured("adapter:code", {50, 70}, 0, 100),
                     measured("adapter:law", {30, 50}, 0, 110), measured("adapter:all", {30, 30}, 0, 120), routed}),
      domain_result("code", "code",
                    {gzip, measured("zstd_dictionary", {50, 100}, 0, 70), measured("base", {80, 120}),
                     measured("adapter:chat", {90, 120}, 0, 90), measured("adapter:code", {50, 100}, 0, 100),
                     measured("adapter:law", {70, 120}, 0, 110), measured("adapter:all", {60, 100}, 0, 120), routed}),
      domain_result("law", "law",
                    {measured("base", {40, 60}), measured("adapter:chat", {40, 60}, 0, 90),
                     measured("adapter:code", {40, 60}, 0, 100), measured("adapter:law", {20, 30}, 0, 110),
                     measured("adapter:all", {40, 60}, 0, 120)}),
      domain_result("arena", "chat", {measured("base", {4000, 6000}), measured("adapter:chat", {2000, 3000}, 0, 90)})};
  return out;
}

inline ModelIdentity sample_model() { return {"tiny", "0123", 5000, 4096, nullptr}; }

}  // namespace koan
