#include "codec/planner.h"

#include <algorithm>

#include "codec/general_run.h"
#include "codec/parallel.h"
#include "text/line_ends.h"

namespace koan {
namespace {

constexpr std::size_t kProbeBytes = 1536;
constexpr std::size_t kMinPiece = 1024;  // as the smallest segment size that may be asked for
// A piece's first bytes cost more than the rest (no context yet) and LZMA beats the fast estimate, hence the margins,
// from the test files: the model is not tried in full when the probe is this much worse than the estimate...
constexpr double kHopeless = 1.35;
// ...and its result is compared with the strong general-purpose methods unless it is this much better than the
// estimate.
constexpr double kClearWin = 0.70;

struct Piece {
  ByteView raw;
  Transform transform = Transform::kNone;
  Bytes lf;  // the text, when transformed
  ByteView text() const noexcept { return transform == Transform::kNone ? raw : ByteView(lf); }

  std::uint64_t fast = 0;  // estimate of the general-purpose size
  bool try_model = false;
  RoutedJob model;
  bool use_model = false;
  GeneralCoded general;  // set when compared
  bool compared = false;
};

// Runs fn(piece) for the pieces that `wanted` names, over the threads of the setup.
template <typename Wanted, typename Fn>
Status for_pieces(std::vector<Piece>& pieces, unsigned threads, Progress& progress, Wanted wanted, Fn fn) {
  return for_each_index(pieces.size(), threads, progress,
                        [&](std::size_t i) { return wanted(pieces[i]) ? fn(pieces[i]) : Status{}; });
}

void prepare(Piece& piece) {
  if (auto lf = crlf_to_lf(piece.raw)) {
    piece.transform = Transform::kCrlf;
    piece.lf = std::move(*lf);
  }
  piece.fast = fast_size(piece.text());
}

// Binary data is full of control characters; probing it would cost a token per byte.
bool looks_like_text(ByteView bytes) noexcept {
  std::size_t control = 0;
  for (std::uint8_t b : bytes) control += (b < 0x20 && b != '\n' && b != '\r' && b != '\t') || b == 0x7F;
  return control <= bytes.size() / 32;
}

// Picks the adapters and codes the first bytes of each piece to see whether the model is worth its time.
Status probe(std::vector<Piece>& all_pieces, ModelCoders& coders, Progress& progress) {
  std::vector<Piece*> pieces;
  std::vector<RoutedJob*> whole, beginnings;
  for (Piece& piece : all_pieces) {
    if (!looks_like_text(piece.text())) continue;
    piece.model.job.text = piece.text();
    pieces.push_back(&piece);
    whole.push_back(&piece.model);
  }
  KOAN_TRY(coders.choose(whole, progress));
  std::vector<RoutedJob> probes(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    probes[i].offer = pieces[i]->model.offer;
    probes[i].job.text = pieces[i]->text().first(std::min(pieces[i]->text().size(), kProbeBytes));
    beginnings.push_back(&probes[i]);
  }
  Progress silent = quiet(progress);
  KOAN_TRY(coders.encode(beginnings, silent));
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    Piece& piece = *pieces[i];
    const EncodeJob& job = probes[i].job;
    const double model_rate = static_cast<double>(job.coded.size()) / static_cast<double>(job.text.size());
    const double fast_rate = static_cast<double>(piece.fast) / static_cast<double>(piece.text().size());
    piece.try_model = piece.text().size() <= kProbeBytes || model_rate <= kHopeless * fast_rate;
  }
  return {};
}

Status run_model(std::vector<Piece>& pieces, ModelCoders& coders, Progress& progress) {
  std::vector<RoutedJob*> jobs;
  for (Piece& piece : pieces) {
    if (piece.try_model) jobs.push_back(&piece.model);
  }
  KOAN_TRY(coders.encode(jobs, progress));
  for (Piece& piece : pieces) {
    // The format refuses better than that; what repeats so much is as good in LZMA.
    const EncodeJob& job = piece.model.job;
    piece.try_model = piece.try_model && job.text.size() <= kMaxModelRatio * job.coded.size();
  }
  return {};
}

Status compare(Piece& piece, ByteView context) {
  KOAN_ASSIGN(piece.general, segment_encode(piece.text(), context));
  piece.compared = true;
  piece.use_model = piece.try_model && piece.model.job.coded.size() < piece.general.coded.size();
  return {};
}

CodedSegment model_segment(Piece& piece, ModelCoders& coders) {
  CodedSegment out;
  EncodeJob& job = piece.model.job;
  out.raw = piece.raw;
  out.tokens = job.tokens;
  out.ideal_bits = job.ideal_bits;
  out.model_raw_bytes = piece.raw.size();
  if (piece.model.offer) append_varint(out.coded, coders.number_of(*piece.model.offer));
  append_bytes(out.coded, job.coded);
  const Method method = piece.model.offer ? Method::kAdapter : Method::kModel;
  out.head = {method, piece.transform, piece.raw.size(), piece.text().size(), out.coded.size(), 0};
  return out;
}

CodedSegment piece_segment(Piece& piece, ModelCoders& coders) {
  if (piece.use_model) return model_segment(piece, coders);
  CodedSegment out;
  out.raw = piece.raw;
  out.head = {
      piece.general.method, piece.transform, piece.raw.size(), piece.text().size(), piece.general.coded.size(), 0};
  out.coded = std::move(piece.general.coded);
  return out;
}

// Neighbouring pieces that the model lost are joined: what one piece repeats of another is found again.
Status append_run(std::span<Piece> run, const PlanSetup& setup, Progress& progress, std::vector<CodedSegment>& out) {
  if (run.size() == 1 && run[0].compared) {
    out.push_back(piece_segment(run[0], *setup.coders));
    return {};
  }
  std::size_t bytes = 0;
  for (const Piece& piece : run) bytes += piece.raw.size();
  KOAN_ASSIGN(std::vector<CodedSegment> coded, code_run(ByteView(run[0].raw.data(), bytes), setup, progress));
  std::move(coded.begin(), coded.end(), std::back_inserter(out));
  return {};
}

// Model, general-purpose methods, or both.
Status choose(std::vector<Piece>& pieces, const PlanSetup& setup, Progress& progress) {
  const auto all = [](const Piece&) { return true; };
  KOAN_TRY(for_pieces(pieces, setup.threads, progress, all, [](Piece& p) -> Status { return prepare(p), Status{}; }));
  KOAN_TRY(probe(pieces, *setup.coders, progress));
  KOAN_TRY(run_model(pieces, *setup.coders, progress));
  const auto unclear = [](Piece& p) {
    p.use_model = p.try_model && static_cast<double>(p.model.job.coded.size()) <= kClearWin * static_cast<double>(p.fast);
    return p.try_model && !p.use_model;
  };
  return for_pieces(pieces, setup.threads, progress, unclear, [&](Piece& p) { return compare(p, setup.context); });
}

bool is_boundary(ByteView block, std::size_t at) noexcept {
  if ((block[at] & 0xC0) == 0x80) return false;  // inside a UTF-8 sequence
  return !(block[at] == '\n' && block[at - 1] == '\r');
}

// The best place to cut in (earliest, end].
std::size_t cut_near(ByteView block, std::size_t earliest, std::size_t end) noexcept {
  for (std::size_t at = end; at > earliest; --at) {
    if (block[at - 1] == '\n') return at;
  }
  for (std::size_t at = end; at > earliest; --at) {
    if (block[at] == ' ') return at;
  }
  for (std::size_t at = end; at > earliest && end - at < 4; --at) {
    if (is_boundary(block, at)) return at;
  }
  return end;
}

}  // namespace

