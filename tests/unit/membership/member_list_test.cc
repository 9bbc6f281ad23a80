#include "workload/membership/member_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "workload/protocol/wire.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

wire::Member member(const std::string& name) {
  wire::Member member;
  member.set_name(name);
  member.set_peer_address("127.0.0.1:4000");
  member.set_http_address("127.0.0.1:4001");
  return member;
}

std::vector<std::string> names(const MemberList& list) {
  std::vector<std::string> names;
  const wire::Members message = list.message();
  for (const wire::Member& one : message.members()) names.push_back(one.name());
  return names;
}

// Were it otherwise, a fleet that starts as one would build a map for each of its members.
TEST(MemberList, NothingIsVendedBeforeTheExpectedMembersAreThere) {
  MemberList list(3);
  EXPECT_FALSE(list.join(member("a")));
  EXPECT_FALSE(list.join(member("b")));
  EXPECT_EQ(list.version(), 0U);
  EXPECT_EQ(list.size(), 2U);
  EXPECT_TRUE(list.join(member("c")));
  EXPECT_EQ(list.version(), 1U);
  EXPECT_EQ(list.message().version(), 1U);
  EXPECT_THAT(names(list), ElementsAre("a", "b", "c"));
}

TEST(MemberList, AMemberThatLeavesBeforeTheFirstVersionDoesNotCount) {
  MemberList list(2);
  EXPECT_FALSE(list.join(member("a")));
  EXPECT_FALSE(list.leave("a"));
  EXPECT_FALSE(list.join(member("b")));
  EXPECT_EQ(list.version(), 0U);
  EXPECT_TRUE(list.join(member("a")));
  EXPECT_EQ(list.version(), 1U);
}

TEST(MemberList, EveryLaterChangeIsAVersionOfItsOwn) {
  MemberList list(1);
  EXPECT_TRUE(list.join(member("a")));
  EXPECT_TRUE(list.join(member("b")));
  EXPECT_EQ(list.version(), 2U);
  EXPECT_TRUE(list.leave("a"));
  EXPECT_EQ(list.version(), 3U);
  EXPECT_THAT(names(list), ElementsAre("b"));
  EXPECT_TRUE(list.leave("b"));
  EXPECT_EQ(list.version(), 4U);
  EXPECT_THAT(names(list), IsEmpty());
  EXPECT_TRUE(list.join(member("a")));
  EXPECT_EQ(list.version(), 5U);
}

// An owner or a stream changed: another map of the same members.
TEST(MemberList, RenewingIsAVersionOfTheSameMembersOnceThereIsOne) {
  MemberList list(2);
  list.join(member("a"));
  EXPECT_FALSE(list.renew());
  EXPECT_EQ(list.version(), 0U);
  EXPECT_TRUE(list.join(member("b")));
  EXPECT_TRUE(list.renew());
  EXPECT_EQ(list.version(), 2U);
  EXPECT_EQ(list.message().version(), 2U);
  EXPECT_THAT(names(list), ElementsAre("a", "b"));
}

TEST(MemberList, LeavingTwiceIsNoChange) {
  MemberList list(1);
  list.join(member("a"));
  list.join(member("b"));
  list.leave("a");
  EXPECT_FALSE(list.leave("a"));
  EXPECT_FALSE(list.leave("never-there"));
  EXPECT_EQ(list.version(), 3U);
}

TEST(MemberList, ANameThatIsTakenIsRefusedAndTheFirstStays) {
  MemberList list(1);
  list.join(member("a"));
  wire::Member other = member("a");
  other.set_peer_address("127.0.0.1:5000");
  EXPECT_THROW(list.join(other), wire::ProtocolError);
  EXPECT_EQ(list.version(), 1U);
  EXPECT_EQ(list.message().members(0).peer_address(), "127.0.0.1:4000");
}

