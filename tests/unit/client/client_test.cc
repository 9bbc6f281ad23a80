#include "workload/client/client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "tests/unit/client/fixture.h"

namespace ceiling {
namespace {

using fakes::Frontend;
using fakes::kShards;
using fakes::Reply;
using fakes::Server;
using wire::Envelope;

class ClientTest : public fakes::ClientFixture {
 protected:
  Frontend first_{io_, "frontend-1", kShards};
  Frontend second_{io_, "frontend-2", kShards};
  Server membership_{io_, fakes::gives(configuration())};
};

TEST_F(ClientTest, IntroducesItselfAndSweepsWhenToldTo) {
  start_client(0, membership_.address());
  aim({&first_, &second_});
  order_sweep(7);
  const auto done = await(Envelope::kSweepDone).sweep_done();
  EXPECT_EQ(done.id(), 7U);
  EXPECT_EQ(done.pairs(), 8U);
  EXPECT_EQ(done.routable(), 8U);
  ASSERT_EQ(membership_.received.size(), 1U);
  EXPECT_EQ(membership_.received[0].hello().token(), "secret");
  EXPECT_EQ(membership_.received[0].hello().role(), wire::ROLE_CLIENT);
  EXPECT_EQ(membership_.received[0].hello().name(), "c1");
  EXPECT_EQ(operations("put", wire::PHASE_OK).size(), 8U);
  EXPECT_EQ(operations("get", wire::PHASE_OK).size(), 8U);
  std::set<std::uint64_t> ids;
  std::set<std::tuple<std::string, int>> pairs;
  for (const char* kind : {"put", "get"}) {
    for (const auto& op : operations(kind, wire::PHASE_INVOKE)) ids.insert(op.id());
  }
  for (const auto& op : operations("put", wire::PHASE_OK))
    pairs.insert({op.frontend(), op.shard()});
  EXPECT_EQ(ids.size(), 16U);
  EXPECT_EQ(pairs.size(), 8U);
}

// The harness tells the two orders and reads both answers; mixed up, the wrong step is judged.
TEST_F(ClientTest, SweepsAreAnsweredOneAfterAnotherAndUseTheTargetsOfTheirTime) {
  start_client(0, membership_.address());
  aim({&first_});
  order_sweep(1);
  order_sweep(2);
  EXPECT_EQ(await(Envelope::kSweepDone).sweep_done().id(), 1U);
  EXPECT_EQ(await(Envelope::kSweepDone).sweep_done().id(), 2U);
  first_.on_request = [](const auto&) { return Reply{500, ""}; };
  order_sweep(3);
  EXPECT_EQ(await(Envelope::kSweepDone).sweep_done().routable(), 0U);
  aim({&second_});
  order_sweep(4);
  EXPECT_EQ(await(Envelope::kSweepDone).sweep_done().routable(), 4U);
  EXPECT_EQ(first_.connections, 1);
}

TEST_F(ClientTest, CanariesComeToEveryShardThroughEveryTarget) {
  start_client(1000, membership_.address());
  aim({&first_, &second_});
  std::set<std::tuple<std::string, int>> pairs;
  EXPECT_TRUE(until([&] {
    for (const auto& op : operations("get", wire::PHASE_OK)) {
      pairs.insert({op.frontend(), op.shard()});
    }
    return pairs.size() == 8;
  }));
  EXPECT_EQ(first_.connections, 1);
}

// 50 pairs/s: 25 take half a second, whatever the frontends' speed.
TEST_F(ClientTest, CanariesKeepTheirRate) {
  start_client(50, membership_.address());
  aim({&first_});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(until([&] { return operations("put", wire::PHASE_INVOKE).size() >= 25; }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took.count(), 0.4);
  EXPECT_LT(took.count(), 2.0);
}

TEST_F(ClientTest, AtRateZeroThereIsNoTrafficOfItsOwn) {
  start_client(0, membership_.address());
  aim({&first_});
  order_sweep(1);
  await(Envelope::kSweepDone);
  const std::size_t requests = first_.requests.size();
  EXPECT_FALSE(fakes::run_until(
      io_, [&] { return first_.requests.size() > requests; }, std::chrono::milliseconds(200)));
}

TEST_F(ClientTest, ASlowTargetHasOneCanaryAtATimeAndTheOthersGoOn) {
  first_.held = true;
  start_client(500, membership_.address());
  aim({&first_, &second_});
  EXPECT_TRUE(until([&] { return second_.requests.size() >= 20; }));
  EXPECT_GT(client_->skipped(), 0U);
  int under_way = 0;
  for (const auto& message : told_) {
    if (!message.has_operation() || message.operation().frontend() != "frontend-1") continue;
    under_way += message.operation().phase() == wire::PHASE_INVOKE ? 1 : -1;
    ASSERT_LE(under_way, 1);
  }
  EXPECT_GT(first_.requests.size(), 0U);
}

TEST_F(ClientTest, ARemovedTargetIsClosedWhenItsOperationIsOver) {
  first_.held = true;
  start_client(500, membership_.address());
  aim({&first_});
  ASSERT_TRUE(until([&] { return first_.waiting.size() == 1; }));
  aim({&second_});
  ASSERT_TRUE(until([&] { return second_.requests.size() >= 4; }));
  EXPECT_EQ(first_.open, 1);
  first_.held = false;
  first_.waiting.front()();
  first_.waiting.clear();
  ASSERT_TRUE(until([&] { return first_.open == 0; }));
  EXPECT_EQ(first_.requests.size(), 2U) << "the put that was under way, and its read-back";
  EXPECT_EQ(first_.requests.back().operation, "GetRecords");
}

TEST_F(ClientTest, EndsWithStatusZeroWhenTheControlConnectionCloses) {
  start_client(100, membership_.address());
  aim({&first_});
  ASSERT_TRUE(until([&] { return !told_.empty(); }));
  control_->close();
  ASSERT_TRUE(until([&] { return ended_.has_value(); }));
  EXPECT_EQ(*ended_, 0);
}

TEST_F(ClientTest, AnOrderThatIsNoneClosesTheControlConnectionWithAReason) {
  start_client(0, membership_.address());
  Envelope nonsense;
  nonsense.mutable_members();
  control_->send(nonsense);
  EXPECT_EQ(await(Envelope::kRejected).rejected().reason(), "expected targets, sweep or audit");
  EXPECT_TRUE(until([&] { return ended_.has_value() && control_closed_; }));
}

TEST_F(ClientTest, ATargetWithoutAnAddressIsRefused) {
  start_client(0, membership_.address());
  Envelope targets;
  targets.mutable_targets()->add_frontends()->set_name("f");
  control_->send(targets);
  EXPECT_NE(await(Envelope::kRejected).rejected().reason().find("frontend f: \"\" is no address"),
            std::string::npos);
}

TEST_F(ClientTest, WithoutMembershipItEndsAsUnavailable) {
  membership_.stop_listening();
  start_client(0, membership_.address());
  ASSERT_TRUE(until([&] { return ended_.has_value(); }));
  EXPECT_EQ(*ended_, 69);
}

TEST_F(ClientTest, RefusedByMembershipItEndsAsUnavailable) {
  Server strict(
      io_, [](wire::Connection& connection, const Envelope&) { connection.reject("wrong token"); });
  start_client(0, strict.address());
  ASSERT_TRUE(until([&] { return ended_.has_value(); }));
  EXPECT_EQ(*ended_, 69);
}

TEST_F(ClientTest, OnceConfiguredItOutlivesMembership) {
  start_client(0, membership_.address());
  aim({&first_});
  order_sweep(1);
  await(Envelope::kSweepDone);
  membership_.connections.at(0)->close();
  order_sweep(2);
  EXPECT_EQ(await(Envelope::kSweepDone).sweep_done().routable(), 4U);
  EXPECT_FALSE(ended_);
}

TEST_F(ClientTest, WithoutControlItFollowsTheMemberList) {
  start_client(1000, membership_.address(), false);
  ASSERT_TRUE(until([&] { return membership_.received.size() == 1; }));
  const auto announce = [&](const std::vector<const Frontend*>& frontends) {
    Envelope members;
    for (const Frontend* frontend : frontends) {
      *members.mutable_members()->add_members() = frontend->member();
    }
    membership_.connections.at(0)->send(members);
  };
  announce({&first_});
  EXPECT_TRUE(until([&] { return first_.requests.size() >= 10; }));
  announce({&first_, &second_});
  EXPECT_TRUE(until([&] { return second_.requests.size() >= 10; }));
  EXPECT_EQ(first_.connections, 1);
  EXPECT_GT(client_->counts().gets_ok, 0U);
}

// A closed descriptor number, or one that is no socket, is a defect of the caller: said at once.
TEST_F(ClientTest, AControlDescriptorThatIsNoneIsRefused) {
  ClientOptions options;
  options.membership = membership_.address();
  options.control_fd = 987;
  EXPECT_ANY_THROW(Client(io_, options, [](int) {}));
}

}  // namespace
}  // namespace ceiling
