#include "workload/client/dependent.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace ceiling {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::pair<DependentKind, std::string_view>, 5> kKinds{
    {{DependentKind::blocking_buffer, "blocking-buffer"},
     {DependentKind::unbounded_buffer, "unbounded-buffer"},
     {DependentKind::drop_oldest, "drop-oldest"},
     {DependentKind::missing_data, "alarm-on-missing-data"},
     {DependentKind::status_page, "status-page"}}};

std::optional<RecordBuffer::Policy> policy_of(DependentKind kind) {
  switch (kind) {
    case DependentKind::blocking_buffer:
      return RecordBuffer::Policy::block;
    case DependentKind::unbounded_buffer:
      return RecordBuffer::Policy::grow;
    case DependentKind::drop_oldest:
      return RecordBuffer::Policy::drop_oldest;
    case DependentKind::missing_data:
    case DependentKind::status_page:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(DependentKind kind) {
  for (const auto& [value, name] : kKinds) {
    if (value == kind) return name;
  }
  return "";
}

std::optional<DependentKind> dependent_from(std::string_view name) {
  for (const auto& [value, known] : kKinds) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> dependent_names() {
  std::vector<std::string> names;
  for (const auto& [value, name] : kKinds) names.emplace_back(name);
  return names;
}

Dependent::Dependent(boost::asio::io_context& io, DependentOptions options, Ended ended)
    : io_(io), options_(std::move(options)), since_(Clock::now()) {
  const auto executor = io.get_executor();
  if (options_.kind == DependentKind::status_page) {
    wire::endpoint_of(options_.login);
  } else {
    frontends_.emplace(
        executor,
        FrontendPool::Options{
            .name = options_.name, .membership = options_.membership, .token = options_.token},
        std::move(ended));
  }
  if (const auto policy = policy_of(options_.kind)) {
    users_.emplace(executor,
                   BufferedUsers::Options{.policy = *policy,
                                          .capacity = options_.buffer,
                                          .users_per_s = options_.users_per_s,
                                          .record_bytes = options_.record_bytes,
                                          .name = options_.name,
                                          .token = options_.token},
                   *frontends_);
  }
  if (options_.kind == DependentKind::missing_data) {
    alarm_.emplace(executor, options_.missing_after, options_.token, *frontends_);
  }
  server_.emplace(executor, options_.port,
                  [this](const std::string& what, JsonServer::Respond respond) {
                    serve(what, std::move(respond));
                  });
  if (!options_.status.empty()) {
    status_server_.emplace(executor, options_.status, [this] { return status(); });
  }
}

void Dependent::serve(const std::string& what, JsonServer::Respond respond) {
  if (what == "GET /health") {
    if (users_) return tell_health(users_->health(), respond);
    if (alarm_) return tell_health(alarm_->health(), respond);
    return log_in([this, respond](const Health& health) { tell_health(health, respond); });
  }
  if (what == "GET /login" && users_) {
    return users_->login([respond](bool served) {
      respond(served ? 200 : 503, nlohmann::json{{"logged_in", served}}.dump());
    });
  }
  respond(404, nlohmann::json{{"error", "there is no " + what}}.dump());
}

void Dependent::tell_health(const Health& health, const JsonServer::Respond& respond) {
  if (was_ok_ != health.ok) since_ = Clock::now();
  was_ok_ = health.ok;
  const std::chrono::duration<double> since = Clock::now() - since_;
  respond(health.ok ? 200 : 503, nlohmann::json{{"kind", to_string(options_.kind)},
                                                {"ok", health.ok},
                                                {"reason", health.reason},
                                                {"buffered", health.buffered},
                                                {"dropped", health.dropped},
                                                {"since_s", since.count()}}
                                     .dump());
}

void Dependent::log_in(std::function<void(Health)> done) {
  const auto channel = std::make_shared<HttpChannel>(
      io_.get_executor(), wire::endpoint_of(options_.login), kLoginPatience);
  channel->exchange(
      fmt::format("GET /login HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", options_.login),
      [done = std::move(done)](const Exchange& exchange) {
        if (exchange.end != Exchange::End::answered) {
          return done({.reason = "login: " + exchange.problem});
        }
        if (exchange.status != 200) {
          return done({.reason = fmt::format("login: HTTP {}", exchange.status)});
        }
        done({.ok = true});
      });
}

wire::Status Dependent::status() const {
  wire::Status status;
  status.set_name(options_.name);
  status.set_role(wire::ROLE_CLIENT);
  status.set_http_address(address());
  return status;
}

}  // namespace ceiling
