#include "codec/segment_decoder.h"

#include <map>

#include "codec/compressor.h"
#include "codec/general.h"
#include "codec/parallel.h"
#include "text/line_ends.h"

namespace koan {

Result<SegmentDecoder> SegmentDecoder::create(const FrameReader& reader, CoderProvider& coders, CodecStats& stats,
                                              Progress& progress) {
  SegmentDecoder out(reader, coders, stats, progress);
  if (reader.context()) {
    KOAN_ASSIGN(out.context_, coders.context_for(*reader.context()));
  }
  return out;
}

DecodeCoderFn SegmentDecoder::coder_fn() const {
  return [this](const Sha256* adapter) {
    return coders_.coder_for(*reader_.model(), !context_.empty(), adapter);
  };
}

RecordDecodeSetup SegmentDecoder::record_setup() const { 
  return {reader_.adapters(), coder_fn(), context_, coders_.threads()};
}

Status SegmentDecoder::decode(const std::vector<SegmentRecord>& batch, const RawFn& on_raw) {
  Texts texts(batch.size());
  KOAN_TRY(decode_by_model(batch, texts));
  KOAN_TRY(decode_records(batch, texts));
  KOAN_TRY(decode_mixed(batch, texts));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (progress_.cancelled()) return Error{ErrorCode::kCancelled, "stopped"};
    KOAN_TRY(finish(batch[i], texts[i] ? *std::move(texts[i]) : general_text(batch[i]), on_raw));
  }
  return {};
}

// Segments of the methods model and adapter, those of one adapter together.
Status SegmentDecoder::decode_by_model(const std::vector<SegmentRecord>& batch, Texts& texts) {
  std::map<std::optional<std::uint64_t>, std::vector<std::size_t>> groups;  // by adapter; without one first
  std::vector<DecodeJob> all(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const SegmentRecord& r = batch[i];
    if (r.head.method != Method::kModel && r.head.method != Method::kAdapter) continue;
    ByteReader in(r.coded);
    std::optional<std::uint64_t> adapter;
    if (r.head.method == Method::kAdapter) {
      auto number = in.varint();
      if (!number || *number >= r.adapters) {
        texts[i] = Error{ErrorCode::kCorrupt, "names an adapter that the frame does not"};
        continue;
      }
      adapter = *number;
    }
    all[i].coded = ByteView(r.coded).subspan(in.position());
    all[i].text_bytes = r.head.text_bytes;
    groups[adapter].push_back(i);
  }
  for (const auto& [adapter, members] : groups) {
    std::vector<DecodeJob> jobs;
    for (const std::size_t i : members) jobs.push_back(all[i]);
    KOAN_ASSIGN(TokenCoder * coder, coder_fn()(adapter ? &reader_.adapters()[*adapter] : nullptr));
    KOAN_TRY(coder->decode(jobs, progress_));
    for (std::size_t j = 0; j < jobs.size(); ++j) texts[members[j]] = model_text(batch[members[j]], jobs[j]);
  }
  return {};
}

Status SegmentDecoder::decode_records(const std::vector<SegmentRecord>& batch, Texts& texts) {
  std::vector<RecordBlockJob> jobs;
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].head.method != Method::kRecords) continue;
    RecordBlockJob& job = jobs.emplace_back();
    job.payload = batch[i].coded;
    job.raw_bytes = batch[i].head.raw_bytes;
    job.adapters = batch[i].adapters;
    members.push_back(i);
  }
  if (jobs.empty()) return {};
  KOAN_TRY(decode_record_blocks(jobs, record_setup(), progress_));
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    stats_.tokens += jobs[j].tokens;
    stats_.records += jobs[j].records;
    ++stats_.model_segments;
    texts[members[j]] = std::move(jobs[j].raw);
  }
  return {};
}

// Context mixing is the one general method that is slow enough to be worth all threads.
Status SegmentDecoder::decode_mixed(const std::vector<SegmentRecord>& batch, Texts& texts) {
  return for_each_index(batch.size(), coders_.threads(), progress_, [&](std::size_t i) -> Status {
    if (batch[i].head.method == Method::kCm) texts[i] = general_text(batch[i]);
    return {};
  });
}

Result<Bytes> SegmentDecoder::general_text(const SegmentRecord& r) {
  auto text = general_decode(r.head.method, r.coded, r.head.text_bytes, context_);
  if (text) progress_.done(text->size());
  return text;
}

Result<Bytes> SegmentDecoder::model_text(const SegmentRecord& r, DecodeJob& job) {
  if (job.damaged || job.consumed != job.coded.size()) {
    return Error{ErrorCode::kCorrupt, "model-coded data is damaged"};
  }
  stats_.tokens += job.tokens;
  ++stats_.model_segments;
  stats_.model_raw_bytes += r.head.raw_bytes;
  stats_.model_coded_bytes += r.head.coded_bytes;
  return std::move(job.text);
}

Status SegmentDecoder::finish(const SegmentRecord& r, Result<Bytes> decoded, const RawFn& on_raw) {
  const std::string where = "segment at byte " + std::to_string(r.offset);
  const auto damaged = [&](const char* what) { return Error{ErrorCode::kCorrupt, what}.in(where); };
  if (!decoded) return std::move(decoded).error().in(where);
  Bytes text = std::move(*decoded);
  progress_.tick();
  if (r.head.transform == Transform::kCrlf) text = lf_to_crlf(text);
  if (text.size() != r.head.raw_bytes) return damaged("another length than recorded");
  if (segment_check(r.head_bytes, r.coded, text) != r.head.check) return damaged("checksum does not match");
  ++stats_.segments;
  return on_raw(text);
}

}  // namespace koan
