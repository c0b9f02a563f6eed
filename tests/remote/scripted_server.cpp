// A server of chat completions (/v1/chat/completions) and of Messages (/v1/messages) on this machine, for scripts:
//   scripted_server [CERTIFICATE-COPY]
// prints its address, then a line for each request (path, whether a key came with it, body), and ends with its standard
// input. With an argument it speaks TLS and copies its certificate there. What it does is the model's name:
//   echo      repeats the last message        busy     as echo, but every first try of a prompt is refused (429)
//   cut       likewise, but the first reply ends in the middle          poor      has no money left
//   inside    says 200 and an error           leak     refuses, and repeats the headers
//   logprobs  says how probable yes and no are      slow   as echo, after half a second
//   shorten, reader, answers, thinker (answers, slowly), asker, judge, coder: roles of rewriting, asking and benchmarks
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "http/test_server.h"

namespace {

using Json = nlohmann::ordered_json;
using koan::SeenRequest;
using koan::TestAnswer;

std::string event(const Json& data) {
  return (data.contains("type") ? "event: " + data["type"].get<std::string>() + "\n" : "") + "data: " + data.dump() +
         "\n\n";
}

TestAnswer openai(const std::string& text) {
  const auto chunk = [](const Json& delta, const Json& finish) {
    return event({{"choices", {{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}}}});
  };
  TestAnswer out;
  out.content_type = "text/event-stream";
  out.body = chunk({{"role", "assistant"}, {"content", ""}}, nullptr) + ": waiting\n\n" +
             chunk({{"content", text}}, nullptr) + chunk(Json::object(), "stop") +
             event({{"choices", Json::array()}, {"usage", {{"prompt_tokens", 12}, {"completion_tokens", 4}}}}) +
             "data: [DONE]\n\n";
  return out;
}

TestAnswer anthropic(const std::string& text) {
  TestAnswer out;
  out.content_type = "text/event-stream";
  out.body =
      event({{"type", "message_start"}, {"message", {{"usage", {{"input_tokens", 12}, {"output_tokens", 1}}}}}}) +
      event({{"type", "content_block_delta"}, {"index", 0}, {"delta", {{"type", "text_delta"}, {"text", text}}}}) +
      event({{"type", "message_delta"}, {"delta", {{"stop_reason", "end_turn"}}}, {"usage", {{"output_tokens", 4}}}}) +
      event({{"type", "message_stop"}});
  return out;
}

TestAnswer error(int status, const std::string& type, const std::string& message) {
  TestAnswer out;
  out.status = status;
  out.body = Json{{"type", "error"}, {"error", {{"type", type}, {"message", message}}}}.dump();
  return out;
}

TestAnswer logprobs() {
  TestAnswer out;
  const Json top = {{{"token", "yes"}, {"logprob", -0.25}}, {{"token", "no"}, {"logprob", -1.75}}};
  out.body = Json{{"choices",
                   {{{"message", {{"content", "yes"}}},
                     {"finish_reason", "length"},
                     {"logprobs", {{"content", {{{"token", "yes"}, {"top_logprobs", top}}}}}}}}}}
                 .dump();
  return out;
}

std::string key_of(const SeenRequest& request) {
  std::string out;
  for (const auto& [name, value] : request.headers)
    if (name == "authorization" || name == "x-api-key") out = value;
  return out;
}

// What the models of the protocols write; empty: another model.
std::string role_text(const std::string& model, const std::string& asked, const Json& body) {
  const auto says = [&](const char* words) { return asked.find(words) != std::string::npos; };
  if (model == "shorten") {
    // Candidates differ by their seed; Messages has none, and counts.
    static unsigned count = 0;
    const char* const texts[] = {"Add them.", "17+25 is the sum of hens and ducks, which are birds", "17+25"};
    return texts[body.value("seed", count++) % 3];
  }
  if (model == "reader") return says("17+25") ? "They are \\boxed{42}" : "They are \\boxed{41}";
  if (model == "asker") return says("Write 10") ? "1. Is 17 the number of hens?\n2. Is the sum right?" : "Answer: 42";
  if (model == "coder") return "```python\ndef add(x):\n    return x + 1\n```";
  if (model == "judge") return says("Right answer:\n42\n") ? "CORRECT" : "INCORRECT";
  if (model != "answers" && model != "thinker") return {};
  if (!says("Questions:")) return "17 and 25 are 42.\nAnswer: 42";
  std::string out;
  for (int i = 1; i <= 10; ++i) out += std::to_string(i) + (i % 2 == 0 ? ". No\n" : ". Yes\n");
  return out;
}

TestAnswer play(const SeenRequest& request, bool first) {
  const Json body = Json::parse(request.body, nullptr, false);
  const bool messages = request.path == "/v1/messages";
  if (body.is_discarded() || (!messages && request.path != "/v1/chat/completions"))
    return error(404, "not_found_error", request.path);
  const std::string model = body.value("model", ""), asked = body["messages"].back()["content"].get<std::string>(),
                    role = role_text(model, asked, body), text = role.empty() ? "You said: " + asked : role;
  if (model == "poor") return error(429, messages ? "billing_error" : "insufficient_quota", "You have no money left");
  if (model == "leak") return error(401, "authentication_error", "Wrong key: " + key_of(request));
  if (model == "inside") {
    TestAnswer out = error(200, "invalid_request_error", "not like this");
    return out;
  }
  if (model == "logprobs") return logprobs();
  TestAnswer out = messages ? anthropic(text) : openai(text);
  if (model == "thinker") out.before = std::chrono::milliseconds(200);
  if (model == "slow") out.before = std::chrono::milliseconds(500);
  if (model == "busy" && first) {
    out = error(messages ? 529 : 429, messages ? "overloaded_error" : "rate_limit_error", "later");
    out.headers.emplace_back("retry-after-ms", "10");
  }
  if (model == "cut" && first) out.cut_after = out.body.size() / 2;
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const koan::TestCertificate certificate;
  if (argc > 1) std::ofstream(argv[1]) << std::ifstream(certificate.file()).rdbuf();
  std::mutex mutex;
  std::set<std::string> seen;
  const auto script = [&](const SeenRequest& request) {
    const std::lock_guard lock(mutex);
    std::printf("%s %s %s\n", request.path.c_str(), key_of(request).empty() ? "-" : "key", request.body.c_str());
    std::fflush(stdout);
    return play(request, seen.insert(request.body).second);
  };
  koan::TestServer server(script, argc > 1 ? &certificate : nullptr);
  std::printf("%s\n", server.url().c_str());
  std::fflush(stdout);
  while (std::cin.get() != EOF) {
  }
}
