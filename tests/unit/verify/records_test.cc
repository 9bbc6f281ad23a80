// What clients of the user's recorded of their operations, and what became of their records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/verify/story.h"
#include "workload/protocol/hash_key.h"

namespace ceiling::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Course kStaged{.arm = "staged-build", .staged = true};
const std::string kEnd = to_decimal(~HashKey{0});
const std::string kMiddle = to_decimal(HashKey{1} << 127);
const std::string kBelowMiddle = to_decimal((HashKey{1} << 127) - 1);
const std::string kLow = "key-7";   // 429e...
const std::string kHigh = "key-5";  // 8764...

/// A good arm beside which clients worked on the stream "mine", whose shard 0 was split into 1 and
/// 2. What is put is there at the end.
class Clients {
 public:
  Clients() {
    shards_ = {{"mine", 0, "0", kEnd, {}, true},
               {"mine", 1, "0", kBelowMiddle, {0}, false},
               {"mine", 2, kMiddle, kEnd, {0}, false}};
  }

  OpEvent op(const std::string& kind, std::uint64_t id, const std::string& client = "boto3") {
    return {id, OpPhase::invoke, kind, "", "mine", -1, "", 0, client};
  }
  void tell(OpEvent op, OpPhase phase) {
    op.phase = phase;
    ++operations_[op.client];
    ops_.push_back(std::move(op));
  }
  void begin_put(std::uint64_t id, const std::string& key, const std::string& client = "boto3") {
    OpEvent put = op("put", id, client);
    put.key = key;
    tell(put, OpPhase::invoke);
  }
  void end_put(std::uint64_t id, const std::string& key, int shard, std::uint64_t sequence,
               bool there = true, const std::string& client = "boto3") {
    OpEvent put = op("put", id, client);
    put.key = key;
    put.shard = shard;
    put.sequence = sequence;
    tell(put, OpPhase::ok);
    if (there) store(key, shard, sequence);
  }
  void put(std::uint64_t id, const std::string& key, int shard, std::uint64_t sequence,
           bool there = true, const std::string& client = "boto3") {
    begin_put(id, key, client);
    end_put(id, key, shard, sequence, there, client);
  }
  void store(const std::string& key, int shard, std::uint64_t sequence) {
    OpEvent record = op("audit", 1000 + audit_.size(), "");
    record.phase = OpPhase::ok;
    record.key = key;
    record.shard = shard;
    record.sequence = sequence;
    audit_.push_back(record);
  }
  /// One record that get `id` was given.
  void given(std::uint64_t id, const std::string& key, int shard, std::uint64_t sequence,
             const std::string& client = "boto3") {
    OpEvent get = op("get", id, client);
    get.shard = shard;
    get.key = key;
    get.sequence = sequence;
    tell(get, OpPhase::ok);
  }
  std::vector<ShardEvent>& shards() { return shards_; }
  std::map<std::string, std::vector<std::string>>& damage() { return damage_; }

  History history() const {
    History history = story(kStaged);
    each<AuditEvent>(history, [this](AuditEvent& e) {
      e.records += audit_.size();
      e.shards = static_cast<std::int64_t>(shards_.size());
    });
    for (const OpEvent& one : ops_) add(history, one);
    for (const auto& [client, operations] : operations_) {
      const auto found = damage_.find(client);
      add(history,
          ClientEvent{client, operations,
                      found == damage_.end() ? std::vector<std::string>() : found->second});
    }
    for (const ShardEvent& one : shards_) add(history, one);
    for (const OpEvent& one : audit_) add(history, one);
    return history;
  }
  ArmVerdict judge() const { return judge_arm(kStaged, Outcome::contained, history()); }

 private:
  std::vector<OpEvent> ops_;
  std::vector<OpEvent> audit_;
  std::vector<ShardEvent> shards_;
  std::map<std::string, std::int64_t> operations_;
  std::map<std::string, std::vector<std::string>> damage_;
};

/// Three puts before the split, two after it, and all read.
Clients good() {
  Clients clients;
  clients.put(1, kLow, 0, 1);
  clients.put(2, kHigh, 0, 2);
  clients.put(3, kLow, 0, 3);
  clients.put(4, kLow, 1, 1);
  clients.put(5, kHigh, 2, 1);
  clients.given(6, kLow, 0, 1);
  clients.given(6, kHigh, 0, 2);
  clients.given(6, kLow, 0, 3);
  clients.given(7, kLow, 1, 1);
  clients.given(8, kHigh, 2, 1);
  return clients;
}

