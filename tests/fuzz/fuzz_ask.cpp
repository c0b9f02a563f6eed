// What models write, ask files and their payloads, transcripts, and what live mode reads: nothing in them may do harm.
#include <algorithm>

#include "ask/ask_file.h"
#include "ask/bit_meter.h"
#include "ask/live.h"
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

void check_live(std::string_view text) {
  if (const auto request = ask::parse_live_request(text)) {
    require(!request->problem.empty() && request->is_verdict == request->question.empty(), "a request is whole");
    const std::string written = ask::write_live_request(*request);
    const auto again = ask::parse_live_request(written);
    require(again && ask::write_live_request(*again) == written, "a request has one form");
  }
  std::size_t complete = 0;
  if (const auto lines = ask::parse_ledger(text, &complete)) {
    require(complete <= text.size(), "whole lines are a part of the ledger");
    require(static_cast<std::size_t>(std::ranges::count(text.substr(0, complete), '\n')) == lines->size(),
            "a line is an entry");
    for (const ask::Spending& entry : *lines) require(entry.bits >> 32 == 0, "sums of bits do not overflow");
  }
  if (const auto clients = ask::parse_live_clients(text))
    for (const auto& [hash, name] : *clients) require(hash.size() == 64 && !name.empty(), "a client is whole");
  if (const auto symbol = ask::parse_live_reply(text, false))
    require(ask::write_live_reply(ask::word_of_symbol(*symbol)) == text, "a reply has one form");
}

}  // namespace
}  // namespace koan::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace koan;
  const ByteView raw(data, size);
  fuzz::check_replies(as_text(raw));
  fuzz::check_payload(raw);
  fuzz::check_live(as_text(raw));
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
