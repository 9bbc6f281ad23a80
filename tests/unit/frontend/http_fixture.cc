#include "tests/unit/frontend/http_fixture.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <stdexcept>

namespace ceiling::frontend {
namespace {

constexpr std::chrono::seconds kPatience{5};

HttpResponse response(int status, std::string body) {
  return {.status = status,
          .content_type = "text/plain",
          .headers = {{"X-Of", "the test"}},
          .body = std::move(body)};
}

}  // namespace

EchoServer::EchoServer(HttpLimits limits, std::size_t places) {
  HttpHooks hooks{.handle = [this](HttpRequest request,
                                   const Reply& reply) { handle(std::move(request), reply); },
                  .refusal =
                      [](int status, std::string_view type, const std::string& message) {
                        return response(status, std::string(type) + ": " + message);
                      },
                  .log =
                      [this](const std::string& line) {
                        const std::lock_guard lock(mutex_);
                        log_ += line + "\n";
                        changed_.notify_all();
                      }};
  listener_ =
      std::make_unique<HttpListener>(loop_.get_executor(), places, std::move(hooks), limits);
  thread_ = std::thread([this] { loop_.run(); });
}

EchoServer::~EchoServer() {
  loop_.stop();
  thread_.join();
}

void EchoServer::handle(HttpRequest request, const Reply& reply) {
  if (request.target == "/hold") {
    const std::lock_guard lock(mutex_);
    held_.emplace_back(std::move(request), reply);
    changed_.notify_all();
    return;
  }
  if (request.target == "/big")
    return reply(response(200, std::string(std::stoul(request.body), 'b')));
  if (request.target == "/headers") {
    std::string all = request.method;
    for (const auto& [name, value] : request.headers)
      all.append("|").append(name).append("=").append(value);
    return reply(response(200, all));
  }
  reply(response(200, request.body));
  if (request.target == "/twice") reply(response(500, "again"));
}

void EchoServer::await_held(std::size_t count) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [&] { return held_.size() == count; })) {
    throw std::runtime_error("requests held: " + std::to_string(held_.size()));
  }
}

void EchoServer::answer_held() {
  std::vector<std::pair<HttpRequest, Reply>> held;
  {
    const std::lock_guard lock(mutex_);
    held.swap(held_);
  }
  std::promise<void> done;
  boost::asio::post(loop_, [&] {
    for (auto one = held.rbegin(); one != held.rend(); ++one) {
      one->second(response(200, one->first.body));
    }
    done.set_value();
  });
  done.get_future().wait();
}

std::string EchoServer::await_log(std::string_view text) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return log_.find(text) != std::string::npos; });
  return log_;
}

std::string EchoServer::log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

}  // namespace ceiling::frontend
