#include "workload/client/pair.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "tests/unit/client/fakes.h"
#include "workload/client/sweep.h"
#include "workload/protocol/accounts.h"
#include "workload/protocol/http_api.h"
#include "workload/protocol/shard_iterator.h"

namespace ceiling {
namespace {

using fakes::Frontend;
using fakes::Reply;
using nlohmann::json;
using testing::ElementsAre;
using namespace std::chrono_literals;

constexpr int kShards = 4;

std::vector<wire::Stream> one_stream() {
  wire::Stream stream;
  stream.set_name("orders");
  stream.set_shards(kShards);
  return {stream};
}

class PairTest : public testing::Test {
 protected:
  std::shared_ptr<Target> target(const wire::Member& member) {
    const auto peer = wire::endpoint_of(member.http_address());
    return std::make_shared<Target>(
        Target{member, std::make_shared<HttpChannel>(io_.get_executor(), peer, 200ms),
               std::make_shared<HttpChannel>(io_.get_executor(), peer, 200ms)});
  }

  std::optional<PairResult> pair(std::size_t shard) {
    std::optional<PairResult> result;
    put_and_read_back(traffic_, target_, target_->canary, shard,
                      [&](PairResult got) { result = got; });
    EXPECT_FALSE(result) << "done came from within the call";
    EXPECT_TRUE(fakes::run_until(io_, [&] { return result.has_value(); }));
    return result;
  }

  /// "put invoke", "put ok", "get fail: why", ...
  std::vector<std::string> told() const {
    constexpr std::array<const char*, 5> kPhases{"?", "invoke", "ok", "fail", "unknown"};
    std::vector<std::string> lines;
    for (const auto& op : operations_) {
      lines.push_back(fmt::format("{} {}{}{}", op.kind(), kPhases.at(op.phase()),
                                  op.error().empty() ? "" : ": ", op.error()));
    }
    return lines;
  }

