#include "harness/prove/proof.h"

#include <gtest/gtest.h>

#include "tests/unit/prove/rows.h"

namespace ceiling {
namespace {

TEST(Proof, CopyLeavesTheRoomOfThePlace) {
  PlaceFacts place;
  place.pid = 42;
  place.uid = 1000;
  place.maps = seen(300);
  place.pids = {{"/a/b", "", 50, 20}, {"/a", "", {}, 20}, {"/", "", 60, 61}};
  Limit unlimited;
  unlimited.name = "RLIMIT_AS";
  Limit exempt = row_with("RLIMIT_MEMLOCK", 1);
  exempt.applies = false;
  Limit unseen = row_with("RLIMIT_DATA", 1);
  unseen.certainty = Certainty::unknown;
  const CopyPlan plan = plan_copy(place, {row_with("RLIMIT_NPROC", 7), unlimited, exempt, unseen});
  EXPECT_FALSE(plan.root);
  EXPECT_EQ(plan.pids_room, (std::vector<std::int64_t>{30, 0}));
  EXPECT_EQ(plan.nproc_room, 7);
  EXPECT_EQ(plan.as_room, std::nullopt);
  EXPECT_EQ(plan.data_room, std::nullopt);
  EXPECT_EQ(plan.memlock_room, std::nullopt);
  EXPECT_EQ(plan.maps, 300);
  EXPECT_TRUE(plan.heap);
}

TEST(Proof, GroupWithoutAProcessHasNoMemory) {
  const CopyPlan plan = plan_copy({}, {});
  EXPECT_TRUE(plan.root);
  EXPECT_TRUE(plan.pids_room.empty());
  EXPECT_EQ(plan.maps, 0);
  EXPECT_FALSE(plan.heap);
}

TEST(Proof, ConfirmedWhereTheLimitOfThePlaceRefused) {
  const Measurement measured = refused_by_pids();
  const Proof proof = conclude(measured, &measured.predicted.front(), "");
  EXPECT_EQ(proof.verdict, Verdict::confirmed);
  EXPECT_EQ(proof.predicted_least, 10);
  EXPECT_EQ(proof.predicted_most, 10);
  EXPECT_EQ(proof.binding, "pids.max");
  EXPECT_EQ(proof.attribution.limit, "pids.max");
}

TEST(Proof, RefutedByAWrongPrediction) {
  Measurement measured = refused_by_pids();
  measured.predicted.front() = row_with("pids.max", 11, "/top/leaf");
  const Proof proof = conclude(measured, &measured.predicted.front(), "");
  EXPECT_EQ(proof.verdict, Verdict::refuted);
  EXPECT_EQ(proof.reason, "refused after 10, at least 11 were predicted");
}

TEST(Proof, UnknownWhereTheCopyIsBoundOtherwiseOrNotReached) {
  Measurement measured = refused_by_pids();
  const Limit memory = row_with("memory.max", 5);
  EXPECT_EQ(conclude(measured, &memory, "").verdict, Verdict::unknown);
  EXPECT_EQ(conclude(measured, nullptr, "").verdict, Verdict::unknown);
  measured.made = 5;
  measured.error = 0;
  const Proof proof = conclude(measured, &measured.predicted.front(), "more would hurt");
  EXPECT_EQ(proof.verdict, Verdict::unknown);
  EXPECT_EQ(proof.reason, "not reached: none of 5 threads was refused: more would hurt");
}

}  // namespace
}  // namespace ceiling
