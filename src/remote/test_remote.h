// For tests: replies as the two interfaces send them, and a model of a server of the test with a clock that does not
// wait.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "http/test_server.h"
#include "remote/remote_model.h"

namespace koan {

inline constexpr const char* kTestKey = "sk-test-0123456789";

inline std::string quoted(const std::string& text) { return JsonDocument(text).dump(); }

// Chat completions.
inline TestAnswer openai_whole(const std::string& text, const std::string& finish = "stop") {
  return {
      .body =
          R"({"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":)" +
          quoted(text) + R"(},"finish_reason":)" + quoted(finish) +
          R"(}],"usage":{"prompt_tokens":11,"completion_tokens":3,"total_tokens":14}})"};
}
inline std::string openai_chunk(const std::string& text, const std::string& finish = "null") {
  return R"(data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":)" + quoted(text) +
         R"(},"finish_reason":)" + finish + "}]}\n\n";
}
inline TestAnswer openai_stream(const std::string& text) {
  const std::string half = text.substr(0, text.size() / 2), rest = text.substr(text.size() / 2);
  return {.body = ": keep-alive\n\n" + openai_chunk(half) + openai_chunk(rest) + openai_chunk("", "\"stop\"") +
                  R"(data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":3}})" + "\n\ndata: [DONE]\n\n",
          .content_type = "text/event-stream"};
}

// Messages.
inline std::string anthropic_event(const std::string& type, const std::string& rest) {
  return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (rest.empty() ? "" : "," + rest) + "}\n\n";
}
inline TestAnswer anthropic_stream(const std::string& text) {
  return {
      .body =
          anthropic_event(
              "message_start",
              R"("message":{"content":[],"usage":{"input_tokens":9,"cache_read_input_tokens":2,"output_tokens":1}})") +
          anthropic_event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})") +
          anthropic_event("ping", "") +
          anthropic_event("content_block_delta",
                          R"("index":0,"delta":{"type":"text_delta","text":)" + quoted(text) + "}") +
          anthropic_event("content_block_stop", R"("index":0)") +
          anthropic_event("message_delta", R"("delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3})") +
          anthropic_event("message_stop", ""),
      .content_type = "text/event-stream"};
}

inline TestAnswer refusal(int status, const std::string& type, const std::string& message, HttpHeaders headers = {}) {
  return {status, std::move(headers),
          R"({"error":{"type":)" + quoted(type) + R"(,"message":)" + quoted(message) + "}}"};
}

// Answers one after another; the last one stays.
inline TestServer::Script in_turn(std::vector<TestAnswer> answers) {
  return [answers = std::move(answers)](const SeenRequest& request) {
    return answers[std::min<std::size_t>(request.number, answers.size() - 1)];
  };
}

// Time that passes only when somebody sleeps; what was slept is kept.
struct TestClock {
  std::shared_ptr<std::vector<std::int64_t>> slept = std::make_shared<std::vector<std::int64_t>>();

  std::int64_t total() const {
    std::int64_t out = 0;
    for (const std::int64_t ms : *slept) out += ms;
    return out;
  }
  RemoteClock clock() const {
    RemoteClock out;
    out.now = [slept = slept] {
      std::int64_t sum = 1000;
      for (const std::int64_t ms : *slept) sum += ms;
      return std::chrono::milliseconds(sum);
    };
    out.sleep = [slept = slept](std::chrono::milliseconds time) { slept->push_back(time.count()); };
    out.wall = [] { return std::int64_t{1'790'000'000'123}; };
    out.random = [] { return 0.0; };
    return out;
  }
};

class TestFolder {
 public:
  TestFolder() : path_(std::filesystem::temp_directory_path() / ("koan-remote-XXXXXX")) {
    std::string name = path_.string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::unique_ptr<ChatModel> test_model(const TestServer& server, RemoteOptions options,
                                             Endpoint::Kind kind = Endpoint::Kind::kOpenAi, Endpoint endpoint = {}) {
  endpoint.kind = kind;
  endpoint.model = "m";
  endpoint.url = server.url() + (kind == Endpoint::Kind::kOpenAi ? "/v1" : "");
  endpoint.name = endpoint.id();
  if (options.key.empty()) options.key = kTestKey;
  auto made = RemoteModel::create(complete_endpoint(endpoint).value(), std::move(options));
  EXPECT_TRUE(made) << made.error().message;
  return std::move(made).value();
}

inline RemoteOptions quick(const TestClock& clock = {}) {
  RemoteOptions out;
  out.clock = clock.clock();
  return out;
}

inline ChatRequest ask(const std::string& text) {
  ChatRequest out;
  out.messages = {{"user", text}};
  out.max_tokens = 20;
  return out;
}

}  // namespace koan
