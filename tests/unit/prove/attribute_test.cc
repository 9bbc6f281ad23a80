#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/prove/rows.h"

namespace ceiling {
namespace {

TEST(Attribute, CounterThatMovedAndFullGroupAgree) {
  const Attribution found = attribute(refused_by_pids());
  EXPECT_EQ(found.limit, "pids.max");
  EXPECT_EQ(found.where, "/top/leaf/pids.max");
  EXPECT_EQ(found.evidence.at("pids.events /top/leaf"), "3 -> 5");
  EXPECT_EQ(found.evidence.at("pids.max /top/leaf"), "50 of 50 tasks");
  EXPECT_EQ(found.evidence.at("errno"), "EAGAIN");
}

TEST(Attribute, WithoutEvidenceOfBothKindsNobody) {
  Measurement still = refused_by_pids();
  still.events.front().after = still.events.front().before;
  EXPECT_EQ(attribute(still).limit, "") << "no counter moved";
  Measurement roomy = refused_by_pids();
  roomy.after.front() = row_with("pids.max", 1, "/top/leaf");
  EXPECT_EQ(attribute(roomy).limit, "") << "no group is full";
  Measurement fine = refused_by_pids();
  fine.error = 0;
  EXPECT_EQ(attribute(fine).limit, "") << "nothing was refused";
}

TEST(Attribute, AncestorIsCountedWhereThisKernelCounts) {
  Measurement measured = refused_by_pids();
  measured.after = {row_with("pids.max", 0, "/top"), row_with("pids.max", 5, "/top/leaf")};
  EXPECT_EQ(attribute(measured).where, "/top/pids.max") << "counted where it forks";
  measured.meaning = EventsMeaning::limiting;
  EXPECT_EQ(attribute(measured).limit, "") << "the leaf moved, and is not full";
  measured.events = {{"/top/leaf", 3, 3}, {"/top", 7, 9}};
  EXPECT_EQ(attribute(measured).where, "/top/pids.max") << "counted where the limit is";
  measured.meaning = EventsMeaning::forking;
  EXPECT_EQ(attribute(measured).limit, "") << "somebody else was refused there";
}

TEST(Attribute, NprocIsAskedBeforePidsAndLeavesNoTrace) {
  Measurement measured = refused_by_pids();
  measured.after = {row_with("RLIMIT_NPROC", 0), row_with("pids.max", 0, "/top/leaf")};
  measured.events.front().after = measured.events.front().before;
  EXPECT_EQ(attribute(measured).limit, "RLIMIT_NPROC");
  measured.after.front().certainty = Certainty::at_least;
  EXPECT_EQ(attribute(measured).limit, "") << "it was not counted";
}

TEST(Attribute, ThreadThatNeverReachedCloneWasRefusedItsMemory) {
  EXPECT_EQ(attribute(refused_by_address_space()).limit, "RLIMIT_AS");
  // The group is full as well: the process that was asked for afterwards is what moved its counter.
  Measurement tied = refused_by_address_space();
  tied.after.push_back(row_with("pids.max", 0, "/top/leaf"));
  tied.probe = EAGAIN;
  tied.events.front().after = tied.events.front().before + 1;
  EXPECT_EQ(attribute(tied).limit, "RLIMIT_AS");
  tied.reached_clone.reset();
  EXPECT_EQ(attribute(tied).limit, "RLIMIT_AS") << "one refusal was counted, not two";
  tied.reached_clone = true;
  EXPECT_EQ(attribute(tied).limit, "pids.max");
}

TEST(Attribute, KernelMemoryIsNoneOfTheRows) {
  Measurement measured = refused_by_pids();
  measured.probe = ENOMEM;
  EXPECT_EQ(attribute(measured).limit, "");
}

}  // namespace
}  // namespace ceiling
