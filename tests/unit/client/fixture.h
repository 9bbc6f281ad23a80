#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/client/fakes.h"
#include "workload/client/client.h"

namespace ceiling::fakes {

inline constexpr int kShards = 4;

/// A whole client with a membership, and the harness's end of its control connection.
class ClientFixture : public testing::Test {
 protected:
  static wire::Configuration configuration(const std::vector<std::string>& backends = {}) {
    wire::Configuration configuration;
    auto& stream = *configuration.add_streams();
    stream.set_name("orders");
    stream.set_shards(kShards);
    for (const std::string& address : backends) {
      auto& backend = *configuration.add_backends();
      backend.set_name("backend-" + std::to_string(configuration.backends_size()));
      backend.set_address(address);
    }
    return configuration;
  }

  void start_client(int pairs_per_s, const std::string& membership, bool controlled = true) {
    ClientOptions options;
    options.name = "c1";
    options.membership = membership;
    options.token = kToken;
    options.pairs_per_s = pairs_per_s;
    options.timeout = std::chrono::milliseconds(300);
    if (controlled) {
      std::array<int, 2> ends{};
      ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
      options.control_fd = ends[1];
      control_ =
          std::make_shared<wire::Connection>(wire::Connection::Socket(io_, {AF_UNIX, 0}, ends[0]));
      control_->start([this](const wire::Envelope& message) { told_.push_back(message); },
                      [this](std::string_view) { control_closed_ = true; });
    }
    client_.emplace(io_, options, [this](int status) { ended_ = status; });
  }

  void aim(const std::vector<const Frontend*>& frontends) {
    wire::Envelope envelope;
    envelope.mutable_targets();
    for (const Frontend* frontend : frontends) {
      *envelope.mutable_targets()->add_frontends() = frontend->member();
    }
    control_->send(envelope);
  }

  void order_sweep(std::uint64_t id) {
    wire::Envelope envelope;
    envelope.mutable_sweep()->set_id(id);
    control_->send(envelope);
  }

  void order_audit() {
    wire::Envelope envelope;
    envelope.mutable_audit();
    control_->send(envelope);
  }

  bool until(const std::function<bool()>& reached) { return run_until(io_, reached); }

  /// Waits for the next message of this kind; messages before it are kept in told_.
  wire::Envelope await(wire::Envelope::MessageCase kind) {
    const auto found = [&] {
      return std::find_if(told_.begin(), told_.end(),
                          [&](const auto& message) { return message.message_case() == kind; });
    };
    EXPECT_TRUE(until([&] { return found() != told_.end(); })) << "message " << kind;
    if (found() == told_.end()) return {};
    wire::Envelope message = *found();
    told_.erase(found());
    return message;
  }

  std::vector<wire::Operation> operations(std::string_view kind, wire::Phase phase) const {
    std::vector<wire::Operation> found;
    for (const auto& message : told_) {
      if (message.has_operation() && message.operation().kind() == kind &&
          message.operation().phase() == phase) {
        found.push_back(message.operation());
      }
    }
    return found;
  }

  boost::asio::io_context io_;
  std::shared_ptr<wire::Connection> control_;
  std::deque<wire::Envelope> told_;
  std::optional<Client> client_;
  std::optional<int> ended_;
  bool control_closed_ = false;
};

}  // namespace ceiling::fakes
