// For tests: an HTTP server on this machine that answers as a function says, over TLS if it has a certificate.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "http/client.h"
#include "http/test_certificate.h"

namespace koan {

struct SeenRequest {
  std::string path, body;
  HttpHeaders headers;  // names in lower case
  unsigned number = 0;  // from 0, in the order of arrival
};

struct TestAnswer {
  int status = 200;
  HttpHeaders headers = {};
  std::string body = {};
  std::string content_type = "application/json";
  std::chrono::milliseconds before{0};        // wait, then answer
  std::chrono::milliseconds between{0};       // after each piece of the body; 0: it is sent at once
  std::size_t piece = 1;                      // bytes
  std::optional<std::size_t> cut_after = {};  // close the connection after so many bytes of the body
};

class TestServer {
 public:
  using Script = std::function<TestAnswer(const SeenRequest&)>;
  explicit TestServer(Script script, const TestCertificate* certificate = nullptr);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  int port() const noexcept { return port_; }
  std::string url() const;  // http(s)://127.0.0.1:PORT
  unsigned requests() const noexcept { return requests_; }
  unsigned most_at_once() const noexcept { return most_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::thread thread_;
  int port_ = 0;
  bool tls_;
  std::atomic<unsigned> requests_{0}, now_{0}, most_{0};
  std::atomic<bool> ending_{false};
};

}  // namespace koan
