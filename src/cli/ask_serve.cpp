// koan ask serve: the strong model's side of live mode.
#include <atomic>
#include <ctime>
#include <filesystem>
#include <thread>

#include "ask/live_service.h"
#include "base/file.h"
#include "cli/ask_live.h"
#include "cli/ask_session.h"
#include "cli/model_places.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "http/server.h"

namespace koan::cli {
namespace {

std::string utc_day() {
  const std::time_t now = std::time(nullptr);
  std::tm when{};
  ::gmtime_r(&now, &when);
  return format("%04d-%02d-%02d", when.tm_year + 1900, when.tm_mon + 1, when.tm_mday);
}

Result<std::string> ledger_path(const std::string& given) {
  if (!given.empty()) return given;
  const std::string state = state_folder();
  if (state.empty()) return Error{ErrorCode::kUsage, "no place for a ledger: HOME is not set; give --ledger"};
  std::error_code failed;
  std::filesystem::create_directories(state, failed);
  if (failed) return Error{ErrorCode::kIo, state + ": " + failed.message()};
  return state + "/ask_bits.log";
}

// Nothing: everybody is one client.
Result<std::optional<ask::LiveClients>> read_clients(const std::string& path) {
  if (path.empty()) return std::optional<ask::LiveClients>();
  KOAN_ASSIGN(const Bytes text, read_file(path, std::uint64_t{1} << 20));
  auto clients = ask::parse_live_clients(as_text(text));
  if (!clients) return std::move(clients).error().in(path);
  return std::optional(std::move(*clients));
}

Result<HttpServerOptions> server_options(const LiveUse& use) {
  HttpServerOptions out;
  const std::size_t colon = use.listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : use.listen.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoi(port) > 65535 || colon == 0)
    return Error{ErrorCode::kUsage, "--listen wants ADDRESS:PORT, such as 127.0.0.1:8604"};
  if (use.certificate.empty() != use.key.empty()) return Error{ErrorCode::kUsage, "--cert and --key belong together"};
  out.address = use.listen.substr(0, colon);
  out.port = std::stoi(port);
  out.certificate = use.certificate;
  out.key = use.key;
  out.path = ask::kLivePath;
  out.max_body = ask::kMaxLiveRequest;
  return out;
}

ServedReply served(ask::LiveReply reply) { return {reply.status, std::move(reply.body)}; }

// Requests on their way to a service, which may not be there yet.
class FrontDoor {
 public:
  explicit FrontDoor(std::optional<ask::LiveClients> clients) : clients_(std::move(clients)) {}

  void open(ask::FarSide far, ask::BitMeter meter, ask::LiveHooks hooks) {
    service_.emplace(std::move(far), std::move(meter), std::move(hooks));
    is_open_ = true;
  }
  ServedReply answer(const ServedRequest& request) {
    const auto client =
        clients_ ? ask::find_client(*clients_, request.authorization) : std::optional<std::string>("all");
    if (!client) return served(ask::live_error(401));
    if (!is_open_) return served(ask::live_error(503));
    return served(service_->decide(*client, request.body));
  }

 private:
  std::optional<ask::LiveClients> clients_;  // nothing: everybody is one
  std::optional<ask::LiveService> service_;
  std::atomic<bool> is_open_{false};
};

// No texts: neither questions nor answers.
ask::LiveHooks hooks_of(bool verbose) {
  ask::LiveHooks out;
  out.day = utc_day;
  if (verbose)
    out.on_spent = [](const std::string& client, std::uint64_t bits, std::uint64_t left) {
      say(client + ": " + std::to_string(bits) + (bits == 1 ? " bit, " : " bits, ") + std::to_string(left) +
          " left today");
    };
  out.on_failure = [](const Error& error) { complain(error.message); };
  return out;
}

void introduce(const LiveUse& use, const std::string& model, const std::string& ledger, const std::string& url) {
  const std::string cap = format("%llu", static_cast<unsigned long long>(use.cap));
  say(model + " answers: " + cap + (use.cap == 1 ? " bit" : " bits") + " a day for " +
      (use.clients.empty() ? "all who ask" : "each client") + "; what leaves is in " + ledger);
  say("listening on " + url);
}

}  // namespace

Status serve_answers(const AskArguments& arguments) {
  const LiveUse& use = arguments.live;
  KOAN_ASSIGN(const HttpServerOptions options, server_options(use));
  KOAN_ASSIGN(std::optional<ask::LiveClients> clients, read_clients(use.clients));
  KOAN_ASSIGN(AskModels models, AskModels::create(arguments));
  FrontDoor door(std::move(clients));  // outlives the server
  HttpServer::Handlers handlers;
  handlers.post = [&](const ServedRequest& request) { return door.answer(request); };
  handlers.error = [](int status) { return ask::live_error(status).body; };
  // First, since an address that cannot be had is to leave no ledger behind.
  KOAN_ASSIGN(const HttpServer server, HttpServer::start(options, std::move(handlers)));
  const std::string large = arguments.large.empty() ? kDefaultLarge : arguments.large;
  KOAN_ASSIGN(ChatModel * model, models.get(large));
  KOAN_ASSIGN(ask::ProtocolData data, protocol_for("batch10", large));
  KOAN_ASSIGN(const std::string path, ledger_path(use.ledger));
  KOAN_ASSIGN(ask::BitMeter meter, ask::BitMeter::open(path, {use.cap, use.total}));
  door.open(ask::FarSide(std::move(data), model, arguments.max_tokens), std::move(meter), hooks_of(use.verbose));
  warn_of_embedded(arguments, large);
  introduce(use, model->name(), path, server.url());
  while (!interrupted()) {
    if (!server.is_serving()) return Error{ErrorCode::kIo, server.url() + ": the port is lost"};
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return {};
}

}  // namespace koan::cli