void expect_refuted(const Clients& clients, const std::string& name, const std::string& evidence) {
  const ArmVerdict arm = clients.judge();
  EXPECT_EQ(invariant(arm, name).holds, false) << name;
  EXPECT_EQ(invariant(arm, name).evidence, evidence);
  EXPECT_EQ(arm.verdict, Verdict::refuted) << summary(arm);
  for (const Invariant& other : arm.invariants) {
    if (other.name == name) continue;
    EXPECT_EQ(other.holds, true) << other.name << ": " << other.evidence;
  }
}

TEST(Records, WhatClientsRecordedIsJudgedWithTheCanaries) {
  const ArmVerdict arm = good().judge();
  EXPECT_EQ(summary(arm), "confirmed contained");
  EXPECT_EQ(invariant(arm, "no-lost-records").checked, 4U + 5);
  EXPECT_EQ(invariant(arm, "right-shard").checked, 8U + 5);
  EXPECT_EQ(invariant(arm, "order-in-shard").checked, 4U + 5 + 5);
  EXPECT_EQ(invariant(arm, "no-gap").checked, 5U);
  ASSERT_EQ(arm.clients.size(), 1U);
  EXPECT_EQ(arm.clients[0].name, "boto3");
  EXPECT_EQ(arm.clients[0].puts_acknowledged, 5U);
  EXPECT_EQ(arm.clients[0].puts_failed, 0U);
  EXPECT_EQ(arm.clients[0].puts_unknown, 0U);
  EXPECT_EQ(arm.clients[0].records_read, 5U);
}

TEST(Records, AnAcknowledgedPutThatIsNotThereRefutes) {
  Clients clients = good();
  clients.put(9, kLow, 1, 2, false);
  expect_refuted(clients, "no-lost-records",
                 "put 9 of boto3 of key \"key-7\" (stream mine, shard 1, sequence 2) was "
                 "acknowledged and is not there");
}

TEST(Records, AnUnknownOutcomeMayOrMayNotHaveHappened) {
  Clients clients = good();
  clients.begin_put(9, kLow);  // without an end
  clients.begin_put(10, kLow);
  clients.tell(clients.op("put", 10), OpPhase::unknown);
  clients.begin_put(11, kLow);
  clients.tell(clients.op("put", 11), OpPhase::fail);
  clients.store(kLow, 1, 2);  // one of them is there, and was read
  clients.given(12, kLow, 1, 1);
  clients.given(12, kLow, 1, 2);
  const ArmVerdict arm = clients.judge();
  EXPECT_EQ(summary(arm), "confirmed contained");
  EXPECT_EQ(arm.clients.at(0).puts_unknown, 2U);
  EXPECT_EQ(arm.clients.at(0).puts_failed, 1U);
}

TEST(Records, AFailureOfAClientIsNoneOfTheCanaries) {
  Clients clients = good();
  clients.begin_put(9, kLow);
  clients.tell(clients.op("put", 9), OpPhase::fail);
  EXPECT_EQ(summary(clients.judge()), "confirmed contained");
}

TEST(Records, WhatIsPastItsRetentionIsNotMissed) {
  Clients clients = good();
  clients.put(9, kLow, 1, 2, false);
  History history = clients.history();
  const auto is_put = [](const Event& event) {
    const auto* op = std::get_if<OpEvent>(&event.what);
    return op != nullptr && op->kind == "put" && op->id == 9 && op->client == "boto3";
  };
  for (Event& event : history)
    if (!is_put(event)) event.t_s += 24 * 60 * 60;
  EXPECT_EQ(summary(judge_arm(kStaged, Outcome::contained, history)), "confirmed contained");
  for (Event& event : history)
    if (is_put(event)) event.t_s += 60;
  EXPECT_EQ(judge_arm(kStaged, Outcome::contained, history).verdict, Verdict::refuted);
}

TEST(Records, AStreamThatAClientRemovedIsNotJudged) {
  for (const OpPhase end : {OpPhase::ok, OpPhase::unknown, OpPhase::fail}) {
    Clients clients = good();
    clients.put(9, kLow, 1, 2, false);
    clients.tell(clients.op("delete", 10), OpPhase::invoke);
    clients.tell(clients.op("delete", 10), end);
    EXPECT_EQ(clients.judge().verdict,
              end == OpPhase::fail ? Verdict::refuted : Verdict::confirmed);
  }
}