std::vector<ByteView> cut_pieces(ByteView block, std::size_t target) {
  std::vector<ByteView> out;
  const std::size_t n = (block.size() + target - 1) / target;
  std::size_t begin = 0;
  for (std::size_t k = 1; k <= n; ++k) {
    const std::size_t even = block.size() * k / n;  // < 2^23 * 2^13
    const std::size_t end = k == n ? block.size() : cut_near(block, even - block.size() / n / 8, even);
    if (end > begin) out.push_back(block.subspan(begin, end - begin));
    begin = end;
  }
  return out;
}

std::size_t piece_bytes(std::size_t block, std::uint32_t segments, std::size_t level_bytes) noexcept {
  if (segments == 0) return level_bytes;
  return std::max((block + segments - 1) / segments, kMinPiece);
}

Result<std::vector<CodedSegment>> plan_block(ByteView block, const PlanSetup& setup, Progress& progress) {
  if (!setup.coders) return code_run(block, setup, progress);
  const std::size_t numbered = setup.coders->numbered().size();
  std::vector<Piece> pieces;
  for (ByteView raw : cut_pieces(block, setup.segment_bytes)) pieces.emplace_back().raw = raw;
  KOAN_TRY(choose(pieces, setup, progress));

  std::vector<CodedSegment> out;
  for (std::size_t i = 0; i < pieces.size();) {
    std::size_t end = i;
    while (end < pieces.size() && !pieces[end].use_model) ++end;
    if (end > i) KOAN_TRY(append_run(std::span(pieces).subspan(i, end - i), setup, progress, out));
    if (end < pieces.size()) out.push_back(model_segment(pieces[end++], *setup.coders));
    i = end;
  }
  // Far repetitions inside a block can make one general-purpose segment the best choice even for text.
  const bool has_model = std::any_of(pieces.begin(), pieces.end(), [](const Piece& p) { return p.use_model; });
  if (has_model && pieces.size() > 1 &&
      kClearWin * static_cast<double>(fast_size(block)) < static_cast<double>(coded_total(out))) {
    KOAN_ASSIGN(GeneralCoded whole, general_encode(block));
    if (whole.coded.size() + kRecordCost < coded_total(out)) {
      out.clear();
      setup.coders->forget_from(numbered);
      out.push_back(general_segment(block, std::move(whole)));
    }
  }
  return out;
}

}  // namespace koan
