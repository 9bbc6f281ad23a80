#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/client/fixture.h"

namespace ceiling {
namespace {

using fakes::Frontend;
using fakes::kShards;
using fakes::Server;
using testing::ElementsAre;
using wire::Envelope;

/// Owns some shards, `records` in each, and gives at most three a page.
Server::Answer owns(const std::vector<std::uint32_t>& shards, std::uint64_t records) {
  return [shards, records](wire::Connection& connection, const Envelope& message) {
    Envelope answer;
    if (message.has_hello()) {
      answer.mutable_ownership();  // told to everyone
      return connection.send(answer);
    }
    const wire::Get& get = message.get();
    EXPECT_EQ(get.epoch(), 0U);
    EXPECT_EQ(get.stream(), "orders");
    wire::GetDone& done = *answer.mutable_get_done();
    done.set_id(get.id());
    if (std::find(shards.begin(), shards.end(), get.shard()) == shards.end()) {
      done.set_result(wire::RESULT_NOT_OWNER);
      return connection.send(answer);
    }
    done.set_result(wire::RESULT_OK);
    std::uint64_t sequence = std::max<std::uint64_t>(get.from_sequence(), 1);
    for (int i = 0; i < 3 && sequence <= records; ++i, ++sequence) {
      wire::Record& record = *done.add_records();
      record.set_sequence(sequence);
      record.set_partition_key(fmt::format("key-{}-{}", get.shard(), sequence));
    }
    done.set_next_sequence(sequence);
    done.set_more(sequence <= records);
    connection.send(answer);
  };
}

class AuditTest : public fakes::ClientFixture {
 protected:
  wire::AuditDone audit(const std::vector<std::string>& backends) {
    membership_.emplace(io_, fakes::gives(configuration(backends)));
    start_client(0, membership_->address());
    order_audit();
    return await(Envelope::kAuditDone).audit_done();
  }

  std::optional<Server> membership_;
};

TEST_F(AuditTest, ListsEveryRecordOfEveryShardFromItsBackend) {
  Server one(io_, owns({0, 2}, 7));
  Server two(io_, owns({1, 3}, 3));
  const auto done = audit({one.address(), two.address()});
  EXPECT_TRUE(done.complete()) << done.problem();
  EXPECT_EQ(done.problem(), "");
  EXPECT_EQ(done.records(), 20U);
  const auto found = operations("audit", wire::PHASE_OK);
  ASSERT_EQ(found.size(), 20U);
  std::map<std::string, std::pair<int, std::uint64_t>> by_key;
  for (const auto& op : found) {
    EXPECT_EQ(op.stream(), "orders");
    EXPECT_NE(op.id(), 0U);
    by_key[op.key()] = {op.shard(), op.sequence()};
  }
  EXPECT_EQ(by_key.size(), 20U);
  EXPECT_EQ(by_key["key-2-7"], std::pair(2, std::uint64_t{7}));
  EXPECT_EQ(by_key["key-3-1"], std::pair(3, std::uint64_t{1}));
  EXPECT_EQ(one.received.at(0).hello().role(), wire::ROLE_CLIENT);
  EXPECT_EQ(one.received.at(0).hello().token(), "secret");
}

// By the configuration of the moment: a stream that a client made has come since.
TEST_F(AuditTest, ListsWhatClientsHaveMadeToo) {
  Server one(io_, [](wire::Connection& connection, const Envelope& message) {
    Envelope answer;
    if (message.has_hello()) {
      answer.mutable_ownership();
      return connection.send(answer);
    }
    wire::GetDone& done = *answer.mutable_get_done();
    done.set_id(message.get().id());
    done.set_result(wire::RESULT_OK);
    if (message.get().stream() == "0/mine/7" && message.get().shard() == 1) {
      done.add_records()->set_sequence(5);
    }
    connection.send(answer);
  });
  membership_.emplace(io_, [&](wire::Connection& connection, const Envelope& message) {
    if (!message.has_hello()) return;
    Envelope envelope;
    *envelope.mutable_configuration() = configuration({one.address()});
    connection.send(envelope);
    wire::Stream& made = *envelope.mutable_configuration()->add_streams();
    made.set_name("mine");
    made.set_id("0/mine/7");
    made.set_of_a_client(true);
    made.add_made()->set_closed(true);
    made.add_made()->set_number(1);
    connection.send(envelope);
  });
  start_client(0, membership_->address());
  ASSERT_TRUE(until([&] { return !membership_->received.empty(); }));
  order_audit();
  const auto done = await(Envelope::kAuditDone).audit_done();
  EXPECT_TRUE(done.complete()) << done.problem();
  const auto audited = await(Envelope::kConfiguration).configuration();
  ASSERT_EQ(audited.streams_size(), 2);
  EXPECT_EQ(audited.streams(1).made_size(), 2);
  const auto found = operations("audit", wire::PHASE_OK);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].stream(), "mine");
  EXPECT_EQ(found[0].shard(), 1);
  EXPECT_EQ(found[0].sequence(), 5U);
}

