#include "codec/record_decode.h"

#include <algorithm>
#include <map>

#include "codec/general.h"
#include "codec/parallel.h"

namespace koan {
namespace {

Error corrupt(const char* what) { return {ErrorCode::kCorrupt, std::string("records: ") + what}; }

struct Record {
  std::size_t line;  // in lines
  RecordEntry entry;
  ByteView stream;
  Bytes context;
  Bytes text;
};

struct Block {
  RecordBlockJob* job;
  RecordHead head;
  Bytes skeleton;
  std::vector<SkeletonLine> lines;
  std::vector<Record> records;  // all of the block
};

// A stream with the place that its text goes to.
struct Task {
  Block* block;
  Bytes* text;
  DecodeJob job;
};

bool failed(const Block& block) noexcept { return !block.job->raw; }
void fail(Block& block, Error error) { block.job->raw = std::move(error); }

// Runs tasks that belong to one coder.
Status run(std::vector<Task>& tasks, TokenCoder& coder, Progress& progress) {
  std::vector<DecodeJob> jobs;
  for (Task& task : tasks) jobs.push_back(task.job);
  KOAN_TRY(coder.decode(jobs, progress));
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    tasks[i].block->job->tokens += jobs[i].tokens;
    if (jobs[i].damaged || jobs[i].consumed != tasks[i].job.coded.size()) {
      fail(*tasks[i].block, corrupt("model-coded data is damaged"));
    } else {
      *tasks[i].text = std::move(jobs[i].text);
    }
  }
  return {};
}

// Those of the general methods, of which context mixing is slow enough to be worth all threads.
Status decode_general_skeletons(std::vector<Block>& blocks, const RecordDecodeSetup& setup, Progress& progress) {
  return for_each_index(blocks.size(), setup.threads, progress, [&](std::size_t i) -> Status {
    Block& block = blocks[i];
    if (failed(block) || block.head.skeleton_method == Method::kModel) return {};
    auto text = general_decode(block.head.skeleton_method, block.head.skeleton_coded[0], block.head.skeleton_bytes,
                               setup.context);
    if (text) {
      block.skeleton = std::move(*text);
    } else {
      fail(block, std::move(text).error());
    }
    return {};
  });
}

Status decode_skeletons(std::vector<Block>& blocks, const RecordDecodeSetup& setup, Progress& progress) {
  struct Pieces {
    Block* block;
    std::vector<Bytes> texts;
  };
  KOAN_TRY(decode_general_skeletons(blocks, setup, progress));
  std::vector<Pieces> by_model;
  std::vector<Task> tasks;
  for (Block& block : blocks) {
    if (failed(block)) continue;
    if (block.head.skeleton_method != Method::kModel) continue;
    by_model.push_back({&block, std::vector<Bytes>(block.head.skeleton_coded.size())});
  }
  for (Pieces& pieces : by_model) {
    for (std::size_t i = 0; i < pieces.texts.size(); ++i) {
      DecodeJob job;
      job.coded = pieces.block->head.skeleton_coded[i];
      job.text_bytes = std::min(pieces.block->head.skeleton_piece,
                                pieces.block->head.skeleton_bytes - i * pieces.block->head.skeleton_piece);
      tasks.push_back({pieces.block, &pieces.texts[i], job});
    }
  }
  if (!tasks.empty()) {
    KOAN_ASSIGN(TokenCoder * coder, setup.coder(nullptr));
    KOAN_TRY(run(tasks, *coder, progress));
  }
  for (Pieces& pieces : by_model) {
    for (const Bytes& text : pieces.texts) append_bytes(pieces.block->skeleton, text);
  }
  return {};
}

// Lines, table and streams of a block whose skeleton is there.
Status lay_out(Block& block) {
  RecordHead& head = block.head;
  // Counted first: a hostile skeleton has more lines than may be kept.
  if (count_lines(block.skeleton) != head.lines || head.unfinished != (block.skeleton.back() != '\n'))
    return corrupt("another number of lines than recorded");
  block.lines = skeleton_lines(block.skeleton, head.fields);
  std::size_t n = 0;
  for (const SkeletonLine& line : block.lines) {
    if (line.is_filled) return corrupt("a record's place is taken");
    n += line.record ? 1 : 0;
  }
  const ByteView streams = block.job->payload.subspan(head.streams_at);
  KOAN_ASSIGN(const std::vector<RecordEntry> entries,
              decode_record_table(head.table, {n, block.job->raw_bytes, streams.size(), block.job->adapters}));
  std::size_t at = 0, record = 0;
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    if (!block.lines[i].record) continue;
    const RecordEntry& entry = entries[record++];
    block.records.push_back({i, entry, streams.subspan(at, entry.coded_bytes), {}, {}});
    at += entry.coded_bytes;
  }
  return {};
}

