// What models write, ask files and their payloads, transcripts: nothing in them may do harm.
#include <algorithm>

#include "ask/ask_file.h"
#include "ask/parse.h"
#include "ask/render.h"
#include "ask/transcript.h"
#include "fuzz.h"

namespace koan::fuzz {
namespace {

void check_replies(std::string_view text) {
  for (const std::string& question : ask::parse_questions(text)) {
    require(!question.empty(), "a question is not empty");
    if (ask::is_yes_no_question(question)) require(question.find('?') != std::string::npos, "a question has its mark");
  }
  for (const std::size_t count : {1u, 5u}) require(ask::parse_answers(text, count).size() == count, "each has a place");
  ask::parse_verdict(text);
  const auto score = ask::parse_score(text);
  require(!score || (*score >= 1 && *score <= 10), "a score is from 1 to 10");
  const auto selection = ask::parse_selection(text, 3);
  require(!selection || *selection <= 3, "a selection exists");
  require(ask::final_answer(text).size() <= text.size(), "an answer is a part of its attempt");
}

// A payload that is read to its end is the one that its decisions make, if it is in the cheaper mode.
void check_payload(ByteView payload) {
  static const ask::ProtocolData data = ask::find_protocol("batch10").value();
  ask::DecisionReader reader(payload, data);
  std::vector<ask::Decision> decisions;
  for (std::uint32_t i = 1; i <= 10; ++i) {
    ask::Decision decision{"answer", "", ask::answer_frequencies(i * 6000, data.unanswered),
                           ask::answer_frequencies(ask::kCertain / 2, data.unanswered), 0};
    const auto symbol = reader.next(decision);
    if (!symbol) return;
    require(*symbol < 3, "a symbol exists");
    decision.symbol = *symbol;
    decisions.push_back(std::move(decision));
  }
  if (!reader.finish() || ask::cheaper_mode(decisions, data) != reader.mode()) return;
  require(std::ranges::equal(ask::encode_decisions(decisions, data), payload), "a payload has one form");
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const ByteView raw(data, size);
  fuzz::check_replies(as_text(raw));
  fuzz::check_payload(raw);
  if (const auto file = ask::parse_ask_file(raw)) {
    fuzz::require(file->payload.size() < size, "a payload is a part of its file");
    ask::AskIdentity nobody;
    fuzz::require(!ask::check_identity(*file, raw, nobody), "nobody has hashes of zeros");
    fuzz::check_payload(file->payload);
  }
  std::size_t complete = 0;
  if (const auto lines = ask::parse_transcript(as_text(raw), &complete)) {
    fuzz::require(complete <= size, "whole lines are a part of the transcript");
    const auto text = ask::render_text(*lines), page = ask::render_html(*lines);
    fuzz::require(text.has_value() == page.has_value(), "what can be shown can be a page");
    if (page) fuzz::require(page->find("<script") == std::string::npos, "models write no tags");
  }
  return 0;
}
