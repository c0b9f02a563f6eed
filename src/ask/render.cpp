#include "ask/render.h"

#include <cstdio>
#include <vector>

#include "base/html.h"

namespace koan::ask {
namespace {

std::string text_of(const JsonDocument& line, const char* key) {
  return line.contains(key) && line.at(key).is_string() ? line.at(key).get<std::string>() : "";
}

double number_of(const JsonDocument& line, const char* key) {
  return line.contains(key) && line.at(key).is_number() ? line.at(key).get<double>() : 0;
}

std::string fixed(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.2f", value);
  return out;
}

// What a terminal shows: models may write sequences that would command it.
std::string without_controls(std::string text) {
  for (char& c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == '\x7f') c = '?';
  return text;
}

// A reply of a model, with the role that gave it.
struct Turn {
  std::string role, label, text;
};

struct View {
  std::string title, problem;
  std::vector<std::string> facts;
  std::vector<Turn> turns;
  JsonDocument result;  // null: the transcript is not complete
};

Result<View> view_of(std::span<const JsonDocument> lines) {
  if (lines.empty() || text_of(lines[0], "kind") != "koan ask")
    return Error{ErrorCode::kCorrupt, "it does not begin with the header of a transcript"};
  const JsonDocument& header = lines[0];
  View out;
  out.title = "koan ask, protocol " + text_of(header, "protocol");
  out.problem = text_of(header, "problem");
  if (header.contains("oracle") && header.at("oracle") == true)
    out.facts.emplace_back("ORACLE: the answerer was given the reference answer");
  if (header.contains("models") && header.at("models").is_object()) {
    for (const auto& [role, model] : header.at("models").items()) {
      const std::string hash = text_of(model, "sha256");
      out.facts.push_back(role + ": " + text_of(model, "name") + (hash.empty() ? "" : " (" + hash.substr(0, 8) + ")"));
    }
  }
  out.facts.push_back("seed " + std::to_string(static_cast<std::uint64_t>(number_of(header, "seed"))));
  for (const JsonDocument& line : lines.subspan(1)) {
    const std::string kind = text_of(line, "kind");
    if (kind == "reply") out.turns.push_back({text_of(line, "role"), text_of(line, "label"), text_of(line, "text")});
    if (kind == "result") out.result = line;
  }
  return out;
}

std::string summary_of(const JsonDocument& result) {
  return fixed(number_of(result, "bits")) + " bits (" + text_of(result, "mode") + "), " +
         std::to_string(static_cast<std::uint64_t>(number_of(result, "questions"))) + " questions";
}

const JsonDocument& decisions_of(const JsonDocument& result) {
  static const JsonDocument kNone = JsonDocument::array();
  return result.contains("decisions") && result.at("decisions").is_array() ? result.at("decisions") : kNone;
}

std::string meaning_of(const JsonDocument& decision) {
  const std::string means = text_of(decision, "means");
  return means.empty() ? std::to_string(static_cast<std::uint64_t>(number_of(decision, "symbol"))) : means;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const std::string_view entity = html_entity(c);
    out += entity.empty() ? std::string_view(&c, 1) : entity;
  }
  return out;
}

constexpr const char* kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 "
    "1rem;color:#222;background:#fff}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:0}"
    "section{border-left:4px solid #999;padding:.2rem 1rem;margin:1rem 0}"
    ".solver{border-color:#3a7}.questioner{border-color:#37a}.answerer{border-color:#a53}.judge{border-color:#a3a}"
    ".final{border-color:#000;background:#f4f4f0}h2{font-size:1rem;margin:.2rem 0}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}.yes{color:#185}.no{color:#a22}";

}  // namespace

Result<std::string> render_text(std::span<const JsonDocument> lines) {
  KOAN_ASSIGN(const View view, view_of(lines));
  std::string out = view.title + "\n";
  for (const std::string& fact : view.facts) out += "  " + fact + "\n";
  out += "\nProblem\n" + view.problem + "\n";
  for (const Turn& turn : view.turns) out += "\n[" + turn.role + ": " + turn.label + "]\n" + turn.text + "\n";
  if (view.result.is_null()) return without_controls(out + "\nNot finished.\n");
  out += "\nDecisions\n";
  for (const JsonDocument& decision : decisions_of(view.result)) {
    const std::string about = text_of(decision, "about");
    out += "  " + fixed(number_of(decision, "bits")) + " bits  " + text_of(decision, "what") + ": " +
           meaning_of(decision) + (about.empty() ? "" : "  (" + about + ")") + "\n";
  }
  out += "  " + summary_of(view.result) + "\n\nAnswer\n" + text_of(view.result, "answer") + "\n";
  return without_controls(std::move(out));
}

Result<std::string> render_html(std::span<const JsonDocument> lines) {
  KOAN_ASSIGN(const View view, view_of(lines));
  const std::string title = escaped(view.title);
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
                    "</title><meta name=\"viewport\" content=\"width=device-width\"><style>" + kStyle +
                    "</style></head><body>\n<h1>" + title + "</h1>\n<ul>\n";
  for (const std::string& fact : view.facts) out += "<li>" + escaped(fact) + "</li>\n";
  const auto section = [&](const std::string& kind, const std::string& heading, const std::string& text) {
    out += "<section class=\"" + escaped(kind) + "\"><h2>" + escaped(heading) + "</h2><pre>" + escaped(text) +
           "</pre></section>\n";
  };
  out += "</ul>\n";
  section("problem", "Problem", view.problem);
  for (const Turn& turn : view.turns) section(turn.role, turn.role + ": " + turn.label, turn.text);
  if (view.result.is_null()) return out + "<p>Not finished.</p>\n</body></html>\n";
  out += "<h2>What was sent: " + escaped(summary_of(view.result)) + "</h2>\n<table>\n";
  for (const JsonDocument& decision : decisions_of(view.result)) {
    const std::string means = escaped(meaning_of(decision));
    out += "<tr><td>" + escaped(text_of(decision, "what")) + "</td><td>" + escaped(text_of(decision, "about")) +
           "</td><td class=\"" + means + "\">" + means + "</td><td>" + fixed(number_of(decision, "bits")) +
           " bits</td></tr>\n";
  }
  out += "</table>\n";
  section("final", "Answer", text_of(view.result, "answer"));
  return out + "</body></html>\n";
}

}  // namespace koan::ask
