// Text as it grows, held back where it may turn out to be the beginning of a stop string.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace koan {

class StopFilter {
 public:
  explicit StopFilter(std::vector<std::string> stops);  // empty ones are ignored

  // What may be shown now. After a stop string nothing more comes: what follows it, and itself, are dropped.
  std::string add(std::string_view piece);
  bool stopped() const noexcept { return stopped_; }
  std::string rest();  // at the end: what was held back

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool stopped_ = false;
};

}  // namespace koan
