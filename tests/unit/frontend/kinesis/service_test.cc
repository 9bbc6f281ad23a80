#include "workload/frontend/kinesis/service.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <set>

#include "tests/unit/frontend/kinesis/fake_fleet.h"
#include "workload/frontend/kinesis/clock.h"
#include "workload/protocol/base64.h"
#include "workload/protocol/http_api.h"
#include "workload/protocol/shard_iterator.h"

namespace ceiling::frontend::kinesis {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Call = FakeFleet::Call;

const std::string kNotFound =
    "400 ResourceNotFoundException: Stream {} under account {} not found.";

/// In shard 0, 1 or 2 of "orders".
std::string hash_key_in(int shard) {
  return to_decimal(shard_range(shard, 3).first);
}

Document record_in(int shard, const std::string& data = "") {
  return {
      {"Data", to_base64(data)}, {"PartitionKey", "key"}, {"ExplicitHashKey", hash_key_in(shard)}};
}

Document put_in(int shard) {
  Document put = record_in(shard, "data");
  put["StreamName"] = "orders";
  return put;
}

Document iterator_of(const std::string& type, const Document& more = Document::object()) {
  Document request = {
      {"StreamName", "orders"}, {"ShardId", http_api::shard_id(1)}, {"ShardIteratorType", type}};
  request.update(more);
  return request;
}

void refuse_all(FakeFleet& fleet, wire::Result result) {
  fleet.backend = [result](const Call& call) {
    const auto answer = refused(call, result);
    call.done(&answer);
  };
}

void answer_none(FakeFleet& fleet) {
  fleet.backend = [](const Call&) {};
}

// ---- who asks, and for what
// ------------------------------------------------------------------------

TEST(Service, AWrongSignatureIsRefusedAndNothingIsSent) {
  FakeFleet fleet;
  const auto refusal_of = [&](const HttpRequest& request) {
    const auto answered = fleet.send(request);
    return *answered ? error_in(**answered) : "not answered";
  };
  const std::string body = put_in(0).dump();
  HttpRequest is_unsigned = fleet.request("PutRecord", body);
  is_unsigned.headers.pop_back();
  EXPECT_EQ(refusal_of(is_unsigned),
            "400 MissingAuthenticationTokenException: Missing Authentication Token");
  EXPECT_THAT(refusal_of(fleet.request("PutRecord", body, Format::json, kFleetAccount, "another")),
              StartsWith("400 InvalidSignatureException: "));
  EXPECT_THAT(refusal_of(fleet.request("PutRecord", body, Format::cbor, kFleetAccount, "another")),
              StartsWith("400 InvalidSignatureException: "))
      << "told in the format of the request";
  EXPECT_THAT(refusal_of(fleet.request("PutRecord", body, Format::json, "000000000003")),
              StartsWith("400 UnrecognizedClientException: "))
      << "no account of the configuration";
  HttpRequest changed = fleet.request("PutRecord", body);
  changed.body.back() = ' ';
  EXPECT_THAT(refusal_of(changed), StartsWith("400 InvalidSignatureException: "));
  HttpRequest other = fleet.request("PutRecord", body);
  other.headers[3].second = "Kinesis_20131202.PutRecords";
  EXPECT_THAT(refusal_of(other), StartsWith("400 InvalidSignatureException: "));
  EXPECT_TRUE(fleet.calls.empty());
}

TEST(Service, WhatIsNoOperationIsRefused) {
  FakeFleet fleet;
  const auto answered = fleet.send("UpdateShardCount", Document::object());
  EXPECT_THAT(error_in(answered->value()), StartsWith("400 UnknownOperationException: "));
  EXPECT_THAT(fleet.bad("", Document::object()), StartsWith("400 UnknownOperationException: "));
}

TEST(Service, EveryAnswerHasAnIdOfItsOwn) {
  FakeFleet fleet;
  std::set<std::string> ids;
  for (const char* stream : {"orders", "orders", "nothing"}) {
    const auto answered = fleet.send("DescribeStream", {{"StreamName", stream}});
    const auto& [name, id] = answered->value().headers.at(0);
    EXPECT_EQ(name, "x-amzn-RequestId");
    EXPECT_THAT(id, testing::MatchesRegex(
                        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 3u);
}

TEST(Service, AnAnswerIsOfTheFormatOfItsRequest) {
  FakeFleet fleet;
  const Document request = {
      {"StreamName", "orders"}, {"PartitionKey", "key"}, {"Data", Document::binary({'d'})}};
  const auto answered =
      fleet.send(fleet.request("PutRecord", write_answer(request, Format::cbor), Format::cbor));
  EXPECT_EQ(answered->value().content_type, "application/x-amz-cbor-1.1");
  EXPECT_EQ(Document::from_cbor(answered->value().body).at("SequenceNumber"), "42");
  EXPECT_EQ(fleet.calls.at(0).request.put().data(), "d");
}

TEST(Service, AStreamOfAnotherAccountIsNotFoundAndNothingIsSent) {
  FakeFleet fleet;
  const std::string not_theirs = fmt::format(fmt::runtime(kNotFound), "theirs", kFleetAccount);
  const std::string not_ours = fmt::format(fmt::runtime(kNotFound), "orders", kOtherAccount);
  Document put = put_in(0);
  EXPECT_EQ(fleet.bad("PutRecord", put, kOtherAccount), not_ours);
  put["StreamName"] = "theirs";
  EXPECT_EQ(fleet.bad("PutRecord", put), not_theirs);
  EXPECT_EQ(fleet.bad("PutRecords", {{"StreamName", "theirs"}, {"Records", {record_in(0)}}}),
            not_theirs);
  for (const char* operation : {"DescribeStream", "DescribeStreamSummary", "ListShards"}) {
    EXPECT_EQ(fleet.bad(operation, {{"StreamName", "theirs"}}), not_theirs) << operation;
    EXPECT_EQ(fleet.bad(operation, {{"StreamName", "orders"}}, kOtherAccount), not_ours)
        << operation;
  }
  EXPECT_EQ(fleet.bad("GetShardIterator", iterator_of("LATEST"), kOtherAccount), not_ours);
  EXPECT_EQ(fleet.good("ListStreams", Document::object()).at("StreamNames"), (Document{"orders"}));
  EXPECT_EQ(fleet.good("ListStreams", Document::object(), kOtherAccount).at("StreamNames"),
            (Document{"theirs"}));
  EXPECT_TRUE(fleet.calls.empty());
}

TEST(Service, BeforeItsConfigurationItFails) {
  FakeFleet fleet;
  Service service(
      fleet.loop.get_executor(), fleet.map, std::string(kToken),
      [](const std::string&, const wire::Envelope&, const Service::Done&) {
        ADD_FAILURE() << "sent";
      },
      [](const wire::Change&, const Service::Changed&) { ADD_FAILURE() << "asked"; });
  std::string error;
  service.handle(fleet.request("PutRecord", put_in(0).dump()),
                 [&](const HttpResponse& response) { error = error_in(response); });
  EXPECT_EQ(error, "500 InternalFailure: this frontend has no configuration yet");
}

// ---- putting records
// -------------------------------------------------------------------------------

TEST(PutRecord, GoesToTheOwnerOfItsKey) {
  FakeFleet fleet;
  for (const char* key : {"a", "key", "é", "another key"}) {
    const auto answer = fleet.good(
        "PutRecord", {{"StreamName", "orders"}, {"PartitionKey", key}, {"Data", "ZGF0YQ=="}});
    int shard = 0;
    while (!shard_range(shard, 3).contains(hash_key(key))) ++shard;
    EXPECT_EQ(answer, (Document{{"ShardId", http_api::shard_id(shard)},
                                {"SequenceNumber", "42"},
                                {"EncryptionType", "NONE"}}));
    const Call& call = fleet.calls.back();
    EXPECT_EQ(call.backend, fmt::format("b{}", shard));
    EXPECT_EQ(call.request.put().stream(), "orders");
    EXPECT_EQ(call.request.put().shard(), static_cast<std::uint32_t>(shard));
    EXPECT_EQ(call.request.put().epoch(), 7u);
    EXPECT_EQ(call.request.put().partition_key(), key);
    EXPECT_EQ(call.request.put().data(), "data");
  }
}

TEST(PutRecord, GoesToTheOwnerOfItsExplicitHashKey) {
  FakeFleet fleet;
  for (int shard = 0; shard < 3; ++shard) {
    for (const HashKey key : {shard_range(shard, 3).first, shard_range(shard, 3).last}) {
      Document put = put_in(0);
      put["ExplicitHashKey"] = to_decimal(key);
      EXPECT_EQ(fleet.good("PutRecord", put).at("ShardId"), http_api::shard_id(shard));
      EXPECT_EQ(fleet.calls.back().backend, fmt::format("b{}", shard));
    }
  }
}

TEST(PutRecord, AHashKeyBeyondTheSpaceIsRefusedAndNothingIsSent) {
  FakeFleet fleet;
  Document put = put_in(0);
  put["ExplicitHashKey"] = "340282366920938463463374607431768211456";  // 2^128
  const std::string refusal =
      "400 InvalidArgumentException: Invalid ExplicitHashKey. ExplicitHashKey must be in the "
      "range: [0, 2^128-1]. Specified value was 340282366920938463463374607431768211456";
  EXPECT_EQ(fleet.bad("PutRecord", put), refusal);
  const Document records = {record_in(0), put};
  EXPECT_EQ(fleet.bad("PutRecords", {{"StreamName", "orders"}, {"Records", records}}), refusal);
  EXPECT_TRUE(fleet.calls.empty());
}

TEST(PutRecord, WhatABackendRefusesFails) {
  FakeFleet fleet;
  const std::pair<wire::Result, const char*> cases[] = {
      {wire::RESULT_FULL, "500 InternalFailure: the backend has no room for more records"},
      {wire::RESULT_TOO_LARGE, "500 InternalFailure: the backend refused the record"},
      {wire::RESULT_UNSPECIFIED, "500 InternalFailure: the backend refused the record"},
  };
  for (const auto& [result, error] : cases) {
    refuse_all(fleet, result);
    EXPECT_EQ(fleet.bad("PutRecord", put_in(0)), error);
  }
  fleet.backend = [](const Call& call) { call.done(nullptr); };
  EXPECT_EQ(fleet.bad("PutRecord", put_in(0)),
            "500 InternalFailure: the backend is not there, or does not answer");
  EXPECT_EQ(fleet.calls.size(), 4u) << "each asked once";
}

TEST(PutRecord, AnUnroutedShardIsAnInternalFailure) {
  FakeFleet fleet;
  fleet.publish(8, {{0, "b0"}});
  EXPECT_EQ(fleet.bad("PutRecord", put_in(1)), "500 InternalFailure: no route in the shard-map");
  EXPECT_EQ(fleet.bad("GetShardIterator", iterator_of("LATEST")),
            "500 InternalFailure: no route in the shard-map");
  EXPECT_TRUE(fleet.calls.empty());
  fleet.good("PutRecord", put_in(0));
}

TEST(PutRecords, ResultsStandInTheOrderOfTheRecords) {
  FakeFleet fleet;
  answer_none(fleet);
  Document records = Document::array();
  for (const int shard : {2, 0, 1, 0}) records.push_back(record_in(shard));
  const auto answered = fleet.send("PutRecords", {{"StreamName", "orders"}, {"Records", records}});
  ASSERT_EQ(fleet.calls.size(), 4u);
  for (const std::size_t place : {3u, 1u, 0u, 2u}) {
    EXPECT_FALSE(*answered);
    wire::Envelope answer;
    answer.mutable_put_done()->set_result(place == 1 ? wire::RESULT_FULL : wire::RESULT_OK);
    answer.mutable_put_done()->set_sequence(100 + place);
    const auto done = fleet.calls.at(place).done;
    done(place == 2 ? nullptr : &answer);
  }
  ASSERT_TRUE(*answered);
  EXPECT_EQ(Document::parse((*answered)->body),
            (Document{{"FailedRecordCount", 2},
                      {"EncryptionType", "NONE"},
                      {"Records",
                       {{{"ShardId", http_api::shard_id(2)}, {"SequenceNumber", "100"}},
                        {{"ErrorCode", "InternalFailure"},
                         {"ErrorMessage", "the backend has no room for more records"}},
                        {{"ErrorCode", "InternalFailure"},
                         {"ErrorMessage", "the backend is not there, or does not answer"}},
                        {{"ShardId", http_api::shard_id(0)}, {"SequenceNumber", "103"}}}}}));
}

TEST(PutRecords, ARecordWithoutARouteFailsAlone) {
  FakeFleet fleet;
  fleet.publish(8, {{0, "b0"}});
  const Document answer = fleet.good(
      "PutRecords", {{"StreamName", "orders"}, {"Records", {record_in(1), record_in(0)}}});
  EXPECT_EQ(answer.at("FailedRecordCount"), 1);
  EXPECT_EQ(answer.at("Records").at(0), (Document{{"ErrorCode", "InternalFailure"},
                                                  {"ErrorMessage", "no route in the shard-map"}}));
  EXPECT_EQ(answer.at("Records").at(1).at("SequenceNumber"), "42");
}

TEST(PutRecords, FiveMebibytesOfDataAndKeysAreTaken) {
  FakeFleet fleet;
  Document records = Document::array();
  constexpr std::size_t kMebibyte = 1 << 20;
  for (int i = 0; i < 5; ++i) records.push_back(record_in(0, std::string(kMebibyte - 3, 'x')));
  Document request = {{"StreamName", "orders"}, {"Records", records}};
  EXPECT_EQ(fleet.good("PutRecords", request).at("FailedRecordCount"), 0);
  fleet.calls.clear();
  request["Records"][4] = record_in(0, std::string(kMebibyte - 2, 'x'));
  EXPECT_EQ(fleet.bad("PutRecords", request),
            "400 InvalidArgumentException: Records: 5242881 bytes of data and partition keys, at "
            "most 5242880");
  EXPECT_TRUE(fleet.calls.empty());
}

// ---- a backend that is not the owner any more
// ---------------------------------------------------------

TEST(NotOwner, IsAskedAgainWhenTheMapHasChanged) {
  FakeFleet fleet;
  refuse_all(fleet, wire::RESULT_NOT_OWNER);
  const auto answered = fleet.send("PutRecord", put_in(1));
  EXPECT_FALSE(*answered);
  EXPECT_EQ(fleet.calls.size(), 1u);
  fleet.publish(8, {{1, "b2"}});
  fleet.backend = [](const Call& call) {
    const auto answer = stored(call);
    call.done(&answer);
  };
  fleet.service.map_changed();
  fleet.loop.run();
  ASSERT_TRUE(*answered);
  EXPECT_EQ((*answered)->status, 200);
  ASSERT_EQ(fleet.calls.size(), 2u);
  EXPECT_EQ(fleet.calls[1].backend, "b2");
  EXPECT_EQ(fleet.calls[1].request.put().epoch(), 8u);
  EXPECT_EQ(fleet.calls[1].request.put().data(), "data");
}

TEST(NotOwner, IsAskedAgainAtOnceWhenTheMapChangedMeanwhile) {
  for (const auto& [backend, epoch] : {std::pair("b1", 8u), std::pair("b2", 7u)}) {
    FakeFleet fleet;
    answer_none(fleet);
    const auto answered = fleet.send("GetShardIterator", iterator_of("LATEST"));
    fleet.publish(epoch, {{1, backend}});
    const auto answer = refused(fleet.calls.at(0), wire::RESULT_NOT_OWNER);
    const auto done = fleet.calls.at(0).done;
    done(&answer);
    ASSERT_EQ(fleet.calls.size(), 2u);
    EXPECT_EQ(fleet.calls[1].backend, backend);
    EXPECT_EQ(fleet.calls[1].request.get().epoch(), epoch);
    const auto found = stored(fleet.calls[1]);
    const auto again = fleet.calls[1].done;
    again(&found);
    EXPECT_EQ(answered->value().status, 200);
  }
}

TEST(NotOwner, IsAskedAgainOnlyOnce) {
  FakeFleet fleet;
  refuse_all(fleet, wire::RESULT_NOT_OWNER);
  const auto answered = fleet.send("PutRecord", put_in(1));
  for (std::uint64_t epoch = 8; epoch < 12; ++epoch) {
    fleet.publish(epoch);
    fleet.service.map_changed();
    fleet.loop.restart();
    fleet.loop.run();
  }
  EXPECT_EQ(error_in(answered->value()), "500 InternalFailure: the backend does not own the shard");
  EXPECT_EQ(fleet.calls.size(), 2u);
}

TEST(NotOwner, WithoutAnotherMapTheRequestFailsAfterTwoSeconds) {
  FakeFleet fleet;
  refuse_all(fleet, wire::RESULT_NOT_OWNER);
  const auto begin = std::chrono::steady_clock::now();
  const auto answered = fleet.send("PutRecord", put_in(1));
  EXPECT_FALSE(*answered);
  fleet.loop.run();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_EQ(error_in(answered->value()), "500 InternalFailure: the backend does not own the shard");
}

TEST(NotOwner, AShardThatIsRoutedNoMoreFails) {
  FakeFleet fleet;
  refuse_all(fleet, wire::RESULT_NOT_OWNER);
  const auto answered = fleet.send("PutRecord", put_in(1));
  fleet.publish(8, {});
  fleet.service.map_changed();
  fleet.loop.run();
  EXPECT_EQ(error_in(answered->value()), "500 InternalFailure: no route in the shard-map");
  EXPECT_EQ(fleet.calls.size(), 1u);
}

TEST(NotOwner, EveryRecordOfABatchFindsItsNewOwner) {
  FakeFleet fleet;
  refuse_all(fleet, wire::RESULT_NOT_OWNER);
  const auto answered = fleet.send(
      "PutRecords", {{"StreamName", "orders"}, {"Records", {record_in(0), record_in(1)}}});
  fleet.backend = [](const Call& call) {
    const auto answer = stored(call);
    call.done(&answer);
  };
  fleet.publish(8);
  fleet.service.map_changed();
  fleet.loop.run();
  EXPECT_EQ(Document::parse(answered->value().body).at("FailedRecordCount"), 0);
  EXPECT_EQ(fleet.calls.size(), 4u);
}

// ---- reading
// ---------------------------------------------------------------------------------------

wire::Get first_get(FakeFleet& fleet, const std::string& type,
                    const Document& more = Document::object()) {
  const Document iterator = fleet.good("GetShardIterator", iterator_of(type, more));
  fleet.calls.clear();
  fleet.good("GetRecords", iterator);
  EXPECT_EQ(fleet.calls.at(0).backend, "b1");
  return fleet.calls.at(0).request.get();
}

TEST(GetShardIterator, EveryTypeStartsWhereItSays) {
  FakeFleet fleet;
  EXPECT_EQ(first_get(fleet, "TRIM_HORIZON").from_sequence(), 0u);
  const Document number = {{"StartingSequenceNumber", "42"}};
  EXPECT_EQ(first_get(fleet, "AT_SEQUENCE_NUMBER", number).from_sequence(), 42u);
  EXPECT_EQ(first_get(fleet, "AFTER_SEQUENCE_NUMBER", number).from_sequence(), 43u);
  // The backend is asked where the others start: at the record that it finds, else at the end.
  EXPECT_EQ(first_get(fleet, "AT_TIMESTAMP", {{"Timestamp", 1767323045.678}}).from_sequence(), 42u);
  fleet.backend = [](const Call& call) {
    auto answer = stored(call);
    answer.mutable_get_done()->clear_records();
    call.done(&answer);
  };
  EXPECT_EQ(first_get(fleet, "AT_TIMESTAMP", {{"Timestamp", 1767323045.678}}).from_sequence(), 44u);
  EXPECT_EQ(first_get(fleet, "LATEST").from_sequence(), 44u);
}

TEST(GetShardIterator, ABackendIsAskedForATimeOrTheEnd) {
  FakeFleet fleet;
  fleet.good("GetShardIterator", iterator_of("AT_TIMESTAMP", {{"Timestamp", 1767323045.678}}));
  EXPECT_EQ(fleet.calls.back().request.get().from_arrived_ms(), kThenMs);
  EXPECT_EQ(fleet.calls.back().request.get().limit(), 1u);
  fleet.good("GetShardIterator", iterator_of("AT_TIMESTAMP", {{"Timestamp", 0}}));
  EXPECT_EQ(fleet.calls.back().request.get().from_arrived_ms(), 1u) << "0 would be no time at all";
  fleet.good("GetShardIterator", iterator_of("LATEST"));
  EXPECT_EQ(fleet.calls.back().request.get().from_arrived_ms(), 0u);
  EXPECT_EQ(fleet.calls.back().request.get().from_sequence(), 0x7fffffffffffffff);
  EXPECT_EQ(fleet.calls.back().request.get().shard(), 1u);
}

TEST(GetShardIterator, WhatATypeNeedsMustBeThere) {
  FakeFleet fleet;
  EXPECT_EQ(fleet.bad("GetShardIterator", iterator_of("AT_SEQUENCE_NUMBER")),
            "400 InvalidArgumentException: AT_SEQUENCE_NUMBER needs StartingSequenceNumber");
  EXPECT_EQ(fleet.bad("GetShardIterator", iterator_of("AFTER_SEQUENCE_NUMBER")),
            "400 InvalidArgumentException: AFTER_SEQUENCE_NUMBER needs StartingSequenceNumber");
  EXPECT_EQ(fleet.bad("GetShardIterator", iterator_of("AT_TIMESTAMP")),
            "400 InvalidArgumentException: AT_TIMESTAMP needs Timestamp");
  for (const std::string& number :
       {std::string("9223372036854775807"), std::string("18446744073709551616"),
        "1" + std::string(128, '0')}) {
    EXPECT_EQ(fleet.bad("GetShardIterator",
                        iterator_of("AFTER_SEQUENCE_NUMBER", {{"StartingSequenceNumber", number}})),
              "400 InvalidArgumentException: StartingSequenceNumber " + number +
                  " was never given in this shard");
  }
  EXPECT_TRUE(fleet.calls.empty());
}

TEST(GetShardIterator, AShardThatTheStreamDoesNotHaveIsNotFound) {
  FakeFleet fleet;
  for (const char* id :
       {"shardId-000000000003", "shardId-3", "shardId-0", "1", "shardId-99999999999999"}) {
    EXPECT_EQ(fleet.bad("GetShardIterator", iterator_of("LATEST", {{"ShardId", id}})),
              fmt::format("400 ResourceNotFoundException: Shard {} in stream orders under account "
                          "000000000001 does not exist",
                          id));
  }
  EXPECT_TRUE(fleet.calls.empty());
}

TEST(GetRecords, AnswersRecordsAndWhereToGoOn) {
  FakeFleet fleet;
  const Document iterator = fleet.good("GetShardIterator", iterator_of("TRIM_HORIZON"));
  const Document answer = fleet.good("GetRecords", iterator);
  EXPECT_EQ(fleet.calls.at(0).request.get().limit(), 10000u);
  EXPECT_EQ(answer.at("Records").size(), 2u);
  EXPECT_EQ(answer.at("Records").at(0), (Document{{"SequenceNumber", "42"},
                                                  {"ApproximateArrivalTimestamp", 1767323045.678},
                                                  {"Data", "ZGF0YQ=="},
                                                  {"PartitionKey", "key"},
                                                  {"EncryptionType", "NONE"}}));
  EXPECT_EQ(answer.at("MillisBehindLatest"), 1500);
  Document next = {{"ShardIterator", answer.at("NextShardIterator")}, {"Limit", 5}};
  fleet.good("GetRecords", next);
  EXPECT_EQ(fleet.calls.at(1).request.get().from_sequence(), 44u);
  EXPECT_EQ(fleet.calls.at(1).request.get().limit(), 5u);
  EXPECT_EQ(fleet.calls.at(1).request.get().stream(), "orders");
}

TEST(GetRecords, AtTheEndNothingIsBehind) {
  FakeFleet fleet;
  const Document iterator = fleet.good("GetShardIterator", iterator_of("TRIM_HORIZON"));
  fleet.backend = [](const Call& call) {
    auto answer = stored(call);
    answer.mutable_get_done()->set_more(false);
    call.done(&answer);
  };
  EXPECT_EQ(fleet.good("GetRecords", iterator).at("MillisBehindLatest"), 0);
  fleet.backend = [](const Call& call) {
    auto answer = stored(call);
    answer.mutable_get_done()->set_latest_arrived_ms(kThenMs);
    call.done(&answer);
  };
  EXPECT_EQ(fleet.good("GetRecords", iterator).at("MillisBehindLatest"), 1)
      << "more records of the same millisecond";
}

TEST(GetRecords, OnlyOurOwnIteratorIsTaken) {
  FakeFleet fleet;
  const ShardIterator ours{std::string(kFleetAccount), "orders", 1, 5, now_ms()};
  ShardIterator theirs = ours;
  theirs.account = kOtherAccount;
  std::string changed = seal(ours, kToken);
  changed[3] = changed[3] == 'A' ? 'B' : 'A';
  for (const std::string& text :
       {std::string("x"), std::string("AAAA"), changed, seal(ours, "another"), seal(theirs, kToken),
        seal(ours, "next token " + std::string(kToken))}) {
    EXPECT_EQ(fleet.bad("GetRecords", {{"ShardIterator", text}}),
              "400 InvalidArgumentException: Invalid ShardIterator.");
  }
  EXPECT_TRUE(fleet.calls.empty());
  fleet.good("GetRecords", {{"ShardIterator", seal(ours, kToken)}});
}

TEST(GetRecords, AnIteratorLivesFiveMinutes) {
  FakeFleet fleet;
  ShardIterator iterator{std::string(kFleetAccount), "orders", 1, 5, now_ms() - 300'001};
  EXPECT_THAT(fleet.bad("GetRecords", {{"ShardIterator", seal(iterator, kToken)}}),
              testing::MatchesRegex(fmt::format(
                  "400 ExpiredIteratorException: Iterator expired. The iterator was created at {} "
                  "ms while right now it is [0-9]+ ms, which is more than the tolerated 300000 ms "
                  "later.",
                  iterator.issued_ms)));
  EXPECT_TRUE(fleet.calls.empty());
  iterator.issued_ms = now_ms() - 290'000;
  fleet.good("GetRecords", {{"ShardIterator", seal(iterator, kToken)}});
}

TEST(GetRecords, AStreamThatIsGoneIsNotFound) {
  FakeFleet fleet;
  const ShardIterator gone{std::string(kFleetAccount), "gone", 1, 5, now_ms()};
  EXPECT_EQ(fleet.bad("GetRecords", {{"ShardIterator", seal(gone, kToken)}}),
            "400 ResourceNotFoundException: The stream of the iterator has been deleted.");
}

// ---- streams and their shards
// -------------------------------------------------------------------------

TEST(DescribeStream, TellsTheStreamAndItsShards) {
  FakeFleet fleet;
  const Document answer = fleet.good("DescribeStream", {{"StreamName", "orders"}});
  Document description = answer.at("StreamDescription");
  const Document shards = description.at("Shards");
  description.erase("Shards");
  EXPECT_EQ(description,
            (Document{{"StreamName", "orders"},
                      {"StreamARN", "arn:aws:kinesis:us-east-1:000000000001:stream/orders"},
                      {"StreamStatus", "ACTIVE"},
                      {"StreamModeDetails", {{"StreamMode", "PROVISIONED"}}},
                      {"RetentionPeriodHours", 24},
                      {"StreamCreationTimestamp", 1767323045.678},
                      {"EnhancedMonitoring",
                       Document::array({Document{{"ShardLevelMetrics", Document::array()}}})},
                      {"EncryptionType", "NONE"},
                      {"HasMoreShards", false}}));
  ASSERT_EQ(shards.size(), 3u);
  for (int shard = 0; shard < 3; ++shard) {
    EXPECT_EQ(shards.at(shard),
              (Document{{"ShardId", http_api::shard_id(shard)},
                        {"HashKeyRange",
                         {{"StartingHashKey", to_decimal(shard_range(shard, 3).first)},
                          {"EndingHashKey", to_decimal(shard_range(shard, 3).last)}}},
                        {"SequenceNumberRange", {{"StartingSequenceNumber", "1"}}}}));
  }
}

TEST(DescribeStreamSummary, CountsTheShards) {
  FakeFleet fleet;
  const Document answer = fleet.good("DescribeStreamSummary", {{"StreamName", "orders"}});
  EXPECT_EQ(answer.at("StreamDescriptionSummary").at("OpenShardCount"), 3);
  EXPECT_EQ(answer.at("StreamDescriptionSummary").at("StreamName"), "orders");
}

std::string ids_of(const Document& shards) {
  std::string ids;
  for (const Document& shard : shards) ids += shard.at("ShardId").get<std::string>().back();
  return ids;
}

TEST(DescribeStream, PagesEndWithHasMoreShardsFalse) {
  FakeFleet fleet;
  Document request = {{"StreamName", "orders"}, {"Limit", 2}};
  Document page = fleet.good("DescribeStream", request).at("StreamDescription");
  EXPECT_EQ(ids_of(page.at("Shards")), "01");
  EXPECT_EQ(page.at("HasMoreShards"), true);
  request["ExclusiveStartShardId"] = page.at("Shards").at(1).at("ShardId");
  page = fleet.good("DescribeStream", request).at("StreamDescription");
  EXPECT_EQ(ids_of(page.at("Shards")), "2");
  EXPECT_EQ(page.at("HasMoreShards"), false);
  request["ExclusiveStartShardId"] = "shardId-002147483647";
  page = fleet.good("DescribeStream", request).at("StreamDescription");
  EXPECT_EQ(ids_of(page.at("Shards")), "");
  request["ExclusiveStartShardId"] = "third";
  EXPECT_EQ(fleet.bad("DescribeStream", request),
            "400 InvalidArgumentException: ExclusiveStartShardId: no id of a shard");
}

TEST(ListShards, PagesGoOnByNextToken) {
  FakeFleet fleet;
  Document page = fleet.good("ListShards", {{"StreamName", "orders"}, {"MaxResults", 2}});
  EXPECT_EQ(ids_of(page.at("Shards")), "01");
  page = fleet.good("ListShards", {{"NextToken", page.at("NextToken")}, {"MaxResults", 2}});
  EXPECT_EQ(ids_of(page.at("Shards")), "2");
  EXPECT_FALSE(page.contains("NextToken"));
  page = fleet.good("ListShards", {{"StreamName", "orders"}, {"MaxResults", 3}});
  EXPECT_FALSE(page.contains("NextToken"));
  page = fleet.good("ListShards",
                    {{"StreamName", "orders"}, {"ExclusiveStartShardId", http_api::shard_id(0)}});
  EXPECT_EQ(ids_of(page.at("Shards")), "12");
}

TEST(ListShards, OnlyAFreshNextTokenOfOurOwnAloneIsTaken) {
  FakeFleet fleet;
  const Document page = fleet.good("ListShards", {{"StreamName", "orders"}, {"MaxResults", 1}});
  const Document& token = page.at("NextToken");
  const std::string invalid = "400 InvalidArgumentException: Invalid NextToken.";
  EXPECT_EQ(fleet.bad("ListShards", {{"NextToken", token}}, kOtherAccount), invalid);
  EXPECT_EQ(fleet.bad("ListShards", {{"NextToken", "x"}}), invalid);
  ShardIterator old{std::string(kFleetAccount), "orders", 1, 0, now_ms()};
  EXPECT_EQ(fleet.bad("ListShards", {{"NextToken", seal(old, kToken)}}), invalid)
      << "an iterator is no token";
  EXPECT_EQ(fleet.bad("GetRecords", {{"ShardIterator", token}}),
            "400 InvalidArgumentException: Invalid ShardIterator.");
  old.issued_ms -= 300'001;
  EXPECT_EQ(
      fleet.bad("ListShards", {{"NextToken", seal(old, "next token " + std::string(kToken))}}),
      "400 ExpiredNextTokenException: NextToken is older than 300 seconds");
  EXPECT_EQ(fleet.bad("ListShards", {{"NextToken", token}, {"StreamName", "orders"}}),
            "400 InvalidArgumentException: NextToken and StreamName cannot be provided together.");
  EXPECT_EQ(fleet.bad("ListShards", Document::object()),
            "400 InvalidArgumentException: Either NextToken or StreamName should be provided.");
}

TEST(ListShards, AFilterLeavesOutByIdAlone) {
  FakeFleet fleet;
  const auto filtered = [&](const Document& filter) -> Document {
    return {{"StreamName", "orders"}, {"ShardFilter", filter}};
  };
  const auto listed = [&](const Document& filter) {
    return ids_of(fleet.good("ListShards", filtered(filter)).at("Shards"));
  };
  EXPECT_EQ(listed({{"Type", "AFTER_SHARD_ID"}, {"ShardId", http_api::shard_id(0)}}), "12");
  EXPECT_EQ(listed({{"Type", "AT_TIMESTAMP"}, {"Timestamp", 1767323045}}), "012");
  EXPECT_EQ(listed({{"Type", "FROM_TIMESTAMP"}, {"Timestamp", 1767323045}}), "012");
  for (const char* type : {"AT_LATEST", "AT_TRIM_HORIZON", "FROM_TRIM_HORIZON"}) {
    EXPECT_EQ(listed({{"Type", type}}), "012") << type;
  }
  const std::string wrong =
      "400 InvalidArgumentException: ShardFilter: AFTER_SHARD_ID goes with ShardId, AT_TIMESTAMP "
      "and FROM_TIMESTAMP with Timestamp, and no other type with either";
  for (const Document& filter :
       {Document{{"Type", "AFTER_SHARD_ID"}}, Document{{"Type", "AT_TIMESTAMP"}},
        Document{{"Type", "AT_LATEST"}, {"ShardId", http_api::shard_id(0)}},
        Document{{"Type", "AT_LATEST"}, {"Timestamp", 1}},
        Document{
            {"Type", "AFTER_SHARD_ID"}, {"ShardId", http_api::shard_id(0)}, {"Timestamp", 1}}}) {
    EXPECT_EQ(fleet.bad("ListShards", filtered(filter)), wrong) << filter;
  }
}

TEST(ListStreams, PagesGoOnAfterAName) {
  FakeFleet fleet;
  wire::Configuration configuration;
  for (int i = 0; i < 101; ++i) {
    wire::Stream& stream = *configuration.add_streams();
    stream.set_name(fmt::format("stream-{:03}", 100 - i));
    stream.set_shards(1);
    stream.set_account(std::string(kFleetAccount));
  }
  fleet.service.configure(configuration);
  Document page = fleet.good("ListStreams", Document::object());
  EXPECT_EQ(page.at("StreamNames").size(), 100u);
  EXPECT_EQ(page.at("StreamNames").at(0), "stream-000");
  EXPECT_EQ(page.at("HasMoreStreams"), true);
  page = fleet.good("ListStreams", {{"ExclusiveStartStreamName", "stream-099"}});
  EXPECT_EQ(page, (Document{{"StreamNames", Document::array({"stream-100"})},
                            {"HasMoreStreams", false}}));
  page = fleet.good("ListStreams", {{"ExclusiveStartStreamName", "stream-0005"}, {"Limit", 2}});
  EXPECT_EQ(page, (Document{{"StreamNames", Document::array({"stream-001", "stream-002"})},
                            {"HasMoreStreams", true}}));
}

TEST(DescribeStreamSummary, TellsTheModeOfTheStream) {
  FakeFleet fleet;
  wire::Configuration configuration;
  wire::Stream& stream = *configuration.add_streams();
  stream.set_name("on-demand");
  stream.set_shards(4);
  stream.set_on_demand(true);
  stream.set_account(std::string(kFleetAccount));
  fleet.service.configure(configuration);
  const Document answer = fleet.good("DescribeStreamSummary", {{"StreamName", "on-demand"}});
  EXPECT_EQ(answer.at("StreamDescriptionSummary").at("StreamModeDetails"),
            (Document{{"StreamMode", "ON_DEMAND"}}));
}

TEST(Service, ChangesOfStreamsAreHandedToMembership) {
  FakeFleet fleet;
  const auto asked = [&](std::string_view operation, const Document& body) {
    fleet.changes.clear();
    const auto answered = fleet.send(operation, body, kOtherAccount);
    EXPECT_TRUE(*answered && (*answered)->status == 200 && (*answered)->body.empty()) << operation;
    EXPECT_EQ(fleet.changes.size(), 1U) << operation;
    const wire::Change change = fleet.changes.empty() ? wire::Change() : fleet.changes.front();
    EXPECT_EQ(change.account(), kOtherAccount);
    EXPECT_EQ(change.stream(), "mine");
    return change;
  };
  EXPECT_EQ(asked("CreateStream", {{"StreamName", "mine"}, {"ShardCount", 3}}).create(), 3U);
  const wire::Change plain = asked("CreateStream", {{"StreamName", "mine"}});
  EXPECT_EQ(plain.create(), 4U);
  EXPECT_FALSE(plain.on_demand());
  const wire::Change on_demand =
      asked("CreateStream",
            {{"StreamName", "mine"}, {"StreamModeDetails", {{"StreamMode", "ON_DEMAND"}}}});
  EXPECT_EQ(on_demand.create(), 4U);
  EXPECT_TRUE(on_demand.on_demand());
  EXPECT_TRUE(asked("DeleteStream", {{"StreamName", "mine"}}).remove());
  const wire::Split split = asked("SplitShard", {{"StreamName", "mine"},
                                                 {"ShardToSplit", "shardId-000000000007"},
                                                 {"NewStartingHashKey", "258"}})
                                .split();
  EXPECT_EQ(split.shard(), 7U);
  EXPECT_EQ(split.at(), std::string(14, '\0') + "\1\2");
  const wire::Merge merge = asked("MergeShards", {{"StreamName", "mine"},
                                                  {"ShardToMerge", "shardId-000000000002"},
                                                  {"AdjacentShardToMerge", "shardId-000000000001"}})
                                .merge();
  EXPECT_EQ(merge.shard(), 2U);
  EXPECT_EQ(merge.other(), 1U);
  EXPECT_TRUE(fleet.calls.empty());
}

TEST(Service, WhatMembershipRefusesIsToldAndWhatIsMalformedIsNotAsked) {
  FakeFleet fleet;
  fleet.change_done.set_error("ResourceInUseException");
  fleet.change_done.set_reason("it exists");
  EXPECT_EQ(fleet.bad("CreateStream", {{"StreamName", "mine"}}),
            "400 ResourceInUseException: it exists");
  fleet.change_done.set_error("InternalFailure");
  EXPECT_EQ(fleet.bad("DeleteStream", {{"StreamName", "mine"}}), "500 InternalFailure: it exists");
  fleet.changes.clear();
  EXPECT_EQ(
      fleet.bad("CreateStream", {{"StreamName", "mine"},
                                 {"ShardCount", 2},
                                 {"StreamModeDetails", {{"StreamMode", "ON_DEMAND"}}}}),
      "400 ValidationException: ShardCount goes with StreamMode PROVISIONED; found ON_DEMAND");
  EXPECT_EQ(fleet.bad("SplitShard", {{"StreamName", "mine"},
                                     {"ShardToSplit", "shardId-7"},
                                     {"NewStartingHashKey", "258"}}),
            "400 ResourceNotFoundException: Could not find shard shardId-7 in stream mine.");
  EXPECT_EQ(fleet.bad("SplitShard", {{"StreamName", "mine"},
                                     {"ShardToSplit", "shardId-000000000007"},
                                     {"NewStartingHashKey", std::string(39, '9')}}),
            "400 InvalidArgumentException: NewStartingHashKey " + std::string(39, '9') +
                " is not in the range [0, 2^128-1]");
  EXPECT_TRUE(fleet.changes.empty());
}

/// "mine", of which shard 0 was split into 1 and 2.
wire::Configuration with_a_split_stream() {
  wire::Configuration configuration;
  wire::Stream& mine = *configuration.add_streams();
  mine.set_name("mine");
  mine.set_id("000000000001/mine/1");
  mine.set_account(std::string(kFleetAccount));
  mine.set_of_a_client(true);
  constexpr HashKey kMiddle = HashKey{1} << 127;
  const std::array<HashRange, 3> ranges{
      {{0, ~HashKey{0}}, {0, kMiddle - 1}, {kMiddle, ~HashKey{0}}}};
  for (std::uint32_t number = 0; number < 3; ++number) {
    wire::Shard& shard = *mine.add_made();
    shard.set_number(number);
    shard.set_first(wire::bytes_of(ranges.at(number).first));
    shard.set_last(wire::bytes_of(ranges.at(number).last));
    if (number > 0) shard.add_parents(0);
  }
  mine.mutable_made(0)->set_closed(true);
  mine.mutable_made(0)->set_end(44);
  return configuration;
}

TEST(Service, AReaderIsLedFromAClosedShardToItsChildren) {
  FakeFleet fleet;
  const wire::Configuration configuration = with_a_split_stream();
  fleet.service.configure(configuration);
  const Document stream = {{"StreamName", "mine"}};
  EXPECT_EQ(
      fleet.good("DescribeStreamSummary", stream).at("StreamDescriptionSummary").at("StreamStatus"),
      "CREATING")
      << "the map has nothing of it yet";
  ShardMap built(8);
  wire::Slice slice;
  for (const wire::Shard& shard : configuration.streams(0).made()) {
    *slice.add_routes() = wire::make_route(configuration.streams(0), shard, "b0", 7);
  }
  built.add(slice);
  fleet.map.replace(std::move(built));
  const Document summary =
      fleet.good("DescribeStreamSummary", stream).at("StreamDescriptionSummary");
  EXPECT_EQ(summary.at("StreamStatus"), "ACTIVE");
  EXPECT_EQ(summary.at("OpenShardCount"), 2);
  const Document shards = fleet.good("ListShards", stream).at("Shards");
  ASSERT_EQ(shards.size(), 3U);
  EXPECT_EQ(shards[0].at("SequenceNumberRange").at("EndingSequenceNumber"), "44");
  EXPECT_EQ(shards[2].at("ParentShardId"), "shardId-000000000000");
  EXPECT_FALSE(shards[2].contains("AdjacentParentShardId"));
  const Document latest = {{"StreamName", "mine"}, {"ShardFilter", {{"Type", "AT_LATEST"}}}};
  EXPECT_EQ(fleet.good("ListShards", latest).at("Shards").size(), 2U) << "the open ones";

  fleet.backend = [](const FakeFleet::Call& call) {
    wire::Envelope answer = stored(call);
    answer.mutable_get_done()->set_more(false);
    call.done(&answer);
  };
  const Document from = fleet.good("GetShardIterator", {{"StreamName", "mine"},
                                                        {"ShardId", "shardId-000000000000"},
                                                        {"ShardIteratorType", "TRIM_HORIZON"}});
  const Document page = fleet.good("GetRecords", from);
  EXPECT_FALSE(page.contains("NextShardIterator")) << "it ends here";
  ASSERT_EQ(page.at("ChildShards").size(), 2U);
  EXPECT_EQ(page.at("ChildShards")[1].at("ShardId"), "shardId-000000000002");
  EXPECT_EQ(page.at("ChildShards")[1].at("ParentShards"), Document({"shardId-000000000000"}));
}

TEST(Service, AShardAboveItsLimitsIsTheClientsToWaitFor) {
  FakeFleet fleet;
  fleet.backend = [](const FakeFleet::Call& call) {
    const wire::Envelope answer = refused(call, wire::RESULT_LIMITED);
    call.done(&answer);
  };
  EXPECT_EQ(fleet.bad("PutRecord", put_in(1)),
            "400 ProvisionedThroughputExceededException: Rate exceeded for shard "
            "shardId-000000000001");
}

}  // namespace
}  // namespace ceiling::frontend::kinesis
