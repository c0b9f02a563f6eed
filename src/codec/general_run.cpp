#include "codec/general_run.h"

#include <algorithm>

#include "codec/parallel.h"

namespace koan {
namespace {

// Shorter pieces would cost context mixing more than they gain in threads: it has learned little by then.
constexpr std::size_t kMinPiece = std::size_t{1} << 20;

struct CmPiece {
  ByteView raw;
  bool try_cm = false;
  GeneralCoded coded;
};

Status code_piece(CmPiece& piece, ByteView context) {
  if (piece.try_cm) {
    if (auto coded = cm_if_smaller(piece.raw, context)) {
      piece.coded = std::move(*coded);
      return {};
    }
  }
  KOAN_ASSIGN(piece.coded, general_encode(piece.raw));
  return {};
}

}  // namespace

std::size_t coded_total(const std::vector<CodedSegment>& segments) noexcept {
  std::size_t sum = 0;
  for (const auto& s : segments) sum += s.coded.size() + kRecordCost;
  return sum;
}

CodedSegment general_segment(ByteView raw, GeneralCoded coded) {
  CodedSegment out;
  out.raw = raw;
  out.head = {coded.method, Transform::kNone, raw.size(), raw.size(), coded.coded.size(), 0};
  out.coded = std::move(coded.coded);
  return out;
}

Result<std::vector<CodedSegment>> code_run(ByteView run, const PlanSetup& setup, Progress& progress) {
  const std::size_t target = setup.coders ? std::max(setup.segment_bytes, kMinPiece) : setup.segment_bytes;
  std::vector<CmPiece> pieces;
  for (const ByteView raw : cut_pieces(run, target)) pieces.emplace_back().raw = raw;
  KOAN_TRY(for_each_index(pieces.size(), setup.threads, progress, [&](std::size_t i) -> Status {
    KOAN_ASSIGN(pieces[i].try_cm, cm_may_win(pieces[i].raw, setup.context));
    return {};
  }));
  if (std::none_of(pieces.begin(), pieces.end(), [](const CmPiece& p) { return p.try_cm; })) pieces.clear();

  // The whole comes first, because it takes longest and cannot be shared.
  GeneralCoded whole;
  const auto code = [&](std::size_t i) -> Status {
    if (i == 0) {
      KOAN_ASSIGN(whole, general_encode(run));
    } else {
      KOAN_TRY(code_piece(pieces[i - 1], setup.context));
    }
    // With a model its coder has counted what it tried.
    if (!setup.coders && (i == 0) == pieces.empty()) progress.done(i == 0 ? run.size() : pieces[i - 1].raw.size());
    return {};
  };
  KOAN_TRY(for_each_index(pieces.size() + 1, setup.threads, progress, code));

  std::vector<CodedSegment> many;
  const std::size_t whole_bytes = whole.coded.size();
  for (CmPiece& piece : pieces) many.push_back(general_segment(piece.raw, std::move(piece.coded)));
  if (!many.empty() && coded_total(many) < whole_bytes + kRecordCost) return many;
  KOAN_TRY(improve_lzma(whole, run));
  std::vector<CodedSegment> one;
  one.push_back(general_segment(run, std::move(whole)));
  return one;
}

}  // namespace koan
