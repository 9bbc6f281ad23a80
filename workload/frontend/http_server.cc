#include "workload/frontend/http_server.h"

#include <vector>

namespace ceiling::frontend {

HttpServer::HttpServer(const PublishedMap& map, std::string token, wire::Hello hello,
                       BackendLinks::Hooks hooks, kinesis::Service::Change change,
                       std::uint16_t port)
    : backends_(loop_.get_executor(), std::move(hello), hooks),
      service_(
          loop_.get_executor(), map, std::move(token),
          [this](const std::string& backend, wire::Envelope request, BackendLinks::Done done) {
            backends_.call(backend, std::move(request), std::move(done));
          },
          std::move(change)),
      listener_(
          loop_.get_executor(), kMostClients,
          {.handle = [this](HttpRequest request,
                            Reply reply) { service_.handle(std::move(request), std::move(reply)); },
           .refusal =
               [this](int status, std::string_view type, const std::string& message) {
                 return service_.refusal(status, type, message);
               },
           .log = hooks.log},
          HttpLimits{}, port),
      address_(listener_.address()) {}

HttpServer::~HttpServer() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

void HttpServer::start() {
  thread_ = std::thread([this] { loop_.run(); });
}

void HttpServer::use(const wire::Configuration& configuration) {
  post([this, configuration] {
    backends_.use({configuration.backends().begin(), configuration.backends().end()});
    service_.configure(configuration);
  });
}

void HttpServer::map_changed() {
  post([this] { service_.map_changed(); });
}

}  // namespace ceiling::frontend
