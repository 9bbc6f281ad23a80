#include "workload/membership/admission.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace ceiling {
namespace {

wire::Room room(const std::string& limit, const std::string& scope, std::uint64_t left) {
  wire::Room room;
  room.set_limit(limit);
  room.set_scope(scope);
  room.set_left(left);
  return room;
}

wire::Headroom headroom(std::uint64_t version, std::initializer_list<wire::Room> rooms) {
  wire::Headroom said;
  said.set_version(version);
  for (const wire::Room& one : rooms) *said.add_rooms() = one;
  return said;
}

wire::Members members(std::uint64_t version, std::initializer_list<const char*> names) {
  wire::Members list;
  list.set_version(version);
  for (const char* name : names) list.add_members()->set_name(name);
  return list;
}

TEST(Admission, WhoFitsIsLetIn) {
  Admission admission(2);
  admission.said("frontend-1", headroom(1, {room("pids.max", "/1", 2)}));
  admission.said("frontend-2", headroom(0, {room("pids.max", "/2", 2)}));
  EXPECT_FALSE(admission.refusal(members(1, {"frontend-1"}), "frontend-2"));
}

TEST(Admission, OneThreadShortOfAMembersCeilingIsNotEnough) {
  Admission admission(2);
  admission.said("frontend-1", headroom(1, {room("pids.max", "/1", 1)}));
  admission.said("frontend-2", headroom(0, {room("pids.max", "/2", 2)}));
  const auto refusal = admission.refusal(members(1, {"frontend-1"}), "frontend-2");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->member(), "frontend-1");
  EXPECT_EQ(refusal->room().scope(), "/1");
  EXPECT_EQ(refusal->room().left(), 1U);
  EXPECT_EQ(refusal->needed(), 2U);
}

TEST(Admission, TheNewcomersOwnCeilingCountsForAllOfItsPeers) {
  Admission admission(1);
  for (const char* name : {"a", "b", "c"}) {
    admission.said(name, headroom(1, {room("pids.max", name, 9)}));
  }
  admission.said("d", headroom(0, {room("pids.max", "d", 2)}));
  const auto refusal = admission.refusal(members(1, {"a", "b", "c"}), "d");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->member(), "d");
  EXPECT_EQ(refusal->needed(), 3U);
}

TEST(Admission, ASharedScopeHasToHoldWhatAllNeedAndIsAsFullAsTheLastReaderSays) {
  Admission admission(1);
  admission.said("a", headroom(1, {room("pids.max", "/fleet", 9)}));
  admission.said("b", headroom(1, {room("pids.max", "/fleet", 6)}));
  admission.said("c", headroom(0, {room("pids.max", "/fleet", 3)}));
  const auto refusal = admission.refusal(members(1, {"a", "b"}), "c");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->needed(), 4U);
  EXPECT_EQ(refusal->room().left(), 3U);
  admission.said("c", headroom(0, {room("pids.max", "/fleet", 4)}));
  EXPECT_FALSE(admission.refusal(members(1, {"a", "b"}), "c"));
}

TEST(Admission, TheSameLimitOfAnotherScopeIsAnotherRoom) {
  Admission admission(1);
  admission.said("a", headroom(1, {room("pids.max", "/x/a", 1), room("RLIMIT_NPROC", "/x/a", 1)}));
  admission.said("b", headroom(0, {room("pids.max", "/x/b", 1)}));
  EXPECT_FALSE(admission.refusal(members(1, {"a"}), "b"));
}

TEST(Admission, NamesTheLimitThatLacksTheMost) {
  Admission admission(4);
  admission.said("a", headroom(1, {room("RLIMIT_NPROC", "a", 3), room("pids.max", "/a", 1)}));
  admission.said("b", headroom(0, {room("pids.max", "/b", 9)}));
  EXPECT_EQ(admission.refusal(members(1, {"a"}), "b")->room().limit(), "pids.max");
}

TEST(Admission, NamesTheFirstMemberOfSeveralWithTheSameLack) {
  Admission admission(1);
  for (const char* name : {"frontend-10", "frontend-2"}) {
    admission.said(name, headroom(1, {room("pids.max", name, 0)}));
  }
  admission.said("frontend-11", headroom(0, {room("pids.max", "frontend-11", 9)}));
  EXPECT_EQ(admission.refusal(members(1, {"frontend-10", "frontend-2"}), "frontend-11")->member(),
            "frontend-2");
}

/// Parted by turns into two cells.
wire::Members parted(std::uint64_t version, std::initializer_list<const char*> names) {
  wire::Members list = members(version, names);
  for (int i = 0; i < list.members_size(); ++i) {
    list.mutable_members(i)->set_cell(static_cast<std::uint32_t>(i % 2) + 1);
  }
  return list;
}

// Else one full cell would keep everybody out of all of them.
TEST(Admission, OfACellCountsThoseWhoAreInIt) {
  Admission admission(1);
  for (const char* name : {"a", "c"})
    admission.said(name, headroom(1, {room("pids.max", name, 0)}));
  for (const char* name : {"b", "d"})
    admission.said(name, headroom(1, {room("pids.max", name, 1)}));
  admission.said("e", headroom(0, {room("pids.max", "e", 2)}));
  const wire::Members present = parted(1, {"a", "b", "c", "d"});
  const auto refusal = admission.refusal(present, "e", 1);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->member(), "a");
  EXPECT_EQ(refusal->needed(), 1U);
  EXPECT_FALSE(admission.refusal(present, "e", 2));
  admission.said("e", headroom(0, {room("pids.max", "e", 1)}));
  const auto own = admission.refusal(present, "e", 2);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->member(), "e");
  EXPECT_EQ(own->needed(), 2U);
}

TEST(Admission, ASharedScopeIsAsFullAsThoseOfOtherCellsSay) {
  Admission admission(1);
  admission.said("a", headroom(1, {room("pids.max", "/fleet", 9)}));
  admission.said("b", headroom(1, {room("pids.max", "/fleet", 1)}));
  admission.said("c", headroom(0, {room("pids.max", "/fleet", 5)}));
  const auto refusal = admission.refusal(parted(1, {"a", "b"}), "c", 1);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->needed(), 2U) << "a and c";
  EXPECT_EQ(refusal->room().left(), 1U);
  EXPECT_EQ(refusal->member(), "b");
}

TEST(Admission, WhoHasNotSpokenOfThisVersionIsNamed) {
  Admission admission(1);
  const wire::Members present = members(2, {"a"});
  EXPECT_EQ(admission.silent(present, "b"), "a");
  admission.said("a", headroom(1, {room("pids.max", "/a", 9)}));
  EXPECT_EQ(admission.silent(present, "b"), "a");
  admission.said("a", headroom(2, {room("pids.max", "/a", 9)}));
  EXPECT_EQ(admission.silent(present, "b"), "b");
  admission.said("b", headroom(0, {room("pids.max", "/b", 9)}));
  EXPECT_EQ(admission.silent(present, "b"), "");
  admission.gone("a");
  EXPECT_EQ(admission.silent(present, "b"), "a");
}

TEST(Admission, WhoCouldReadNothingHasNotSpoken) {
  Admission admission(1);
  admission.said("a", headroom(1, {}));
  EXPECT_EQ(admission.silent(members(1, {"a"}), "b"), "a");
}

}  // namespace
}  // namespace ceiling