bool is_wanted(const Block& block, const Record& record) noexcept {
  return record.line >= block.job->first && record.line < block.job->end;
}

Status decode_texts(std::vector<Block>& blocks, const RecordDecodeSetup& setup, Progress& progress) {
  std::map<std::uint8_t, std::vector<Task>> tasks;  // by coder
  for (Block& block : blocks) {
    if (failed(block)) continue;
    for (Record& record : block.records) {
      if (!is_wanted(block, record)) continue;
      ++block.job->records;
      if (record.entry.coder == kCoderStored) {
        record.text.assign(record.stream.begin(), record.stream.end());
        continue;
      }
      record.context = record_context(block.lines[record.line], block.head.fields);
      DecodeJob job;
      job.coded = record.stream;
      job.text_bytes = record.entry.text_bytes;
      job.context = ByteView(record.context);
      tasks[record.entry.coder].push_back({&block, &record.text, job});
    }
  }
  for (auto& [coder, group] : tasks) {
    const Sha256* adapter = coder == kCoderModel ? nullptr : &setup.adapters[coder - kCoderAdapter];
    KOAN_ASSIGN(TokenCoder * found, setup.coder(adapter));
    KOAN_TRY(run(group, *found, progress));
  }
  return {};
}

Status assemble(Block& block) {
  Bytes out;
  auto record = block.records.begin();
  const std::uint64_t end = std::min<std::uint64_t>(block.lines.size(), block.job->end);
  while (record != block.records.end() && record->line < block.job->first) ++record;
  for (std::uint64_t i = block.job->first; i < end; ++i) {
    const SkeletonLine& line = block.lines[i];
    if (line.record) {
      KOAN_TRY(append_line(out, line, record->entry.style, record->text));
      ++record;
    } else {
      append_bytes(out, line.line);
    }
    if (out.size() > block.job->raw_bytes) return corrupt("longer than recorded");
  }
  block.job->raw = std::move(out);
  return {};
}

Block open(RecordBlockJob& job) {
  Block out{};
  out.job = &job;
  auto head = parse_record_head(job.payload, job.raw_bytes);
  if (!head) {
    fail(out, std::move(head).error());
  } else {
    out.head = std::move(*head);
  }
  return out;
}

}  // namespace

Status decode_record_blocks(std::span<RecordBlockJob> jobs, const RecordDecodeSetup& setup, Progress& progress) {
  std::vector<Block> blocks;
  for (RecordBlockJob& job : jobs) blocks.push_back(open(job));
  const auto each = [&](auto step) {
    for (Block& block : blocks) {
      if (failed(block)) continue;
      if (Status done = step(block); !done) fail(block, std::move(done).error());
    }
  };
  KOAN_TRY(decode_skeletons(blocks, setup, progress));
  each([](Block& block) { return lay_out(block); });
  KOAN_TRY(decode_texts(blocks, setup, progress));
  each([](Block& block) { return assemble(block); });
  return {};
}

Result<RecordCosts> record_costs(RecordBlockJob& job, const RecordDecodeSetup& setup, Progress& progress) {
  std::vector<Block> blocks;
  blocks.push_back(open(job));
  KOAN_TRY(decode_skeletons(blocks, setup, progress));
  if (!failed(blocks[0])) KOAN_TRY(lay_out(blocks[0]));
  if (failed(blocks[0])) return std::move(job.raw).error();
  RecordCosts out;
  out.line_ends = blocks[0].head.line_ends();
  for (const Record& record : blocks[0].records) out.records.push_back({record.line, record.entry});
  return out;
}

}  // namespace koan