TEST(Records, AKeyInAnotherShardThanItsOwnRefutes) {
  Clients clients = good();
  clients.put(9, kHigh, 1, 2);
  expect_refuted(clients, "right-shard",
                 "put 9 of boto3 of key \"key-5\" (stream mine, shard 1, sequence 2): the key "
                 "belongs to another shard");
}

TEST(Records, AnExplicitHashKeyIsWhatCounts) {
  Clients clients = good();
  OpEvent put = clients.op("put", 9);
  put.key = kHigh;
  put.hash_key = "0";
  clients.tell(put, OpPhase::invoke);
  put.shard = 1;
  put.sequence = 2;
  clients.tell(put, OpPhase::ok);
  clients.store(kHigh, 1, 2);
  clients.given(10, kHigh, 1, 2);
  EXPECT_EQ(summary(clients.judge()), "confirmed contained");
  put.id = 11;
  put.hash_key = kEnd;
  clients.tell(put, OpPhase::invoke);
  put.sequence = 3;
  clients.tell(put, OpPhase::ok);
  clients.store(kHigh, 1, 3);
  EXPECT_EQ(invariant(clients.judge(), "right-shard").holds, false);
}

TEST(Records, AShardOrStreamThatIsNotThereRefutes) {
  Clients clients = good();
  clients.put(9, kHigh, 3, 1);
  expect_refuted(clients, "right-shard",
                 "put 9 of boto3 of key \"key-5\" (stream mine, shard 3, sequence 1): the stream "
                 "has no such shard");
  Clients others = good();
  others.shards().clear();
  EXPECT_THAT(invariant(others.judge(), "right-shard").evidence,
              HasSubstr("there is no such stream"));
}

TEST(Records, OpenShardsHaveToTileAndToLieWithinTheirParents) {
  Clients hole = good();
  hole.shards()[1].last = to_decimal((HashKey{1} << 127) - 2);
  expect_refuted(hole, "right-shard",
                 "stream mine: its open shards do not tile the hash space at " + kBelowMiddle);
  Clients overlap = good();
  overlap.shards()[0].closed = false;
  EXPECT_THAT(invariant(overlap.judge(), "right-shard").evidence, HasSubstr("do not tile"));
  Clients twice = good();
  twice.shards()[0].closed = false;
  twice.shards()[1].closed = twice.shards()[2].closed = true;
  EXPECT_EQ(summary(twice.judge()), "confirmed contained");
  twice.shards().push_back({"mine", 3, "0", kEnd, {}, false});
  EXPECT_THAT(invariant(twice.judge(), "right-shard").evidence, HasSubstr("do not tile"));
  Clients stray = good();
  stray.shards()[2].parents = {1};
  expect_refuted(stray, "right-shard", "stream mine: shard 2 does not lie within its parents");
}

TEST(Records, AMergedShardLiesWithinBothParents) {
  Clients clients = good();
  clients.shards()[1].closed = clients.shards()[2].closed = true;
  clients.shards().push_back({"mine", 3, "0", kEnd, {1, 2}, false});
  clients.put(9, kLow, 3, 1);
  EXPECT_EQ(summary(clients.judge()), "confirmed contained");
}

TEST(Records, ShardsThatAreNotAllListedLeaveItOpen) {
  History history = good().history();
  remove<ShardEvent>(history, [](const ShardEvent& e) { return e.shard == 2; });
  EXPECT_EQ(summary(judge_arm(kStaged, Outcome::contained, history)),
            "unknown contained: right-shard: the audit counted 3 shards that clients made, the "
            "history lists 2");
  remove<AuditEvent>(history);
  const ArmVerdict arm = judge_arm(kStaged, Outcome::contained, history);
  EXPECT_EQ(invariant(arm, "right-shard").evidence, "the shards that clients made were not listed");
  EXPECT_EQ(arm.verdict, Verdict::unknown);
}

TEST(Records, APutThatBeganLaterHasTheHigherSequenceNumber) {
  Clients clients = good();
  clients.put(9, kLow, 1, 3);
  clients.put(10, kLow, 1, 2);
  expect_refuted(clients, "order-in-shard",
                 "put 10 of boto3 of key \"key-7\" (stream mine, shard 1, sequence 2) began after "
                 "put 9 of boto3 of key \"key-7\" (stream mine, shard 1, sequence 3) was "
                 "acknowledged");
}

