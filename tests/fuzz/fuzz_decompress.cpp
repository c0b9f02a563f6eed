// Decompression of arbitrary bytes with a small model. Bytes that do not begin like a .koan file are a recipe for a
// frame instead: its check values are right, so that the fuzzer gets behind them.
#include "codec/general.h"
#include "codec/inspect.h"
#include "codec/line_ends.h"
#include "codec/test_frame.h"
#include "fuzz.h"

namespace koan::fuzz {
namespace {

constexpr std::uint64_t kMaxModelText = 512, kMaxText = std::uint64_t{1} << 20;  // keep one input in the milliseconds

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

// What the segment decodes to where that can be known, so that its check value is right.
void add_segment(TestFrame& frame, std::uint64_t op, ByteReader& in) {
  SegmentHead head;
  head.method = static_cast<Method>(op & 3);
  head.transform = static_cast<Transform>(op >> 2 & 1);
  head.raw_bytes = head.text_bytes = number(in, op & 8 ? 4 : 2);
  if (head.transform != Transform::kNone) head.text_bytes = number(in, 2);
  const std::uint64_t want = number(in, 2);
  const ByteView coded = in.take(std::min<std::uint64_t>(want, in.remaining())).value();
  head.coded_bytes = op & 16 ? want : coded.size();
  Bytes raw;
  if (head.method != Method::kModel && head.text_bytes <= kMaxText) {
    if (auto text = general_decode(head.method, coded, head.text_bytes)) raw = std::move(*text);
    if (head.transform == Transform::kCrlf) raw = lf_to_crlf(raw);
    if (!(op & 32) && !raw.empty()) head.raw_bytes = raw.size();
  }
  frame.segment(head, coded, raw);
}

Bytes frame_from_recipe(ByteView recipe) {
  ByteReader in(recipe);
  TestFrame frame(kMinSegmentLog + static_cast<std::uint32_t>(number(in, 1) % (kMaxSegmentLog - kMinSegmentLog + 1)));
  for (int records = 0; in.remaining() > 0 && records < 8; ++records) {
    const std::uint64_t op = number(in, 1);
    if (op >= 0xC0)
      add_model(frame, in);
    else
      add_segment(frame, op, in);
  }
  return frame.end();
}

// Whether decoding costs little, by what the file says of itself: segments come in order, so that those before an error
// count too.
bool is_cheap(ByteView file) {
  MemorySource source(file);
  std::uint64_t model_text = 0, text = 0;
  const Status ignored = inspect(
      source, [](const PartInfo&) {},
      [&](const SegmentInfo& s) {
        text += s.head.text_bytes;
        if (s.head.method == Method::kModel) model_text += s.head.text_bytes;
      });
  (void)ignored;
  return model_text <= kMaxModelText && text <= kMaxText;
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
  const auto result = fuzz::tiny_codec().decompress(options, source, sink);
  if (result) {
    fuzz::require(result->raw_bytes == sink.bytes.size() && result->coded_bytes == file.size(),
                  "the statistics of a good file");
  } else {
    const ErrorCode code = result.error().code;
    fuzz::require(code == ErrorCode::kCorrupt || code == ErrorCode::kNeedsModel || code == ErrorCode::kNeedsVersion,
                  "an error of the file");
  }
  return 0;
}