  boost::asio::io_context io_;
  Frontend frontend_{io_, "frontend-1", kShards};
  std::vector<wire::Operation> operations_;
  Traffic traffic_{KinesisRequests(fakes::kToken), ShardKeys("c1", one_stream()),
                   OperationLog([this](const auto& op) { operations_.push_back(op); })};
  std::shared_ptr<Target> target_ = target(frontend_.member());
};

TEST_F(PairTest, ARecordThatComesBackFromItsShardIsRoutable) {
  EXPECT_EQ(pair(2), PairResult::routable);
  EXPECT_THAT(told(), ElementsAre("put invoke", "put ok", "get invoke", "get ok"));
  EXPECT_EQ(operations_[0].id(), operations_[1].id());
  EXPECT_EQ(operations_[2].id(), operations_[3].id());
  EXPECT_NE(operations_[0].id(), operations_[2].id());
  EXPECT_EQ(operations_[0].shard(), -1);
  EXPECT_EQ(operations_[0].sequence(), 0U);
  for (const auto& op : operations_) {
    EXPECT_EQ(op.frontend(), "frontend-1");
    EXPECT_EQ(op.stream(), "orders");
    EXPECT_EQ(op.key(), operations_[0].key());
  }
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(operations_[i].shard(), 2);
    EXPECT_EQ(operations_[i].sequence(), 1U);
  }
  ASSERT_EQ(frontend_.requests.size(), 2U);
  for (const auto& request : frontend_.requests) EXPECT_EQ(request.signed_by, kFleetAccount);
  const ShardIterator& iterator = frontend_.requests[1].iterator;
  EXPECT_EQ(iterator.account, kFleetAccount);
  EXPECT_EQ(iterator.stream, "orders");
  EXPECT_EQ(iterator.shard, 2U);
  EXPECT_EQ(iterator.sequence, 1U);
  EXPECT_EQ(traffic_.log.counts().puts_ok, 1U);
  EXPECT_EQ(traffic_.log.counts().gets_ok, 1U);
}

TEST_F(PairTest, OneConnectionServesAllPairs) {
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(pair(i % kShards), PairResult::routable);
  EXPECT_EQ(frontend_.connections, 1);
}

TEST_F(PairTest, ARefusedPutHasFailedUnderTheErrorsName) {
  frontend_.on_request = [](const auto&) {
    return Reply{500, R"({"__type": "InternalFailure", "message": "no route"})"};
  };
  EXPECT_EQ(pair(0), PairResult::unroutable);
  EXPECT_THAT(told(), ElementsAre("put invoke", "put fail: InternalFailure"));
  frontend_.on_request = [](const auto&) { return Reply{404, "not JSON"}; };
  EXPECT_EQ(pair(0), PairResult::unroutable);
  EXPECT_EQ(told().back(), "put fail: HTTP 404");
  EXPECT_EQ(frontend_.connections, 1) << "a refusal does not cost the connection";
  EXPECT_EQ(traffic_.log.counts().puts_failed, 2U);
}

TEST_F(PairTest, ARefusedReadBackHasFailed) {
  frontend_.on_request = [&](const auto& request) {
    if (request.operation == "PutRecord") return frontend_.serve(request);
    return Reply{400, R"({"__type": "ExpiredIteratorException"})"};
  };
  EXPECT_EQ(pair(0), PairResult::unroutable);
  EXPECT_THAT(told(), ElementsAre("put invoke", "put ok", "get invoke",
                                  "get fail: ExpiredIteratorException"));
}

struct Wrong {
  const char* name;
  const char* problem;
  std::function<void(json&)> change;
};

class WrongRecordTest : public PairTest, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongRecordTest, IsNoReadBack) {
  frontend_.on_reply = [](Reply& reply) {
    json body = json::parse(reply.body);
    if (!body.contains("Records")) return;
    GetParam().change(body);
    reply.body = body.dump();
  };
  EXPECT_EQ(pair(1), PairResult::unroutable);
  EXPECT_EQ(told().back(), std::string("get fail: ") + GetParam().problem);
  EXPECT_EQ(traffic_.log.counts().gets_failed, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongRecordTest,
    testing::Values(
        Wrong{"none", "record not there", [](json& b) { b["Records"].clear(); }},
        Wrong{"key", "another partition key",
              [](json& b) { b["Records"][0]["PartitionKey"] = "c1-0"; }},
        Wrong{"data", "other data", [](json& b) { b["Records"][0]["Data"] = "AAAA"; }},
        Wrong{"sequence", "another sequence number",
              [](json& b) { b["Records"][0]["SequenceNumber"] = "77"; }},
        Wrong{"number", "another sequence number",
              [](json& b) { b["Records"][0]["SequenceNumber"] = -1; }},
        Wrong{"no_record", "another sequence number", [](json& b) { b["Records"][0] = "text"; }},
        Wrong{"no_records", "answer without Records", [](json& b) { b = json::array(); }}),
    [](const auto& instance) { return instance.param.name; });

// What a stale shard-map does: the record is stored and found, but where it does not belong.
TEST_F(PairTest, ARecordInAnotherShardIsReportedThereAndIsNotRoutable) {
  std::string body;
  frontend_.on_reply = [&](Reply& reply) {
    json answer = json::parse(reply.body);
    if (answer.contains("ShardId")) answer["ShardId"] = http_api::shard_id(3);
    reply.body = answer.dump();
  };
  frontend_.on_request = [&](const auto& request) {
    auto asked = request;
    if (asked.operation == "GetRecords") {
      EXPECT_EQ(asked.iterator.shard, 3U);
      asked.iterator.shard = 1;
    }
    return frontend_.serve(asked);
  };
  EXPECT_EQ(pair(1), PairResult::unroutable);
  EXPECT_THAT(told(), ElementsAre("put invoke", "put ok", "get invoke", "get ok"));
  EXPECT_EQ(operations_[1].shard(), 3);
}

TEST_F(PairTest, AnAnswerThatSaysNothingLeavesThePutUnknown) {
  for (const char* body : {"", "{}", "[1]", R"({"ShardId": "shardId-x", "SequenceNumber": "1"})",
                           R"({"ShardId": "shardId-000000000001", "SequenceNumber": ""})"}) {
    frontend_.on_request = [&](const auto&) { return Reply{200, body}; };
    EXPECT_EQ(pair(0), PairResult::unroutable);
    EXPECT_EQ(told().back(), "put unknown: answer without ShardId and SequenceNumber") << body;
  }
}

TEST_F(PairTest, ALostConnectionLeavesTheOperationUnknownAndTheNextOneConnectsAgain) {
  frontend_.on_reply = [](Reply& reply) { reply.how = Reply::How::half_then_close; };
  EXPECT_EQ(pair(0), PairResult::unroutable);
  EXPECT_EQ(operations_.back().phase(), wire::PHASE_UNKNOWN);
  frontend_.on_reply = [](Reply& reply) { reply.how = Reply::How::close; };
  EXPECT_EQ(pair(0), PairResult::unroutable);
  EXPECT_EQ(operations_.back().phase(), wire::PHASE_UNKNOWN);
  frontend_.on_reply = [](Reply&) {};
  EXPECT_EQ(pair(0), PairResult::routable);
  EXPECT_EQ(frontend_.connections, 3);
}

TEST_F(PairTest, GarbageInPlaceOfAnAnswerLeavesThePutUnknown) {
  for (const std::string& raw :
       {std::string("\x16\x03\x01garbage\r\n\r\n"), std::string(70'000, 'x'),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")}) {
    frontend_.on_reply = [&](Reply& reply) { reply.raw = raw; };
    EXPECT_EQ(pair(0), PairResult::unroutable);
    EXPECT_EQ(operations_.back().phase(), wire::PHASE_UNKNOWN) << told().back();
  }
}

TEST_F(PairTest, AnAnswerThatIsNotAskedForIsNotTakenForTheNextOne) {
  frontend_.on_reply = [](Reply& reply) {
    if (reply.body.find("ShardId") == std::string::npos) return;
    reply.raw = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{}}",
        reply.body.size(), reply.body);
  };
  EXPECT_EQ(pair(0), PairResult::routable);
  EXPECT_EQ(frontend_.connections, 2) << "the read-back went over a fresh connection";
}

TEST_F(PairTest, AFrontendThatNeverAnswersIsUnknownAfterTheTimeout) {
  frontend_.on_reply = [](Reply& reply) { reply.how = Reply::How::never; };
  EXPECT_EQ(pair(0), PairResult::no_answer);
  EXPECT_THAT(told(), ElementsAre("put invoke", "put unknown: no answer in 200 ms"));
  frontend_.on_reply = [](Reply&) {};
  EXPECT_EQ(pair(0), PairResult::routable);
}

TEST_F(PairTest, AFrontendThatIsNotThereIsAFailureBecauseNothingWasSent) {
  frontend_.stop_listening();
  EXPECT_EQ(pair(0), PairResult::unroutable);
  EXPECT_THAT(told(), ElementsAre("put invoke", "put fail: Connection refused"));
}

// A frontend may close an idle connection at any time; nothing is lost by that.
TEST_F(PairTest, AConnectionClosedInBetweenIsOpenedAgainBeforeTheRequestIsSent) {
  frontend_.keep_alive = false;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(fakes::run_until(io_, [&] { return frontend_.open == 0; }));
    std::optional<PairResult> result;
    // The close of the put's connection may or may not be seen before the read-back is sent: only
    // the first request of each pair is certain to find it closed.
    put_and_read_back(traffic_, target_, target_->canary, 0, [&](auto got) { result = got; });
    ASSERT_TRUE(fakes::run_until(io_, [&] { return result.has_value(); }));
    const auto puts = traffic_.log.counts();
    EXPECT_EQ(puts.puts_ok, static_cast<std::uint64_t>(i + 1));
  }
}

