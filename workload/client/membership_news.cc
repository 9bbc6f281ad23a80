#include "workload/client/membership_news.h"

#include <fmt/format.h>

#include <memory>
#include <string_view>
#include <utility>

#include "workload/protocol/connection.h"
#include "workload/protocol/process.h"

namespace ceiling {
namespace {

void told(const std::string& name, const MembershipNews& news, const wire::Envelope& message) {
  switch (message.message_case()) {
    case wire::Envelope::kConfiguration:
      return news.configuration(message.configuration());
    case wire::Envelope::kMembers:
      return news.members(message.members());
    case wire::Envelope::kRejected:
      return wire::log_line(name, "membership refuses: " + message.rejected().reason());
    default:
      throw wire::ProtocolError("expected a configuration or members");
  }
}

void lost(const std::string& name, const MembershipNews& news, std::string_view reason) {
  wire::log_line(name,
                 fmt::format("membership: {}", reason.empty() ? "connection closed" : reason));
  news.lost();
}

}  // namespace

void follow_membership(boost::asio::any_io_executor executor, const std::string& address,
                       const std::string& token, const std::string& name, MembershipNews news) {
  const auto shared = std::make_shared<const MembershipNews>(std::move(news));
  wire::connect(
      executor, address,
      [name, token, shared](const std::shared_ptr<wire::Connection>& connection,
                            const std::string& reason) {
        if (!connection) return lost(name, *shared, reason);
        connection->start(
            [name, shared](const wire::Envelope& message) { told(name, *shared, message); },
            [name, shared](std::string_view why) { lost(name, *shared, why); });
        wire::Envelope hello;
        hello.mutable_hello()->set_token(token);
        hello.mutable_hello()->set_role(wire::ROLE_CLIENT);
        hello.mutable_hello()->set_name(name);
        connection->send(hello);
      });
}

}  // namespace ceiling
