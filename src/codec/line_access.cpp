#include "codec/line_access.h"

#include <algorithm>

#include "codec/part_walk.h"

namespace koan {
namespace {

// Passes on the wanted lines of what it is given.
class LineCutter {
 public:
  LineCutter(Sink& sink, const LineRange& range, CodecStats& stats) : sink_(sink), range_(range), stats_(stats) {}

  std::uint64_t line() const noexcept { return line_; }  // the one that comes next, or continues
  bool done() const noexcept { return line_ >= range_.end(); }
  const LineRange& range() const noexcept { return range_; }

  Status add(ByteView raw) {
    while (!raw.empty() && !done()) {
      const auto lf = std::find(raw.begin(), raw.end(), '\n');
      const std::size_t n = lf == raw.end() ? raw.size() : static_cast<std::size_t>(lf - raw.begin()) + 1;
      if (line_ >= range_.first) KOAN_TRY(write(raw.first(n)));
      if (lf != raw.end()) ++line_;
      raw = raw.subspan(n);
    }
    return {};
  }
  // Goes on by so many line ends, of whose lines `wanted` are those that are.
  Status pass(std::uint64_t line_ends, ByteView wanted) {
    line_ += line_ends;
    return wanted.empty() ? Status() : write(wanted);
  }

 private:
  Status write(ByteView raw) {
    stats_.raw_bytes += raw.size();
    return sink_.write(raw);
  }
  Sink& sink_;
  LineRange range_;
  CodecStats& stats_;
  std::uint64_t line_ = 0;
};

struct LineReader {
  BufferedSource in;
  CoderProvider& coders;
  Progress& progress;
  CodecStats stats = {};
  LineCutter lines;

  LineReader(Source& source, Sink& sink, CoderProvider& coder_provider, const LineRange& range, Progress& p)
      : in(source), coders(coder_provider), progress(p), lines(sink, range, stats) {}

  Result<bool> message() {
    KOAN_ASSIGN(const Bytes raw, take_message(in, coders, stats, progress));
    KOAN_TRY(lines.add(raw));
    return !lines.done();
  }

  Result<bool> frame() {
    FrameReader reader(in);
    KOAN_TRY(reader.begin());
    KOAN_ASSIGN(SegmentDecoder decoder, SegmentDecoder::create(reader, coders, stats, progress));
    while (!lines.done()) {
      KOAN_ASSIGN(std::optional<SegmentRecord> record, reader.next());
      if (!record) return true;
      if (record->head.method == Method::kRecords) {
        if (Status done = record_block(*record, decoder); !done)
          return std::move(done).error().in("segment at byte " + std::to_string(record->offset));
        continue;
      }
      std::vector<SegmentRecord> one;
      one.push_back(std::move(*record));
      KOAN_TRY(decoder.decode(one, [&](ByteView raw) { return lines.add(raw); }));
    }
    return false;
  }

  Status record_block(const SegmentRecord& record, const SegmentDecoder& decoder) {
    KOAN_ASSIGN(const RecordHead head, parse_record_head(record.coded, record.head.raw_bytes));
    const LineRange& range = lines.range();
    const std::uint64_t at = lines.line();
    if (at + head.lines <= range.first) return lines.pass(head.line_ends(), {});
    RecordBlockJob job;
    job.payload = record.coded;
    job.raw_bytes = record.head.raw_bytes;
    job.adapters = record.adapters;
    job.first = range.first > at ? range.first - at : 0;
    job.end = range.end() - at;
    KOAN_TRY(decode_record_blocks(std::span(&job, 1), decoder.record_setup(), progress));
    if (!job.raw) return std::move(job.raw).error();
    stats.tokens += job.tokens;
    stats.records += job.records;
    return lines.pass(head.line_ends(), *job.raw);
  }
};

}  // namespace

Result<CodecStats> decompress_lines(Source& source, Sink& sink, CoderProvider& coders, const LineRange& range,
                                    Progress& progress) {
  LineReader reader(source, sink, coders, range, progress);
  KOAN_TRY(walk_parts(reader.in, [&] { return reader.frame(); }, [&] { return reader.message(); }));
  if (reader.stats.raw_bytes == 0)
    return Error{ErrorCode::kUsage, "has no line " + std::to_string(range.first + 1)};
  reader.stats.coded_bytes = reader.in.position();
  return reader.stats;
}

namespace {

// Its place in the listing, where it is added if it is new.
std::uint32_t listed(std::vector<Sha256>& adapters, const Sha256& adapter) {
  const auto found = std::find(adapters.begin(), adapters.end(), adapter);
  const auto place = static_cast<std::uint32_t>(found - adapters.begin());
  if (found == adapters.end()) adapters.push_back(adapter);
  return place;
}

}  // namespace

Result<RecordListing> list_records(Source& source, CoderProvider& coders, Progress& progress) {
  BufferedSource in(source);
  RecordListing out;
  CodecStats ignored;
  std::uint64_t line = 0;
  const auto count_lines = [&](ByteView raw) -> Status {
    line += static_cast<std::uint64_t>(std::count(raw.begin(), raw.end(), '\n'));
    return {};
  };
  const auto frame = [&]() -> Result<bool> {
    FrameReader reader(in);
    KOAN_TRY(reader.begin());
    KOAN_ASSIGN(SegmentDecoder decoder, SegmentDecoder::create(reader, coders, ignored, progress));
    for (;;) {
      KOAN_ASSIGN(std::optional<SegmentRecord> record, reader.next());
      if (!record) return true;
      if (record->head.method != Method::kRecords) {
        std::vector<SegmentRecord> one;
        one.push_back(std::move(*record));
        KOAN_TRY(decoder.decode(one, count_lines));
        continue;
      }
      RecordBlockJob job;
      job.payload = record->coded;
      job.raw_bytes = record->head.raw_bytes;
      job.adapters = record->adapters;
      KOAN_ASSIGN(const RecordCosts costs, record_costs(job, decoder.record_setup(), progress));
      for (const RecordCost& cost : costs.records) {
        const RecordEntry& e = cost.entry;
        RecordInfo info{line + cost.line, e.text_bytes, e.coded_bytes, 0, e.coder == kCoderStored};
        if (e.coder >= kCoderAdapter) info.adapter = 1 + listed(out.adapters, reader.adapters()[e.coder - kCoderAdapter]);
        out.records.push_back(info);
      }
      line += costs.line_ends;
      out.block_bytes += record->coded.size();
      KOAN_ASSIGN(const RecordHead head, parse_record_head(record->coded, record->head.raw_bytes));
      for (const ByteView piece : head.skeleton_coded) out.skeleton_bytes += piece.size();
    }
  };
  const auto message = [&]() -> Result<bool> {
    KOAN_ASSIGN(const Bytes raw, take_message(in, coders, ignored, progress));
    KOAN_TRY(count_lines(raw));
    return true;
  };
  KOAN_TRY(walk_parts(in, frame, message));
  return out;
}

}  // namespace koan
