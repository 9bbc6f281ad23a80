#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

const Course kUnguarded;
const Course kStaged{.arm = "staged-build", .staged = true};

void expect_invariant(const ArmVerdict& arm, const std::string& name, std::optional<bool> holds,
                      const std::string& evidence, Verdict verdict) {
  EXPECT_EQ(invariant(arm, name).holds, holds) << name;
  EXPECT_EQ(invariant(arm, name).evidence, evidence) << name;
  EXPECT_EQ(arm.verdict, verdict) << summary(arm);
}

TEST(Invariants, AllHoldAndSayHowMuchWasChecked) {
  const ArmVerdict arm = judge_arm(kStaged, Outcome::contained);
  ASSERT_EQ(arm.invariants.size(), 5U);  // no client of the user's read
  for (const Invariant& found : arm.invariants) {
    EXPECT_EQ(found.holds, true) << found.name;
    EXPECT_TRUE(found.judged) << found.name;
  }
  EXPECT_EQ(invariant(arm, "no-wrong-map").checked, 15U);  // 4 + 5 + 6 frontends
  EXPECT_EQ(invariant(arm, "versions-rise").checked, 15U);
  EXPECT_EQ(invariant(arm, "no-lost-records").checked, 4U);  // a put at 4, 5, 6 and 7
  EXPECT_EQ(invariant(arm, "right-shard").checked, 8U);      // and their audit
  EXPECT_EQ(invariant(arm, "order-in-shard").checked, 4U);
}

TEST(NoWrongMap, IsReportedButNotJudgedWhereAnOutageIsExpected) {
  const ArmVerdict arm = judge_arm(kUnguarded, Outcome::outage);
  EXPECT_FALSE(invariant(arm, "no-wrong-map").judged);
  expect_invariant(arm, "no-wrong-map", false,
                   "frontend-1 published version 7, which is not complete", Verdict::confirmed);
}

TEST(NoWrongMap, AHoleInAPublishedMapRefutes) {
  History history = story(kStaged);
  add(history, MapEvent{"frontend-2", 7, "d7", true, false, true});
  expect_invariant(judge_arm(kStaged, Outcome::contained, history), "no-wrong-map", false,
                   "frontend-2 published version 7, which does not tile the hash space",
                   Verdict::refuted);
}

TEST(NoWrongMap, TwoMapsOfOneVersionRefute) {
  History history = story(kStaged);
  add(history, MapEvent{"frontend-2", 6, "other", true, true, true});
  expect_invariant(judge_arm(kStaged, Outcome::contained, history), "no-wrong-map", false,
                   "version 6 is d6 at frontend-1 and other at frontend-2", Verdict::refuted);
}

TEST(NoWrongMap, AMapUnderConstructionMayBeIncomplete) {
  History history = story(kStaged);
  add(history, MapEvent{"frontend-2", 7, "", false, false, false});
  EXPECT_EQ(summary(judge_arm(kStaged, Outcome::contained, history)), "confirmed contained");
}

TEST(NoWrongMap, WithoutMapsItIsUnknown) {
  History history = story(kStaged);
  remove<MapEvent>(history);
  expect_invariant(judge_arm(kStaged, Outcome::contained, history), "no-wrong-map", std::nullopt,
                   "no frontend published a map", Verdict::unknown);
}

TEST(VersionsRise, AFallingVersionRefutes) {
  History history = story(kUnguarded);
  add(history, MapEvent{"frontend-4", 5, "d5", true, true, true});
  expect_invariant(judge_arm(kUnguarded, Outcome::outage, history), "versions-rise", false,
                   "frontend-4 published version 5 after 7", Verdict::refuted);
}

TEST(VersionsRise, WithoutMapsItIsUnknown) {
  History history = story(kUnguarded);
  remove<MapEvent>(history);
  expect_invariant(judge_arm(kUnguarded, Outcome::outage, history), "versions-rise", std::nullopt,
                   "no frontend published a map", Verdict::unknown);
}

