// Decompression of arbitrary bytes with a small model. Bytes that do not begin like a .koan file are a recipe for a
// frame instead: its check values are right, so that the fuzzer gets behind them.
#include "codec/general.h"
#include "codec/inspect.h"
#include "codec/record_block.h"
#include "codec/test_frame.h"
#include "fuzz.h"
#include "text/line_ends.h"

namespace koan::fuzz {
namespace {

constexpr std::uint64_t kMaxModelText = 512, kMaxMixedText = 4096, kMaxText = std::uint64_t{1} << 20;  // milliseconds
constexpr std::string_view kContext = "What the fuzzer said before, and says again: what the fuzzer said before.";

// Zeros when the recipe has ended.
std::uint64_t number(ByteReader& in, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    const auto byte = in.fixed<std::uint8_t>();
    value = value << 8 | (byte ? *byte : 0);
  }
  return value;
}

void add_model(TestFrame& frame, ByteReader& in) {
  const std::shared_ptr<const Model>& model = tiny_codec().store().default_model();
  ModelRef ref = model_ref(*model, default_window(model->config()));
  if (number(in, 1) % 2 == 1) {
    ref.window = kMinWindow + static_cast<std::uint32_t>(number(in, 2) % (kMaxWindow - kMinWindow + 1));
    ref.sinks = static_cast<std::uint32_t>(number(in, 1) % (kMaxSinks + 1));
  }
  frame.model(ref);
}

// One that is known, or one that is not.
void add_adapter(TestFrame& frame, ByteReader& in) {
  const bool known = number(in, 1) % 4 != 3;
  frame.adapter(known ? tiny_codec().store().adapters()[0]->sha256 : sha256(as_bytes("unknown")));
}

// Lines with a record and without, with a context, and with what does not fit the grammar.
std::string lines_of(ByteReader& in) {
  static constexpr std::string_view kPieces[] = {
      "{\"r\": \"",  "\"}",  "\n",         "\", \"p\": \"", "{\"p\": [1, \"x\"], \"r\":\"",
      "said before", "\\n",  "\\u00e9",    "\r\n",          "{}",
      "\\",          "\xFF", "{\"r\": 1}", "{\"r\": [\"",   "said again ",
      "\""};
  std::string out;
  for (std::uint64_t n = number(in, 1) % 48; n > 0; --n) out += kPieces[number(in, 1) % std::size(kPieces)];
  return out;
}

// A block as koan writes one, with some streams and some bytes from the recipe. The hash in front of it is made right
// again, so that the fuzzer gets behind that too.
void add_records(TestFrame& frame, ByteReader& in) {
  const std::uint64_t how = number(in, 1);
  const std::string lines = lines_of(in);
  if (lines.empty()) return;
  const RecordFields fields{"r", how & 1 ? "p" : ""};
  const SplitLines split = split_lines(as_bytes(lines), fields);
  std::vector<RecordEntry> entries;
  std::vector<Bytes> streams;
  for (const JsonText& text : split.texts) {
    const auto length = static_cast<std::uint32_t>(text.text.size());
    RecordEntry& entry = entries.emplace_back(RecordEntry{text.style, kCoderStored, length, length});
    streams.push_back(text.text);
    const std::uint64_t coder = how & 2 ? number(in, 1) : 0;
    if (coder % 4 == 0) continue;
    entry.coder = static_cast<std::uint8_t>(coder % 4);  // the model, or an adapter that the frame has or has not
    const ByteView stream = in.take(std::min<std::size_t>(coder / 4 % 16, in.remaining())).value();
    streams.back().assign(stream.begin(), stream.end());
    entry.coded_bytes = static_cast<std::uint32_t>(stream.size());
  }
  std::vector<Bytes> skeleton = {split.skeleton};
  Method method = Method::kStored;
  if (const auto mixed = how & 4 ? cm_if_smaller(split.skeleton, {}) : std::nullopt) {
    method = Method::kCm;
    skeleton[0] = mixed->coded;
  }
  Bytes payload = write_record_payload(
      {split.lines, split.unfinished, fields, split.skeleton.size(), method, 0, skeleton, entries}, streams);
  for (std::uint64_t edits = how >> 4 & 3; edits > 0; --edits)
    payload[8 + number(in, 2) % (payload.size() - 8)] = static_cast<std::uint8_t>(number(in, 1));
  if (how & 64) payload.resize(8 + number(in, 2) % (payload.size() - 7));
  Bytes hash;
  append_fixed<std::uint64_t>(hash, xxh3_64(ByteView(payload).subspan(8)));
  std::copy(hash.begin(), hash.end(), payload.begin());
  const std::uint64_t raw_bytes = how & 128 ? number(in, 2) : lines.size();
  frame.segment({Method::kRecords, Transform::kNone, raw_bytes, raw_bytes, payload.size(), 0}, payload,
                as_bytes(lines));
}

// What the segment decodes to where that can be known, so that its check value is right.
void add_segment(TestFrame& frame, std::uint64_t op, ByteReader& in, ByteView context) {
  SegmentHead head;
  head.method = op & 128 ? Method::kCm : static_cast<Method>(op & 3);
  if ((op & 0x43) == 0x43) head.method = Method::kAdapter;
  head.transform = static_cast<Transform>(op >> 2 & 1);
  head.raw_bytes = head.text_bytes = number(in, op & 8 ? 4 : 2);
  if (head.transform != Transform::kNone) head.text_bytes = number(in, 2);
  const std::uint64_t want = number(in, 2);
  ByteView coded = in.take(std::min<std::uint64_t>(want, in.remaining())).value();
  // Text instead of coded bytes: a stream that every version of context mixing reads.
  std::optional<GeneralCoded> mixed;
  if ((op & 129) == 129 && coded.size() <= kMaxMixedText) mixed = cm_if_smaller(coded, context);
  if (mixed) {
    head.text_bytes = coded.size();
    if (head.transform == Transform::kNone) head.raw_bytes = coded.size();
    coded = mixed->coded;
  }
  head.coded_bytes = op & 16 ? want : coded.size();
  Bytes raw;
  if (head.method != Method::kModel && head.method != Method::kAdapter &&
      head.text_bytes <= (op & 128 ? kMaxMixedText : kMaxText)) {
    if (auto text = general_decode(head.method, coded, head.text_bytes, context)) raw = std::move(*text);
    if (head.transform == Transform::kCrlf) raw = lf_to_crlf(raw);
    if (!(op & 32) && !raw.empty()) head.raw_bytes = raw.size();
  }
  frame.segment(head, coded, raw);
}

Bytes frame_from_recipe(ByteView recipe) {
  ByteReader in(recipe);
  const std::uint64_t first = number(in, 1);
  // 0xD0..: with the context that is there, 0xE0..: with another. 0xB.: that would be a message.
  std::optional<ContextRef> named;
  if (first >= 0xD0) named = ContextRef{kContext.size() + (first >= 0xE0 ? 1u : 0u), xxh3_128(as_bytes(kContext))};
  const ByteView context = named ? as_bytes(kContext) : ByteView();
  TestFrame frame(kMinSegmentLog + static_cast<std::uint32_t>(first % (kMaxSegmentLog - kMinSegmentLog + 1)), named);
  for (int records = 0; in.remaining() > 0 && records < 8; ++records) {
    const std::uint64_t op = number(in, 1);
    if (op >= 0xF0)
      add_records(frame, in);
    else if (op >= 0xE0)
      add_adapter(frame, in);
    else if (op >= 0xC0)
      add_model(frame, in);
    else
      add_segment(frame, op, in, context);
  }
  return frame.end();
}

// Whether decoding costs little, by what the file says of itself: segments come in order, so that those before an error
// count too.
bool is_cheap(ByteView file) {
  MemorySource source(file);
  std::uint64_t model_text = 0, mixed_text = 0, text = 0;
  const Status ignored = inspect(
      source, [](const PartInfo&) {},
      [&](const SegmentInfo& s) {
        text += s.head.text_bytes;
        if (s.head.method == Method::kModel || s.head.method == Method::kAdapter || s.head.method == Method::kRecords)
          model_text += s.head.text_bytes;
        if (s.head.method == Method::kCm) mixed_text += s.head.text_bytes;
      });
  (void)ignored;
  return model_text <= kMaxModelText && mixed_text <= kMaxMixedText && text <= kMaxText;
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  if (size == 0) return 0;
  const ByteView bytes(data, size);
  Bytes made;
  if (!is_frame_start(bytes[0]) && (bytes[0] & 0xF0) != 0xB0) made = fuzz::frame_from_recipe(bytes);
  const ByteView file = made.empty() ? bytes : ByteView(made);
  if (!fuzz::is_cheap(file)) return 0;
  MemorySource source(file);
  MemorySink sink;
  CodecOptions options;
  options.streams = 3;
  options.context = as_bytes(fuzz::kContext);
  const auto result = fuzz::tiny_codec().decompress(options, source, sink);
  if (result) {
    fuzz::require(result->raw_bytes == sink.bytes.size() && result->coded_bytes == file.size(),
                  "the statistics of a good file");
  } else {
    const ErrorCode code = result.error().code;
    fuzz::require(code == ErrorCode::kCorrupt || code == ErrorCode::kNeedsModel || code == ErrorCode::kNeedsVersion ||
                      code == ErrorCode::kNeedsContext || code == ErrorCode::kNeedsAdapter,
                  "an error of the file");
  }
  return 0;
}
