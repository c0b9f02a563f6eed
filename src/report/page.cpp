#include "report/page.h"

#include <algorithm>

#include "base/hash.h"
#include "report/assets.h"

namespace koan::report {
namespace {

constexpr std::size_t kMostQuoted = 12'000;  // bytes of one reply

std::string base64(ByteView bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 3; ++j) word = word << 8 | (i + j < bytes.size() ? bytes[i + j] : 0);
    for (std::size_t j = 0; j < 4; ++j) out += i + j <= bytes.size() ? kLetters[word >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::string script_hash(std::string_view script) { return joined({"'sha256-", base64(sha256(as_bytes(script))), "'"}); }

// Only our scripts run, nothing is loaded, nothing is sent: a second wall behind escape().
std::string policy(const std::vector<std::string>& scripts) {
  std::string out =
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; script-src";
  for (const std::string& script : scripts) out += joined({" ", script_hash(script)});
  return out;
}

std::string element_id(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    out += plain ? c : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : '-';
  }
  return out;
}

}  // namespace

void Page::section(const std::string& id, const std::string& title) {
  if (!sections_.empty()) body_ += "</section>\n";
  sections_.emplace_back(element_id(id), title);
  body_ += joined({"<section id=\"", sections_.back().first, "\"><h2>", escape(title), "</h2>\n"});
}

void Page::heading(const std::string& title) { body_ += joined({"<h3>", escape(title), "</h3>\n"}); }
void Page::paragraph(const std::string& words) { body_ += joined({"<p>", escape(words), "</p>\n"}); }
void Page::note(const std::string& words) { body_ += joined({"<p class=\"note\">", escape(words), "</p>\n"}); }

void Page::chart(const Chart& chart, const HtmlTable& figures) {
  const std::string id = element_id(chart.id);
  body_ += joined({"<figure><figcaption>", escape(chart.title), "</figcaption>\n"});
  body_ += joined(
      {"<div class=\"chart\" role=\"img\" aria-label=\"", escape(chart.alt), "\" data-chart=\"", id, "\"></div>\n"});
  body_ += joined({"<script type=\"application/json\" id=\"", id, "\">", json_for_script(chart.spec), "</script>\n"});
  body_ += joined({"<details><summary>The figures as a table</summary>", to_html(figures), "</details></figure>\n"});
}

void Page::open(const std::string& summary) {
  body_ += joined({"<details><summary>", escape(summary), "</summary><div class=\"fold\">\n"});
}

void Page::quote(const std::string& title, const std::string& words) {
  std::string shown = words.substr(0, kMostQuoted);
  // Not in the middle of a character.
  while (shown.size() < words.size() && !shown.empty() &&
         (static_cast<unsigned char>(words[shown.size()]) & 0xc0) == 0x80)
    shown.pop_back();
  body_ += joined({"<h4>", escape(title), "</h4><pre dir=\"auto\">", escape(shown), "</pre>\n"});
  if (shown.size() < words.size())
    note("Cut here: " + std::to_string(words.size() - shown.size()) + " more bytes are in the samples file.");
}

std::string Page::html(const std::string& title) const {
  const bool charts = body_.find("data-chart=") != std::string::npos;
  std::vector<std::string> scripts;
  if (charts) scripts = chart_scripts();
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += joined({"<meta http-equiv=\"Content-Security-Policy\" content=\"", policy(scripts), "\">\n"});
  out +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n";
  out += joined({"<title>", escape(title), "</title>\n<style>", style_sheet(), "</style>\n</head>\n<body>\n"});
  out += "<a class=\"skip\" href=\"#content\">To the content</a>\n";
  out += joined({"<header><h1>", escape(title), "</h1>\n<nav aria-label=\"Sections\"><ul>"});
  for (const auto& [id, name] : sections_) out += joined({"<li><a href=\"#", id, "\">", escape(name), "</a></li>"});
  out += joined(
      {"</ul></nav></header>\n<main id=\"content\">\n", body_, sections_.empty() ? "" : "</section>\n", "</main>\n"});
  for (const std::string& script : scripts) out += joined({"<script>", script, "</script>\n"});
  return out + "</body>\n</html>\n";
}

}  // namespace koan::report
