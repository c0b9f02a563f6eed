#include "remote/caller.h"

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "remote/key.h"

namespace koan {

using std::chrono::milliseconds;

RemoteClock RemoteClock::real() {
  RemoteClock out;
  out.now = [] {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
  };
  out.sleep = [](milliseconds time) { std::this_thread::sleep_for(time); };
  out.wall = [] {
    return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  };
  out.random = [engine = std::make_shared<std::mt19937>(std::random_device()())] { return (*engine)() * 0x1p-32; };
  return out;
}

struct Caller::Job {
  Call call;
  std::string cache_key;
  Spending most;  // of one attempt
  enum class State { kWaiting, kInFlight, kDone } state = State::kWaiting;
  milliseconds not_before{0};
  unsigned attempts = 0;
  RemoteReply reply;
};

class Caller::Run {
 public:
  Run(Caller& caller, std::vector<Call> calls);
  Result<std::vector<RemoteReply>> run();

 private:
  using State = Job::State;

  Status begin_what_may();
  Result<bool> begin(std::size_t index);
  bool may_begin(const Job& job) const;
  Status collect();
  Status pause();
  milliseconds until_retry(milliseconds most) const;
  Status finish(Job& job, std::variant<HttpReply, HttpFailure> outcome);
  Status succeed(Job& job, RemoteReply reply);
  Status fail(Job& job, ServerError error, const HttpHeaders& headers);
  void settle(const Job& job, const Spending& spent);
  void abandon(const std::string& why);
  Status write_down(const Job& job, const std::string& error, bool cached);
  std::string clean(std::string text) const { return without_key(std::move(text), options().key); }
  const RemoteOptions& options() const noexcept { return caller_.options_; }

