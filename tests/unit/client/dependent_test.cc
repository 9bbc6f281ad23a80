#include "workload/client/dependent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/client/fakes.h"

namespace ceiling {
namespace {

using fakes::Frontend;
using fakes::Reply;
using fakes::Server;
using nlohmann::json;

constexpr int kShards = 4;
const Reply kFailure = {.status = 500, .body = R"({"__type":"InternalFailure"})"};

/// Dependents with a membership and one frontend, all on the test's event loop.
class DependentTest : public testing::Test {
 protected:
  DependentTest() {
    membership_.on_hello = [this](wire::Connection& connection) {
      wire::Envelope members;
      *members.mutable_members()->add_members() = frontend_.member();
      connection.send(members);
    };
  }

  DependentOptions options(DependentKind kind) const {
    return {.kind = kind,
            .name = std::string(to_string(kind)),
            .membership = membership_.server.address(),
            .token = fakes::kToken,
            .users_per_s = 0,
            .buffer = 3,
            .record_bytes = 10,
            .missing_after = std::chrono::milliseconds(200)};
  }

  void start(const DependentOptions& options) {
    dependent_.emplace(io_, options, [this](int status) { ended_ = status; });
  }

  std::shared_ptr<HttpChannel> ask(const std::string& address, const std::string& path,
                                   std::optional<Exchange>& answer) {
    auto channel = std::make_shared<HttpChannel>(io_.get_executor(), wire::endpoint_of(address),
                                                 std::chrono::seconds(5));
    channel->exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                      [&answer](Exchange exchange) { answer = std::move(exchange); });
    return channel;
  }
  Exchange get(const std::string& address, const std::string& path) {
    std::optional<Exchange> answer;
    const auto channel = ask(address, path, answer);
    EXPECT_TRUE(until([&] { return answer.has_value(); })) << path;
    channel->abandon();
    return answer.value_or(Exchange{});
  }
  json health() { return json::parse(get(dependent_->address(), "/health").body); }

  bool until(const std::function<bool()>& reached) { return fakes::run_until(io_, reached); }

  void break_frontend() {
    frontend_.on_request = [](const Frontend::Request&) { return kFailure; };
  }
  void mend_frontend() {
    frontend_.on_request = [this](const Frontend::Request& request) {
      return frontend_.serve(request);
    };
  }

  static wire::Configuration configuration() {
    wire::Configuration configuration;
    configuration.add_streams()->set_name("orders");
    configuration.mutable_streams(0)->set_shards(kShards);
    return configuration;
  }

  /// Gives the configuration, then the members.
  struct Membership {
    explicit Membership(boost::asio::io_context& io)
        : server(io, [this](wire::Connection& connection, const wire::Envelope& message) {
            fakes::gives(configuration())(connection, message);
            if (message.has_hello()) on_hello(connection);
          }) {}
    std::function<void(wire::Connection&)> on_hello = [](wire::Connection&) {};
    Server server;
  };

  boost::asio::io_context io_;
  Frontend frontend_{io_, "frontend-1", kShards};
  Membership membership_{io_};
  std::optional<Dependent> dependent_;
  std::optional<int> ended_;
};

TEST_F(DependentTest, ItsUsersRecordsReachTheStream) {
  auto with = options(DependentKind::blocking_buffer);
  with.users_per_s = 200;
  start(with);
  ASSERT_TRUE(until([&] { return frontend_.requests.size() >= 20; }));
  EXPECT_EQ(frontend_.requests[0].operation, "PutRecord");
  EXPECT_NE(frontend_.requests[0].signed_by, "");
  EXPECT_NE(frontend_.requests[0].key, frontend_.requests[1].key);
  const json now = health();
  EXPECT_EQ(now["kind"], "blocking-buffer");
  EXPECT_EQ(now["ok"], true);
  EXPECT_EQ(now["reason"], "");
  EXPECT_EQ(now["dropped"], 0);
}

TEST_F(DependentTest, AFullBlockingBufferKeepsItsUsersWaitingUntilTheStreamIsBack) {
  break_frontend();
  start(options(DependentKind::blocking_buffer));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(dependent_->address(), "/login").status, 200U);
  EXPECT_EQ(health()["ok"], true) << "full, and nobody waits";
  std::optional<Exchange> login;
  const auto channel = ask(dependent_->address(), "/login", login);
  ASSERT_TRUE(until([&] { return !health()["ok"].get<bool>(); }));
  const Exchange bad = get(dependent_->address(), "/health");
  EXPECT_EQ(bad.status, 503U);
  EXPECT_EQ(json::parse(bad.body)["reason"], "the buffer is full, and users wait for it");
  EXPECT_EQ(json::parse(bad.body)["buffered"], 3);
  EXPECT_FALSE(login.has_value());
  mend_frontend();
  ASSERT_TRUE(until([&] { return login.has_value(); }));
  EXPECT_EQ(login->status, 200U);
  EXPECT_EQ(health()["ok"], true);
}