TEST_F(AuditTest, AnEmptyShardIsCompleteAllTheSame) {
  Server one(io_, owns({0, 1, 2, 3}, 0));
  const auto done = audit({one.address()});
  EXPECT_TRUE(done.complete()) << done.problem();
  EXPECT_EQ(done.records(), 0U);
}

// "No record lost" must not be said about a backend that was not asked.
TEST_F(AuditTest, ABackendThatIsGoneMakesItIncomplete) {
  Server one(io_, owns({0, 1, 2, 3}, 2));
  Server gone(io_, owns({}, 0));
  gone.stop_listening();
  const auto done = audit({gone.address(), one.address()});
  EXPECT_FALSE(done.complete());
  EXPECT_EQ(done.problem(),
            fmt::format("backend backend-1: connect to {}: Connection refused", gone.address()));
  EXPECT_EQ(done.records(), 8U);
}

TEST_F(AuditTest, AShardThatNobodyOwnsMakesItIncomplete) {
  Server one(io_, owns({0, 1, 3}, 2));
  const auto done = audit({one.address()});
  EXPECT_FALSE(done.complete());
  EXPECT_EQ(done.problem(), "orders shard 2 has no backend");
}

TEST_F(AuditTest, ABackendThatDoesNotAnswerMakesItIncomplete) {
  Server silent(io_, [](wire::Connection&, const Envelope&) {});
  const auto done = audit({silent.address()});
  EXPECT_FALSE(done.complete());
  EXPECT_EQ(done.problem(), "backend backend-1: no answer in 300 ms");
}

TEST_F(AuditTest, ABackendThatRefusesOrClosesMakesItIncomplete) {
  Server strict(
      io_, [](wire::Connection& connection, const Envelope&) { connection.reject("wrong token"); });
  EXPECT_EQ(audit({strict.address()}).problem(), "backend backend-1: refused: wrong token");
}

TEST_F(AuditTest, ABackendThatGoesRoundInCirclesMakesItIncomplete) {
  Server circular(io_, [](wire::Connection& connection, const Envelope& message) {
    if (!message.has_get()) return;
    Envelope answer;
    answer.mutable_get_done()->set_id(message.get().id());
    answer.mutable_get_done()->set_result(wire::RESULT_OK);
    answer.mutable_get_done()->set_more(true);
    connection.send(answer);
  });
  EXPECT_EQ(audit({circular.address()}).problem(),
            "backend backend-1: says that there is more and does not go on");
}

TEST_F(AuditTest, WithoutBackendsItIsIncomplete) {
  EXPECT_EQ(audit({}).problem(), "there is no backend");
}

TEST_F(AuditTest, ABackendWithABadAddressMakesItIncomplete) {
  EXPECT_EQ(audit({"nowhere"}).problem(),
            "backend backend-1: \"nowhere\" is no address: expected one like 127.0.0.1:4000");
}

// A put that ends after the backend was read would be reported as lost.
TEST_F(AuditTest, WaitsForTheCanaryUnderWayAndStartsNoOther) {
  Server one(io_, owns({0, 1, 2, 3}, 1));
  membership_.emplace(io_, fakes::gives(configuration({one.address()})));
  Frontend frontend(io_, "frontend-1", kShards);
  frontend.held = true;
  start_client(1000, membership_->address());
  aim({&frontend});
  ASSERT_TRUE(until([&] { return frontend.waiting.size() == 1; }));
  order_audit();
  EXPECT_FALSE(fakes::run_until(
      io_, [&] { return !one.received.empty(); }, std::chrono::milliseconds(100)));
  frontend.held = false;
  frontend.waiting.front()();
  frontend.waiting.clear();
  EXPECT_TRUE(await(Envelope::kAuditDone).audit_done().complete());
  EXPECT_EQ(operations("put", wire::PHASE_OK).size(), 1U);
  EXPECT_EQ(operations("get", wire::PHASE_OK).size(), 1U);
  EXPECT_EQ(frontend.requests.size(), 2U);
  order_sweep(1);
  EXPECT_EQ(await(Envelope::kSweepDone).sweep_done().routable(), 4U);
  EXPECT_EQ(frontend.requests.size(), 10U) << "only the sweep: the canaries stay stopped";
}

}  // namespace
}  // namespace ceiling
