#include "codec/message.h"

#include "codec/general.h"
#include "text/line_ends.h"

namespace koan {

Result<CodedMessage> encode_message(ByteView raw, TokenCoder& coder, const std::array<std::uint8_t, 2>& id,
                                    Progress& progress) {
  MessageHead head;
  head.raw_bytes = raw.size();
  Bytes lf;
  ByteView text = raw;
  if (auto transformed = crlf_to_lf(raw)) {
    head.transform = Transform::kCrlf;
    lf = std::move(*transformed);
    text = lf;
  }
  head.text_bytes = text.size();
  CodedMessage out;
  Bytes payload(text.begin(), text.end());
  if (!text.empty()) {
    KOAN_ASSIGN(GeneralCoded general, general_encode(text));
    // Both general methods pay one or two bytes for their length where stored pays none, the model two for its id.
    if (general.coded.size() + 2 < text.size()) {
      head.method = general.method;
      payload = std::move(general.coded);
    }
    EncodeJob job;
    job.text = text;
    KOAN_TRY(coder.encode(std::span(&job, 1), progress));
    if (job.coded.size() + 2 < payload.size()) {
      head.method = Method::kModel;
      payload = std::move(job.coded);
      out.tokens = job.tokens;
      out.ideal_bits = job.ideal_bits;
    }
  }
  head.coded_bytes = payload.size();
  head.model_id = id;
  out.method = head.method;
  out.coded_bytes = payload.size();
  append_message_head(out.bytes, head);
  append_bytes(out.bytes, payload);
  const std::uint32_t check = message_check(out.bytes, raw);
  for (int i = 0; i < 3; ++i) out.bytes.push_back(static_cast<std::uint8_t>(check >> (8 * i)));
  return out;
}

namespace {

// What follows the head, with one coder (null: a method that needs none).
Result<DecodedMessage> decode_with(ByteView data, const MessageHead& head, std::size_t head_bytes, TokenCoder* coder,
                                   Progress& progress) {
  ByteReader in(data);
  KOAN_TRY(in.take(head_bytes));
  DecodedMessage out;
  out.method = head.method;
  Bytes text;
  if (coder) {
    DecodeJob job;
    job.coded = data.subspan(head_bytes);
    job.text_bytes = head.text_bytes;
    KOAN_TRY(coder->decode(std::span(&job, 1), progress));
    if (job.damaged) return Error{ErrorCode::kCorrupt, "message is damaged"};
    text = std::move(job.text);
    out.tokens = job.tokens;
    KOAN_TRY(in.take(job.consumed));
  } else {
    KOAN_ASSIGN(ByteView coded, in.take(head.coded_bytes));
    KOAN_ASSIGN(text, general_decode(head.method, coded, head.text_bytes));
  }
  out.raw = head.transform == Transform::kCrlf ? lf_to_crlf(text) : std::move(text);
  if (out.raw.size() != head.raw_bytes) return Error{ErrorCode::kCorrupt, "message is damaged: another length"};
  const std::uint32_t check = message_check(data.first(in.position()), out.raw);
  KOAN_ASSIGN(ByteView stored, in.take(3));
  if ((stored[0] | stored[1] << 8 | stored[2] << 16) != static_cast<int>(check)) {
    return Error{ErrorCode::kCorrupt, "message is damaged: checksum does not match"};
  }
  out.part_bytes = in.position();
  return out;
}

}  // namespace

Result<DecodedMessage> decode_message(ByteView data, const MessageCoderFn& coder_for, Progress& progress) {
  ByteReader in(data);
  KOAN_ASSIGN(const MessageHead head, parse_message_head(in));
  if (head.method != Method::kModel) return decode_with(data, head, in.position(), nullptr, progress);
  std::optional<Error> damage;
  for (std::size_t attempt = 0;; ++attempt) {
    auto coder = coder_for(head.model_id, attempt);
    if (!coder && damage) return *std::move(damage);
    if (!coder) return std::move(coder).error();
    auto message = decode_with(data, head, in.position(), *coder, progress);
    if (message || message.error().code != ErrorCode::kCorrupt) return message;
    if (!damage) damage = std::move(message).error();
  }
}

}  // namespace koan