TEST_F(DependentTest, DropOldestGoesOnServingAndSaysWhatItLost) {
  break_frontend();
  start(options(DependentKind::drop_oldest));
  for (int i = 0; i < 8; ++i) EXPECT_EQ(get(dependent_->address(), "/login").status, 200U);
  const json now = health();
  EXPECT_EQ(now["ok"], true);
  EXPECT_EQ(now["buffered"], 3);
  EXPECT_EQ(now["dropped"], 5);
}

TEST_F(DependentTest, AnUnboundedBufferGrows) {
  break_frontend();
  start(options(DependentKind::unbounded_buffer));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(get(dependent_->address(), "/login").status, 200U);
  EXPECT_EQ(health()["buffered"], 50);
  mend_frontend();
  EXPECT_TRUE(until([&] { return health()["buffered"] == 0; }));
}

TEST_F(DependentTest, TheAlarmRingsWhenNoNewRecordComesAndStopsWhenOneDoes) {
  start(options(DependentKind::missing_data));
  EXPECT_EQ(health()["reason"], "no record has come yet");
  auto writer_options = options(DependentKind::blocking_buffer);
  writer_options.users_per_s = 100;
  const Dependent writer(io_, writer_options, [](int) {});
  ASSERT_TRUE(until([&] { return health()["ok"].get<bool>(); }));
  // Reading goes on as before, and brings nothing that it has not seen.
  frontend_.on_request = [this](const Frontend::Request& request) {
    return request.operation == "PutRecord" ? kFailure : frontend_.serve(request);
  };
  ASSERT_TRUE(until([&] { return !health()["ok"].get<bool>(); }));
  EXPECT_EQ(health()["reason"], "no record has come for 200 ms");
  mend_frontend();
  EXPECT_TRUE(until([&] { return health()["ok"].get<bool>(); }));
}

TEST_F(DependentTest, AStatusPageIsAsGoodAsTheLoginItGoesThrough) {
  break_frontend();
  start(options(DependentKind::blocking_buffer));
  auto with = options(DependentKind::status_page);
  with.login = dependent_->address();
  Dependent page(io_, with, [](int) {});
  EXPECT_EQ(get(page.address(), "/health").status, 200U);
  EXPECT_EQ(get(page.address(), "/health").status, 200U);
  EXPECT_EQ(get(page.address(), "/health").status, 200U);
  const Exchange late = get(page.address(), "/health");
  EXPECT_EQ(late.status, 503U);
  EXPECT_EQ(json::parse(late.body)["reason"], "login: no answer in 1000 ms");
  EXPECT_EQ(get(page.address(), "/login").status, 404U) << "nobody logs in at a status page";
}

TEST_F(DependentTest, WithoutMembershipItEnds) {
  membership_.server.stop_listening();
  start(options(DependentKind::drop_oldest));
  ASSERT_TRUE(until([&] { return ended_.has_value(); }));
  EXPECT_EQ(ended_, 69);
}

}  // namespace
}  // namespace ceiling
