#include "report/assets.h"

#include <zstd.h>

// CMakeLists.txt
#define KOAN_REPORT_FILE(name) extern "C" const char koan_report_##name[], koan_report_##name##_end[]
KOAN_REPORT_FILE(style);
KOAN_REPORT_FILE(draw);
KOAN_REPORT_FILE(paper);
KOAN_REPORT_FILE(vega);
KOAN_REPORT_FILE(vega_lite);
KOAN_REPORT_FILE(vega_embed);
#undef KOAN_REPORT_FILE

namespace koan::report {
namespace {

constexpr unsigned long long kMostScript = 1 << 24;

// Of a file that third_party/vega/update.sh packed, with its size. Checked by report_test.
std::string unpacked(const char* begin, const char* end) {
  const auto size = static_cast<std::size_t>(end - begin);
  const unsigned long long whole = ZSTD_getFrameContentSize(begin, size);
  if (whole > kMostScript) return {};  // also: unknown, an error
  std::string out(static_cast<std::size_t>(whole), '\0');
  const std::size_t done = ZSTD_decompress(out.data(), out.size(), begin, size);
  return ZSTD_isError(done) ? std::string() : out;
}

}  // namespace

std::string_view style_sheet() noexcept { return {koan_report_style, koan_report_style_end}; }
std::string_view paper_file() noexcept { return {koan_report_paper, koan_report_paper_end}; }

std::vector<std::string> chart_scripts() {
  return {unpacked(koan_report_vega, koan_report_vega_end), unpacked(koan_report_vega_lite, koan_report_vega_lite_end),
          unpacked(koan_report_vega_embed, koan_report_vega_embed_end),
          std::string(koan_report_draw, koan_report_draw_end)};
}

}  // namespace koan::report