// A bad address in the list would reach every frontend.
TEST(MemberList, BadNamesAndAddressesAreRefused) {
  MemberList list(1);
  EXPECT_THROW(list.join(member("")), wire::ProtocolError);
  EXPECT_THROW(list.join(member("two\nlines")), wire::ProtocolError);
  EXPECT_THROW(list.join(member(std::string(65, 'a'))), wire::ProtocolError);
  for (const char* address : {"", "127.0.0.1", "127.0.0.1:0", "10.0.0.1:80", "localhost:80",
                              "127.0.0.1:65536", "127.0.0.1:4000 "}) {
    wire::Member bad = member("a");
    bad.set_peer_address(address);
    EXPECT_THROW(list.join(bad), wire::ProtocolError) << address;
    bad = member("a");
    bad.set_http_address(address);
    EXPECT_THROW(list.join(bad), wire::ProtocolError) << address;
  }
  EXPECT_EQ(list.version(), 0U);
  EXPECT_EQ(list.size(), 0U);
}

// A longer one would not fit a message, and the program would end while it encodes it.
TEST(MemberList, TheLongestListFitsAMessage) {
  MemberList list(1);
  for (std::size_t i = 0; i < MemberList::kMaxMembers; ++i) {
    std::string name = std::to_string(i);
    name.insert(0, 64 - name.size(), 'x');
    wire::Member longest = member(name);
    longest.set_peer_address("127.0.0.1:" + std::string(49, '0') + "65535");
    longest.set_http_address(longest.peer_address());
    list.join(longest);
  }
  EXPECT_THROW(list.join(member("one-more")), wire::ProtocolError);
  wire::Envelope envelope;
  *envelope.mutable_members() = list.message();
  EXPECT_NO_THROW(wire::encode(envelope));
}

std::vector<std::uint32_t> cells(const MemberList& list) {
  std::vector<std::uint32_t> cells;
  const wire::Members message = list.message();
  for (const wire::Member& one : message.members()) cells.push_back(one.cell());
  return cells;
}

// In whatever order a first fleet comes up, the prediction knows who is with whom.
TEST(MemberList, TheFirstFleetIsPartedByItsNumbers) {
  MemberList list(5, 2);
  for (const char* name : {"f-10", "f-3", "f-1", "f-2", "f-4"}) list.join(member(name));
  EXPECT_THAT(names(list), ElementsAre("f-1", "f-2", "f-3", "f-4", "f-10"));
  EXPECT_THAT(cells(list), ElementsAre(1, 2, 1, 2, 1));
}

TEST(MemberList, ALaterMemberComesToTheSmallestCellAndStaysThere) {
  MemberList list(3, 3);
  for (const char* name : {"f-1", "f-2", "f-3"}) list.join(member(name));
  list.join(member("f-4"));
  EXPECT_THAT(cells(list), ElementsAre(1, 2, 3, 1));
  list.leave("f-2");
  EXPECT_THAT(cells(list), ElementsAre(1, 3, 1));
  wire::Member liar = member("f-5");
  liar.set_cell(1);  // what a frontend says of its cell does not count
  list.join(liar);
  EXPECT_THAT(cells(list), ElementsAre(1, 3, 1, 2));
}

// With admission: past a cell that is full.
TEST(MemberList, ANewcomerMayBeGivenAnotherCellThanTheSmallest) {
  MemberList list(4, 3);
  for (const char* name : {"f-1", "f-2", "f-3", "f-4"}) list.join(member(name));
  EXPECT_THAT(list.order(), ElementsAre(2, 3, 1));
  EXPECT_TRUE(list.join(member("f-5"), 3));
  EXPECT_THAT(cells(list), ElementsAre(1, 2, 3, 1, 3));
  EXPECT_THAT(list.order(), ElementsAre(2, 1, 3));
}

TEST(MemberList, AFleetWithoutCellsHasNone) {
  MemberList list(1);
  EXPECT_THAT(list.order(), ElementsAre(0));
  list.join(member("f-1"));
  EXPECT_THAT(cells(list), ElementsAre(0));
}

}  // namespace
}  // namespace ceiling