TEST(Records, PutsThatOverlapMayComeInEitherOrder) {
  Clients clients = good();
  clients.begin_put(9, kLow);
  clients.begin_put(10, kLow);
  clients.end_put(9, kLow, 1, 3);
  clients.end_put(10, kLow, 1, 2);
  EXPECT_EQ(summary(clients.judge()), "confirmed contained");
  clients.put(11, kLow, 1, 4, true, "java");  // and of one client the other does not know
  clients.put(12, kLow, 1, 5);
  clients.put(13, kLow, 1, 6, true, "java");
  EXPECT_EQ(summary(clients.judge()), "confirmed contained");
}

TEST(Records, TheOrderOfOneClientIsNotThatOfAnother) {
  Clients clients = good();
  clients.put(1, kLow, 1, 3, true, "java");
  clients.put(2, kLow, 1, 2, true, "go");
  EXPECT_EQ(summary(clients.judge()), "confirmed contained");
}

TEST(Records, TwoPutsAtOnePlaceRefute) {
  Clients clients = good();
  clients.put(9, kLow, 1, 1, false, "java");
  expect_refuted(clients, "order-in-shard",
                 "put 9 of java of key \"key-7\" (stream mine, shard 1, sequence 1) has the place "
                 "of put 4 of boto3 of key \"key-7\" (stream mine, shard 1, sequence 1)");
}

TEST(Records, AReaderThatIsGivenAnotherRecordThanWasPutThereRefutes) {
  Clients clients = good();
  clients.given(9, kHigh, 0, 1);
  expect_refuted(clients, "order-in-shard",
                 "get 9 of boto3 of key \"key-5\" (stream mine, shard 0, sequence 1) has the place "
                 "of put 1 of boto3 of key \"key-7\" (stream mine, shard 0, sequence 1)");
}

TEST(Records, AReaderThatIsGivenRecordsOutOfOrderRefutes) {
  Clients clients = good();
  clients.given(9, kHigh, 0, 2);
  clients.given(9, kLow, 0, 1);
  expect_refuted(clients, "order-in-shard",
                 "get 9 of boto3 of key \"key-7\" (stream mine, shard 0, sequence 1) was given "
                 "after sequence 2");
}

TEST(Records, AReaderThatIsNotGivenARecordInBetweenRefutes) {
  const std::string evidence =
      "get 9 of java of key \"key-7\" (stream mine, shard 0, sequence 3) was given right after "
      "sequence 1: put 2 of boto3 of key \"key-5\" (stream mine, shard 0, sequence 2) was left out";
  Clients clients = good();
  clients.given(9, kLow, 0, 1, "java");
  clients.given(9, kLow, 0, 3, "java");
  expect_refuted(clients, "no-gap", evidence);
}

TEST(Records, AReaderMayBeginAndEndWhereItLikes) {
  Clients clients = good();
  clients.given(9, kHigh, 0, 2);
  clients.given(10, kLow, 0, 3);
  clients.given(11, kLow, 0, 1);
  EXPECT_EQ(summary(clients.judge()), "confirmed contained");
}

TEST(Records, ANumberThatNobodyHasIsNoGap) {
  Clients clients = good();
  clients.put(9, kLow, 1, 7);
  clients.given(10, kLow, 1, 1);
  clients.given(10, kLow, 1, 7);
  EXPECT_EQ(summary(clients.judge()), "confirmed contained");
}

TEST(Records, WhatCouldNotBeTakenInMakesItUnknownAndIsNamed) {
  Clients clients = good();
  clients.damage()["boto3"] = {"line 7: not JSON, or cut short"};
  EXPECT_EQ(
      summary(clients.judge()),
      "unknown contained: no-gap: not all operations of boto3 are there; operations of boto3: "
      "line 7: not JSON, or cut short");
}

TEST(Records, ALostLineOfAClientNeverConfirms) {
  const History whole = good().history();
  for (std::size_t lost = 0; lost < whole.size(); ++lost) {
    History history = whole;
    history.erase(history.begin() + static_cast<std::ptrdiff_t>(lost));
    const ParsedHistory damaged{history, {"line " + std::to_string(lost + 1) + ": cut short"}};
    EXPECT_EQ(judge(experiment_of(kStaged, Outcome::contained), damaged).verdict, Verdict::unknown)
        << to_json_line(whole[lost]);
    const auto* op = std::get_if<OpEvent>(&whole[lost].what);
    if ((op == nullptr || op->client.empty()) &&
        !std::holds_alternative<ClientEvent>(whole[lost].what))
      continue;
    EXPECT_EQ(judge_arm(kStaged, Outcome::contained, history).verdict, Verdict::unknown)
        << "where nobody says that a line is lost: " << to_json_line(whole[lost]);
  }
}

}  // namespace
}  // namespace ceiling::test
