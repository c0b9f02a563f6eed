#include "codec/record_encode.h"

#include <algorithm>

#include "codec/general.h"
#include "codec/parallel.h"

namespace koan {
namespace {

constexpr std::size_t kSegmentsPerBlock = 4;  // the skeleton is a part of the lines, and it gains by being long
constexpr std::size_t kMinBlock = std::size_t{64} << 10;
// The model is not tried on the rest of a skeleton when its first piece is so much worse than the general methods.
constexpr double kSkeletonHopeless = 1.3;

// A block on its way.
struct Block {
  ByteView raw;
  SplitLines split;
  std::vector<Bytes> contexts;        // of the records
  std::vector<RoutedJob> jobs;        // of the records; an empty text has no job to do
  GeneralCoded skeleton;              // by a general method
  std::vector<RoutedJob> pieces;      // of the skeleton, by the model
  bool skeleton_by_model = false;
};

// Blocks end with the line in which they reach the target, and have at most kMaxBlockLines.
std::vector<ByteView> cut_lines(ByteView lines, std::size_t target) {
  std::vector<ByteView> out;
  std::size_t begin = 0, n = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool last = i + 1 == lines.size();
    if (lines[i] != '\n' && !last) continue;
    if (++n < kMaxBlockLines && i + 1 - begin < target && !last) continue;
    out.push_back(lines.subspan(begin, i + 1 - begin));
    begin = i + 1;
    n = 0;
  }
  return out;
}

Status prepare(Block& block, const RecordFields& fields, ByteView context) {
  block.split = split_lines(block.raw, fields);
  if (block.split.texts.empty()) return {};
  for (const SkeletonLine& line : skeleton_lines(block.split.skeleton, fields)) {
    if (line.record) block.contexts.push_back(record_context(line, fields));
  }
  block.jobs.resize(block.split.texts.size());
  for (std::size_t i = 0; i < block.jobs.size(); ++i) {
    block.jobs[i].job.text = block.split.texts[i].text;
    block.jobs[i].job.context = ByteView(block.contexts[i]);
  }
  KOAN_ASSIGN(block.skeleton, segment_encode(block.split.skeleton, context));
  return {};
}

// The skeleton's pieces, the first of each to see whether the others are worth it.
Status code_skeletons(std::vector<Block>& blocks, std::size_t piece_bytes, ModelCoders& coders, Progress& progress) {
  std::vector<RoutedJob*> first, rest;
  for (Block& block : blocks) {
    const ByteView skeleton(block.split.skeleton);
    if (block.jobs.empty()) continue;
    block.pieces.resize((skeleton.size() + piece_bytes - 1) / piece_bytes);
    for (std::size_t i = 0; i < block.pieces.size(); ++i) {
      const std::size_t begin = i * piece_bytes;
      block.pieces[i].job.text = skeleton.subspan(begin, std::min(piece_bytes, skeleton.size() - begin));
    }
    first.push_back(&block.pieces[0]);
  }
  KOAN_TRY(coders.encode(first, progress));
  for (Block& block : blocks) {
    if (block.jobs.empty()) continue;
    const EncodeJob& probe = block.pieces[0].job;
    const double general =
        static_cast<double>(block.skeleton.coded.size()) / static_cast<double>(block.split.skeleton.size());
    block.skeleton_by_model =
        static_cast<double>(probe.coded.size()) <= kSkeletonHopeless * general * static_cast<double>(probe.text.size());
    for (std::size_t i = 1; block.skeleton_by_model && i < block.pieces.size(); ++i) rest.push_back(&block.pieces[i]);
  }
  KOAN_TRY(coders.encode(rest, progress));
  for (Block& block : blocks) {
    std::size_t total = 0;
    for (const RoutedJob& piece : block.pieces) {
      total += piece.job.coded.size() + 2;
      const bool allowed = piece.job.text.size() <= kMaxModelRatio * piece.job.coded.size();
      block.skeleton_by_model = block.skeleton_by_model && allowed;
    }
    block.skeleton_by_model = block.skeleton_by_model && total < block.skeleton.coded.size();
  }
  return {};
}

Status code_records(std::vector<Block>& blocks, ModelCoders& coders, Progress& progress) {
  std::vector<RoutedJob*> jobs;
  for (Block& block : blocks) {
    for (RoutedJob& job : block.jobs) {
      if (!job.job.text.empty()) jobs.push_back(&job);
    }
  }
  KOAN_TRY(coders.choose(jobs, progress));
  return coders.encode(jobs, progress);
}

// Nothing if a text repeats so much that the format refuses it (LZMA does as well there), or the block came out larger
// than it may.
std::optional<CodedSegment> finish(Block& block, const RecordFields& fields, std::size_t piece_bytes,
                                   ModelCoders& coders) {
  CodedSegment out;
  out.raw = block.raw;
  std::vector<RecordEntry> entries;
  std::vector<Bytes> streams;
  for (std::size_t i = 0; i < block.jobs.size(); ++i) {
    const JsonText& text = block.split.texts[i];
    RoutedJob& job = block.jobs[i];
    RecordEntry entry{text.style, kCoderStored, static_cast<std::uint32_t>(text.text.size()),
                      static_cast<std::uint32_t>(text.text.size())};
    if (job.done && job.job.coded.size() < text.text.size()) {
      if (text.text.size() > kMaxModelRatio * job.job.coded.size()) return std::nullopt;
      entry.coder = job.offer ? static_cast<std::uint8_t>(kCoderAdapter + coders.number_of(*job.offer)) : kCoderModel;
      entry.coded_bytes = static_cast<std::uint32_t>(job.job.coded.size());
      streams.push_back(std::move(job.job.coded));
      out.tokens += job.job.tokens;
      out.ideal_bits += job.job.ideal_bits;
      out.model_raw_bytes += text.text.size();
    } else {
      streams.push_back(text.text);
    }
    entries.push_back(entry);
  }
  std::vector<Bytes> skeleton;
  for (RoutedJob& piece : block.pieces) {
    if (!block.skeleton_by_model) break;
    out.tokens += piece.job.tokens;
    out.ideal_bits += piece.job.ideal_bits;
    out.model_raw_bytes += piece.job.text.size();
    skeleton.push_back(std::move(piece.job.coded));
  }
  if (!block.skeleton_by_model) skeleton.push_back(std::move(block.skeleton.coded));
  const Method method = block.skeleton_by_model ? Method::kModel : block.skeleton.method;
  out.coded = write_record_payload(
      {block.split.lines, block.split.unfinished, fields, block.split.skeleton.size(), method, piece_bytes, skeleton, entries}, streams);
  out.head = {Method::kRecords, Transform::kNone, block.raw.size(), block.raw.size(), out.coded.size(), 0};
  if (out.coded.size() > block.raw.size() + kCodedSlack) return std::nullopt;
  return out;
}

}  // namespace