  Caller& caller_;
  std::vector<Job> jobs_;
  std::size_t first_ = 0, begun_ = 0;  // before first_ all are done, from begun_ on none was sent
  std::set<std::string> busy_;         // cache keys of calls that go on: the same request twice is one call
  Status failed_;                      // the first error
};

namespace {

// A stream says so; some servers answer in one piece though a stream was asked for.
ReplyForm form_of(const HttpReply& reply) {
  const std::string* type = reply.header("content-type");
  return type != nullptr && type->find("text/event-stream") != std::string::npos ? ReplyForm::kStream
                                                                                 : ReplyForm::kWhole;
}

ServerError from_failure(const HttpFailure& failure) {
  using Kind = HttpFailure::Kind;
  ServerError out;
  out.broken = failure.kind == Kind::kConnect || failure.kind == Kind::kBroken || failure.kind == Kind::kTimeout;
  out.message = failure.message;
  return out;
}

bool is_success(int status) noexcept { return status >= 200 && status < 300; }

std::string text_of(const ServerError& error, unsigned attempts) {
  std::string out;
  if (error.status >= 300) out = "HTTP " + std::to_string(error.status);
  if (!error.kind.empty()) out += (out.empty() ? "" : " ") + ("(" + error.kind + ")");
  if (!error.message.empty()) out += (out.empty() ? "" : ": ") + error.message;
  if (out.empty()) out = "an error without a word";
  return attempts > 1 ? out + " (asked " + std::to_string(attempts) + " times)" : out;
}

}  // namespace

Caller::Run::Run(Caller& caller, std::vector<Call> calls) : caller_(caller) {
  for (Call& call : calls) {
    Job job;
    job.cache_key = ReplyCache::key_of(caller.endpoint_.id(), call.body, call.seed);
    // A token is at least a byte, and the JSON around the messages is longer than what templates put there.
    job.most = spending_of(call.body.size(), call.max_output, caller.endpoint_.prices);
    job.call = std::move(call);
    jobs_.push_back(std::move(job));
  }
}

Result<std::vector<RemoteReply>> Caller::Run::run() {
  while (true) {
    if (failed_) failed_ = begin_what_may();
    if (caller_.http_.in_flight() != 0) {
      if (Status status = collect(); !status && failed_) failed_ = std::move(status);
    } else if (!failed_) {
      break;
    } else if (first_ == jobs_.size()) {
      std::vector<RemoteReply> out;
      for (Job& job : jobs_) out.push_back(std::move(job.reply));
      return out;
    } else {
      failed_ = pause();
    }
  }
  abandon(failed_.error().message);
  return std::move(failed_).error();
}

bool Caller::Run::may_begin(const Job& job) const {
  if (job.state != State::kWaiting || job.not_before > options().clock.now()) return false;
  return job.attempts != 0 || busy_.count(job.cache_key) == 0;
}

Status Caller::Run::begin_what_may() {
  for (std::size_t i = first_; i < jobs_.size() && caller_.http_.in_flight() < caller_.endpoint_.concurrency; ++i) {
    Job& job = jobs_[i];
    if (!may_begin(job)) continue;
    if (options().http.stop && options().http.stop()) return Error{ErrorCode::kCancelled, "interrupted"};
    auto kept = job.attempts == 0 ? caller_.cache_.find(job.cache_key) : std::nullopt;
    if (kept) {
      job.reply = std::move(*kept);
      job.reply.reply.cached = true;
      job.state = State::kDone;
      KOAN_TRY(write_down(job, "", true));
    } else {
      KOAN_ASSIGN(const bool begun, begin(i));
      if (!begun) break;
    }
  }
  while (first_ < jobs_.size() && jobs_[first_].state == State::kDone) ++first_;
  return {};
}

// False: it has to wait for what is in flight, which may turn out to cost less than was reserved for it.
Result<bool> Caller::Run::begin(std::size_t index) {
  Job& job = jobs_[index];
  if (options().budget) {
    auto reserved = options().budget->reserve(job.most);
    if (!reserved && caller_.http_.in_flight() != 0) return false;
    if (!reserved) return std::move(reserved).error().in(caller_.endpoint_.name);
  }
  ++job.attempts;
  begun_ = std::max(begun_, index + 1);
  if (caller_.cache_.is_on()) busy_.insert(job.cache_key);
  job.state = State::kInFlight;
  Status started = caller_.http_.start(index, {caller_.dialect_.url, caller_.dialect_.headers, job.call.body});
  if (started) return true;
  settle(job, {});
  job.state = State::kWaiting;
  return std::move(started).error();
}

// Waits for the wire, or until a call is to be tried again.
Status Caller::Run::collect() {
  auto done = caller_.http_.wait(std::max(milliseconds(1), until_retry(milliseconds(1000))));
  if (!done) return std::move(done).error();
  Status out;
  for (HttpClient::Done& one : *done)
    if (Status status = finish(jobs_[one.id], std::move(one.outcome)); !status && out) out = std::move(status);
  return out;
}

// Until a call is to be tried again, if that is before `most`; 0 or less: now.
milliseconds Caller::Run::until_retry(milliseconds most) const {
  const milliseconds now = options().clock.now();
  for (std::size_t i = first_; i < begun_; ++i)
    if (jobs_[i].state == State::kWaiting && jobs_[i].attempts != 0) most = std::min(most, jobs_[i].not_before - now);
  return most;
}

// Nothing is in flight: until the next call is to be tried again.
Status Caller::Run::pause() {
  if (options().http.stop && options().http.stop()) return Error{ErrorCode::kCancelled, "interrupted"};
  const milliseconds wait = until_retry(milliseconds(100));  // so long a wish to stop goes unnoticed
  if (wait.count() > 0) options().clock.sleep(wait);
  return {};
}

Status Caller::Run::finish(Job& job, std::variant<HttpReply, HttpFailure> outcome) {
  if (const auto* failure = std::get_if<HttpFailure>(&outcome)) {
    using Kind = HttpFailure::Kind;
    const bool unseen =
        failure->kind == Kind::kConnect || failure->kind == Kind::kUntrusted || failure->kind == Kind::kRequest;
    settle(job, unseen ? Spending{} : job.most);
    return fail(job, from_failure(*failure), {});
  }
  const HttpReply& reply = std::get<HttpReply>(outcome);
  if (!is_success(reply.status)) {
    settle(job, {});
    return fail(job, read_server_error(reply.status, reply.body), reply.headers);
  }
  ReplyOrError read = caller_.dialect_.read(reply.body, form_of(reply));
  if (auto* good = std::get_if<RemoteReply>(&read)) return succeed(job, std::move(*good));
  settle(job, job.most);  // it was working on it
  return fail(job, std::get<ServerError>(std::move(read)), reply.headers);
}

Status Caller::Run::succeed(Job& job, RemoteReply reply) {
  reply.reply.text = clean(std::move(reply.reply.text));
  const ChatUsage& usage = reply.reply.usage;
  settle(job,
         reply.has_usage ? spending_of(usage.input_tokens, usage.output_tokens, caller_.endpoint_.prices) : job.most);
  job.reply = std::move(reply);
  job.state = State::kDone;
  busy_.erase(job.cache_key);
  const Status kept = caller_.cache_.keep(job.cache_key, caller_.endpoint_.id(), job.reply, options().key);
  KOAN_TRY(write_down(job, "", false));
  return kept;
}

Status Caller::Run::fail(Job& job, ServerError error, const HttpHeaders& headers) {
  const FailedAttempt failed{error, headers, job.attempts - 1, options().clock.wall() / 1000, options().clock.random()};
  job.state = State::kWaiting;
  if (const auto wait = failed_ ? retry_wait(failed, options().retries) : std::nullopt) {
    job.not_before = options().clock.now() + *wait;
    return {};
  }
  job.state = State::kDone;
  const std::string text = clean(text_of(error, job.attempts));
  KOAN_TRY(write_down(job, text, false));
  return Error{ErrorCode::kRemote, caller_.endpoint_.name + ": " + text};
}

void Caller::Run::settle(const Job& job, const Spending& spent) {
  if (options().budget) options().budget->settle(job.most, spent);
}

// Nothing goes on. What was in flight may have been paid for.
void Caller::Run::abandon(const std::string& why) {
  for (Job& job : jobs_) {
    if (job.state == State::kInFlight) settle(job, job.most);
    if (job.state != State::kDone && job.attempts != 0)
      (void)write_down(job, "given up: " + clean(why), false).has_value();
    job.state = State::kDone;
  }
}

Status Caller::Run::write_down(const Job& job, const std::string& error, bool cached) {
  if (!options().transcript) return {};
  JsonDocument line = {{"time", time_text(options().clock.wall())},
                       {"endpoint", caller_.endpoint_.id()},
                       {"request", JsonDocument::parse(job.call.body, nullptr, false)},
                       {"seed", job.call.seed},
                       {"reply", nullptr},
                       {"error", nullptr},
                       {"usage", nullptr},
                       {"attempts", job.attempts},
                       {"cached", cached}};
  if (!error.empty()) line["error"] = error;
  if (error.empty()) {
    line["reply"] = to_json(job.reply);
    line["reply"].erase("usage");
    if (job.reply.has_usage)
      line["usage"] = {{"input_tokens", job.reply.reply.usage.input_tokens},
                       {"output_tokens", job.reply.reply.usage.output_tokens}};
  }
  return options().transcript->add(line, options().key);
}

Result<Caller> Caller::create(Endpoint endpoint, Dialect dialect, RemoteOptions options) {
  options.http.ca_file = endpoint.ca_file;
  KOAN_ASSIGN(HttpClient http, HttpClient::create(options.http));
  return Caller(std::move(endpoint), std::move(dialect), std::move(options), std::move(http));
}

Result<std::vector<RemoteReply>> Caller::run(std::vector<Call> calls) { return Run(*this, std::move(calls)).run(); }

}  // namespace koan