TEST_F(PairTest, ASweepCountsEveryShardThroughEveryTarget) {
  Frontend second(io_, "frontend-2", kShards);
  second.on_request = [&](const auto& request) {
    if (request.iterator.stream == "orders" && request.iterator.shard == 0) return Reply{500, ""};
    return second.serve(request);
  };
  std::optional<SweepCount> count;
  sweep(traffic_, {target_, target(second.member())}, [&](auto got) { count = got; });
  ASSERT_TRUE(fakes::run_until(io_, [&] { return count.has_value(); }));
  EXPECT_EQ(count->pairs, 8U);
  EXPECT_EQ(count->routable, 7U);
  EXPECT_EQ(frontend_.connections, 1);
  EXPECT_EQ(second.connections, 1);
}

// Without this one hung frontend makes a sweep last shards × timeout.
TEST_F(PairTest, ASweepAsksAHungTargetOnce) {
  Frontend hung(io_, "frontend-2", kShards);
  hung.on_reply = [](Reply& reply) { reply.how = Reply::How::never; };
  std::optional<SweepCount> count;
  sweep(traffic_, {target_, target(hung.member())}, [&](auto got) { count = got; });
  ASSERT_TRUE(fakes::run_until(io_, [&] { return count.has_value(); }));
  EXPECT_EQ(count->pairs, 8U);
  EXPECT_EQ(count->routable, 4U);
  EXPECT_EQ(hung.requests.size(), 1U);
}

TEST_F(PairTest, ASweepThroughNoTargetIsOverAtOnce) {
  std::optional<SweepCount> count;
  sweep(traffic_, {}, [&](auto got) { count = got; });
  ASSERT_TRUE(count);
  EXPECT_EQ(count->pairs, 0U);
}

}  // namespace
}  // namespace ceiling