TEST(NoLostRecords, ALostRecordRefutes) {
  History history = story(kUnguarded);
  remove<OpEvent>(history, [](const OpEvent& e) { return e.kind == "audit" && e.key == "key-5"; });
  each<AuditEvent>(history, [](AuditEvent& e) { --e.records; });
  expect_invariant(judge_arm(kUnguarded, Outcome::outage, history), "no-lost-records", false,
                   "put 2 of key \"key-5\" (stream orders, shard " +
                       std::to_string(shard_of("key-5")) +
                       ", sequence 2) was acknowledged and is not there",
                   Verdict::refuted);
}

TEST(NoLostRecords, ARecordUnderAnotherSequenceIsLost) {
  History history = story(kUnguarded);
  each<OpEvent>(history, [](OpEvent& e) {
    if (e.kind == "audit") ++e.sequence;
  });
  EXPECT_EQ(judge_arm(kUnguarded, Outcome::outage, history).verdict, Verdict::refuted);
}

TEST(NoLostRecords, WithoutAWholeAuditItIsUnknown) {
  History history = story(kUnguarded);
  each<AuditEvent>(history, [](AuditEvent& e) { e.complete = false; });
  expect_invariant(judge_arm(kUnguarded, Outcome::outage, history), "no-lost-records", std::nullopt,
                   "the backends' records were not listed to the end", Verdict::unknown);
  remove<AuditEvent>(history);
  EXPECT_EQ(judge_arm(kUnguarded, Outcome::outage, history).verdict, Verdict::unknown);
}

TEST(NoLostRecords, AnAuditWithAGapIsUnknown) {
  History history = story(kUnguarded);
  remove<OpEvent>(history, [](const OpEvent& e) { return e.kind == "audit" && e.key == "key-5"; });
  expect_invariant(judge_arm(kUnguarded, Outcome::outage, history), "no-lost-records", std::nullopt,
                   "the audit counted 3 records, the history lists 2", Verdict::unknown);
}

TEST(NoLostRecords, WithoutAnyRecordItIsUnknown) {
  History history = story(kUnguarded);
  remove<OpEvent>(history);
  each<AuditEvent>(history, [](AuditEvent& e) { e.records = 0; });
  expect_invariant(judge_arm(kUnguarded, Outcome::outage, history), "no-lost-records", std::nullopt,
                   "no put was acknowledged", Verdict::unknown);
}

// printf key-5 | md5sum: 8764..., in the third quarter; key-7: 429e..., in the second.
TEST(RightShard, AKeyBelongsWhereItsMd5Says) {
  EXPECT_EQ(shard_of("key-5"), 2);
  EXPECT_EQ(shard_of("key-7"), 1);
}

TEST(RightShard, AKeyInAnotherShardRefutes) {
  History history = story(kUnguarded);
  const int wrong = (shard_of("key-5") + 1) % 4;
  each<OpEvent>(history, [wrong](OpEvent& e) {
    if (e.key == "key-5" && e.phase == OpPhase::ok) e.shard = wrong;
  });
  expect_invariant(judge_arm(kUnguarded, Outcome::outage, history), "right-shard", false,
                   "put 2 of key \"key-5\" (stream orders, shard " + std::to_string(wrong) +
                       ", sequence 2): the key belongs to another shard",
                   Verdict::refuted);
}

TEST(RightShard, AShardThatTheStreamDoesNotHaveRefutes) {
  History history = story(kUnguarded);
  each<OpEvent>(history, [](OpEvent& e) {
    if (e.key == "key-5" && e.phase == OpPhase::ok) e.shard = 4;
  });
  EXPECT_EQ(invariant(judge_arm(kUnguarded, Outcome::outage, history), "right-shard").holds, false);
}

TEST(RightShard, AStreamThatIsNotInTheExperimentRefutes) {
  History history = story(kUnguarded);
  each<OpEvent>(history, [](OpEvent& e) { e.stream = "payments"; });
  EXPECT_EQ(invariant(judge_arm(kUnguarded, Outcome::outage, history), "right-shard").holds, false);
}

TEST(RightShard, WithoutOperationsItIsUnknown) {
  History history = story(kUnguarded);
  remove<OpEvent>(history);
  EXPECT_EQ(invariant(judge_arm(kUnguarded, Outcome::outage, history), "right-shard").holds,
            std::nullopt);
}

}  // namespace
}  // namespace ceiling::test
