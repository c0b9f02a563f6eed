// Calls to one server: several at once, asked again where that helps, paid for once, all of them written down.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "http/client.h"
#include "remote/budget.h"
#include "remote/reply_cache.h"
#include "remote/retry.h"
#include "remote/transcript.h"

namespace koan {

// Time and chance, so that tests need neither.
struct RemoteClock {
  std::function<std::chrono::milliseconds()> now;  // of a clock that only goes forward
  std::function<void(std::chrono::milliseconds)> sleep;
  std::function<std::int64_t()> wall;  // milliseconds since 1970
  std::function<double()> random;      // 0 <= x < 1

  static RemoteClock real();
};

struct RemoteOptions {
  std::string key;                         // checked_key(); empty: none
  std::shared_ptr<Budget> budget;          // null: none
  std::shared_ptr<Transcript> transcript;  // null: none
  std::string cache_folder;                // empty: none
  RetryLimits retries;
  HttpOptions http;  // ca_file is the endpoint's
  RemoteClock clock = RemoteClock::real();
};

struct Call {
  std::string body;
  std::string seed;  // in the cache's key, beside the body
  std::uint64_t max_output = 0;
};

// One of the two interfaces.
struct Dialect {
  std::string url;
  HttpHeaders headers;
  ReplyOrError (*read)(std::string_view body, ReplyForm form);
};

class Caller {
 public:
  static Result<Caller> create(Endpoint endpoint, Dialect dialect, RemoteOptions options);

  // In the order of the calls. At the first error no further call begins; those in flight are waited for (they are
  // paid) and kept in the cache. Errors: kRemote, kBudget, kCancelled, kIo.
  Result<std::vector<RemoteReply>> run(std::vector<Call> calls);

 private:
  struct Job;
  class Run;

  Caller(Endpoint endpoint, Dialect dialect, RemoteOptions options, HttpClient http)
      : endpoint_(std::move(endpoint)),
        dialect_(std::move(dialect)),
        options_(std::move(options)),
        http_(std::move(http)),
        cache_(options_.cache_folder) {}

  Endpoint endpoint_;
  Dialect dialect_;
  RemoteOptions options_;
  HttpClient http_;
  ReplyCache cache_;
};

}  // namespace koan
