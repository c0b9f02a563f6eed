#include "http/client.h"

#include <curl/curl.h>

#include <algorithm>
#include <list>

namespace koan {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kSlice{50};  // how long a wish to stop, or a deadline of ours, may go unnoticed
constexpr std::size_t kMaxHeaderBytes = 256 << 10;

bool start_curl() {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return started;
}

struct Transfer {
  std::uint64_t id = 0;
  HttpRequest request;
  HttpReply reply;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::uint64_t max_reply = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
  Clock::time_point last_byte{};  // of the body
  char error[CURL_ERROR_SIZE] = {};

  Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
  }
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.last_byte = Clock::now();
  transfer.too_large = size > transfer.max_reply - transfer.reply.body.size();
  if (transfer.too_large) return 0;
  transfer.reply.body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  std::string_view line(data, size);
  transfer.header_bytes += size;
  transfer.too_large = transfer.header_bytes > kMaxHeaderBytes;
  if (transfer.too_large) return 0;
  if (line.starts_with("HTTP/")) transfer.reply.headers.clear();  // after "100 Continue" come the real ones
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  line.remove_prefix(colon + 1);
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t end = line.find_last_not_of(" \t\r\n");
  transfer.reply.headers.emplace_back(
      std::move(name), end == std::string_view::npos ? "" : std::string(line.substr(begin, end + 1 - begin)));
  return size;
}

HttpFailure::Kind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
      return HttpFailure::Kind::kConnect;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailure::Kind::kTimeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return HttpFailure::Kind::kUntrusted;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return HttpFailure::Kind::kRequest;
    default:
      return HttpFailure::Kind::kBroken;
  }
}

std::string deadline_text(const char* what, milliseconds limit) {
  return std::string(what) + " within " + std::to_string(static_cast<double>(limit.count()) / 1000).substr(0, 5) + " s";
}

// Whether a header could be taken for two.
bool is_one_line(const std::string& text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

const std::string* HttpReply::header(std::string_view name) const noexcept {
  const std::string* out = nullptr;
  for (const auto& [key, value] : headers)
    if (key == name) out = &value;
  return out;
}

struct HttpClient::State {
  HttpOptions options;
  CURLM* multi = nullptr;
  std::list<Transfer> transfers;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    while (!transfers.empty()) drop(transfers.begin());
    curl_multi_cleanup(multi);
  }

  void drop(std::list<Transfer>::iterator at) {
    curl_multi_remove_handle(multi, at->easy);
    transfers.erase(at);
  }

  bool set_up(Transfer& t) const {
    CURL* e = t.easy;
    bool ok = true;
    const auto set = [&](CURLoption option, auto value) { ok = ok && curl_easy_setopt(e, option, value) == CURLE_OK; };
    set(CURLOPT_URL, t.request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.request.body.size()));
    set(CURLOPT_POSTFIELDS, t.request.body.c_str());
    set(CURLOPT_HTTPHEADER, t.headers);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.total.count()));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&t));
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&t));
    set(CURLOPT_ERRORBUFFER, t.error);
    set(CURLOPT_PRIVATE, static_cast<void*>(&t));
    return ok;
  }

  std::list<Transfer>::iterator find(const CURL* easy) {
    return std::find_if(transfers.begin(), transfers.end(), [&](const Transfer& t) { return t.easy == easy; });
  }

  // What libcurl has finished.
  void collect(std::vector<Done>& out) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto at = find(message->easy_handle);
      if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(at->easy, CURLINFO_RESPONSE_CODE, &status);
        at->reply.status = static_cast<int>(status);
        out.push_back({at->id, std::move(at->reply)});
      } else {
        out.push_back({at->id, failure(*at, code)});
      }
      drop(at);
    }
  }

  HttpFailure failure(const Transfer& t, CURLcode code) const {
    if (t.too_large)
      return {HttpFailure::Kind::kTooLarge, "the reply is above " + std::to_string(options.max_reply) + " bytes"};
    HttpFailure out{kind_of(code), t.error[0] != '\0' ? t.error : curl_easy_strerror(code)};
    if (out.kind == HttpFailure::Kind::kTimeout) {
      double connected = 0;
      curl_easy_getinfo(t.easy, CURLINFO_PRETRANSFER_TIME, &connected);
      if (connected <= 0)
        out = {HttpFailure::Kind::kConnect, deadline_text("no connection", options.connect)};
      else
        out.message = deadline_text("no complete reply", options.total);
    }
    return out;
  }

  // Replies that began and do not go on.
  void collect_stalled(std::vector<Done>& out) {
    const Clock::time_point now = Clock::now();
    for (auto at = transfers.begin(); at != transfers.end();) {
      const auto here = at++;
      if (here->last_byte == Clock::time_point() || now - here->last_byte < options.stall) continue;
      out.push_back({here->id, HttpFailure{HttpFailure::Kind::kTimeout,
                                           deadline_text("the reply stopped: no byte", options.stall)}});
      drop(here);
    }
  }
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpClient> HttpClient::create(HttpOptions options) {
  if (!start_curl()) return Error{ErrorCode::kInternal, "libcurl does not start"};
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->multi = curl_multi_init();
  if (state->multi == nullptr) return Error{ErrorCode::kInternal, "libcurl does not start"};
  return HttpClient(std::move(state));
}

std::size_t HttpClient::in_flight() const noexcept { return state_->transfers.size(); }

Status HttpClient::start(std::uint64_t id, HttpRequest request) {
  const Error failed{ErrorCode::kInternal, "libcurl refuses the request"};
  const auto at = state_->transfers.emplace(state_->transfers.end());
  at->id = id;
  at->request = std::move(request);
  at->max_reply = state_->options.max_reply;
  at->easy = curl_easy_init();
  bool ok = at->easy != nullptr;
  HttpHeaders headers = std::move(at->request.headers);
  headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("Expect", "");  // no pause of a second before a long body
  for (const auto& [name, value] : headers) {
    if (!is_one_line(name) || !is_one_line(value)) ok = false;
    curl_slist* longer =
        ok ? curl_slist_append(at->headers, (name + (value.empty() ? ":" : ": ") + value).c_str()) : nullptr;
    ok = longer != nullptr;
    if (ok) at->headers = longer;
  }
  ok = ok && state_->set_up(*at);
  if (!ok || curl_multi_add_handle(state_->multi, at->easy) != CURLM_OK) {
    state_->transfers.erase(at);
    return failed;
  }
  return {};
}

Result<std::vector<HttpClient::Done>> HttpClient::wait(milliseconds timeout) {
  std::vector<Done> out;
  const Clock::time_point end = Clock::now() + timeout;
  while (in_flight() != 0) {
    if (state_->options.stop && state_->options.stop()) {
      while (in_flight() != 0) state_->drop(state_->transfers.begin());
      return Error{ErrorCode::kCancelled, "interrupted"};
    }
    int running = 0;
    if (curl_multi_perform(state_->multi, &running) != CURLM_OK)
      return Error{ErrorCode::kInternal, "libcurl fails while it waits"};
    state_->collect(out);
    state_->collect_stalled(out);
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    if (!out.empty() || left.count() <= 0) break;
    curl_multi_poll(state_->multi, nullptr, 0, static_cast<int>(std::min(left, kSlice).count()), nullptr);
  }
  return out;
}

}  // namespace koan