std::size_t record_block_bytes(std::size_t segment_bytes) noexcept {
  return std::clamp(segment_bytes * kSegmentsPerBlock, kMinBlock, kMaxBlock);
}

Result<std::vector<CodedSegment>> plan_records(ByteView lines, const RecordFields& fields, const PlanSetup& setup,
                                               std::uint64_t& records, Progress& progress) {
  std::vector<Block> blocks;
  for (const ByteView raw : cut_lines(lines, record_block_bytes(setup.segment_bytes))) blocks.emplace_back().raw = raw;
  KOAN_TRY(for_each_index(blocks.size(), setup.threads, progress,
                          [&](std::size_t i) { return prepare(blocks[i], fields, setup.context); }));
  KOAN_TRY(code_skeletons(blocks, setup.segment_bytes, *setup.coders, progress));
  KOAN_TRY(code_records(blocks, *setup.coders, progress));
  std::vector<CodedSegment> out;
  for (Block& block : blocks) {
    const std::size_t numbered = setup.coders->numbered().size();
    auto segment = block.jobs.empty() ? std::nullopt : finish(block, fields, setup.segment_bytes, *setup.coders);
    if (segment) {
      records += block.jobs.size();
      out.push_back(std::move(*segment));
      continue;
    }
    setup.coders->forget_from(numbered);
    KOAN_ASSIGN(std::vector<CodedSegment> plain, plan_block(block.raw, setup, progress));
    std::move(plain.begin(), plain.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace koan
