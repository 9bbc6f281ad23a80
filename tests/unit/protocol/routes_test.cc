#include "workload/protocol/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace ceiling::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

Stream stream(const std::string& name, std::uint32_t shards) {
  Stream made;
  made.set_name(name);
  made.set_shards(shards);
  return made;
}

std::vector<Route> whole(const Stream& of) {
  std::vector<Route> routes;
  for (const Shard& shard : shards_of(of)) {
    routes.push_back(make_route(of, shard, "127.0.0.1:1", 1));
  }
  return routes;
}

TEST(Tiling, AWholeMapHasNoProblem) {
  const std::vector<Stream> streams{stream("a", 7), stream("b", 1)};
  std::vector<Route> routes = whole(streams[0]);
  routes.push_back(whole(streams[1])[0]);
  std::reverse(routes.begin(), routes.end());
  EXPECT_EQ(tiling_problem(streams, routes), std::nullopt);
}

TEST(Tiling, EveryMissingShardIsAGap) {
  const Stream a = stream("a", 5);
  for (std::size_t missing = 0; missing < 5; ++missing) {
    std::vector<Route> routes = whole(a);
    routes.erase(routes.begin() + static_cast<std::ptrdiff_t>(missing));
    EXPECT_NE(tiling_problem(std::span(&a, 1), routes), std::nullopt) << missing;
  }
}

TEST(Tiling, AnEmptyMapIsNoMap) {
  const Stream a = stream("a", 1);
  EXPECT_THAT(tiling_problem(std::span(&a, 1), {}), Optional(HasSubstr("no owner")));
}

TEST(Tiling, EveryDoubledShardIsAnOverlap) {
  const Stream a = stream("a", 3);
  for (std::size_t doubled = 0; doubled < 3; ++doubled) {
    std::vector<Route> routes = whole(a);
    routes.push_back(routes[doubled]);
    EXPECT_THAT(tiling_problem(std::span(&a, 1), routes), Optional(HasSubstr("overlap")))
        << doubled;
  }
}

TEST(Tiling, ARouteOfAnUnknownStreamOrWithoutARangeIsNamed) {
  const Stream a = stream("a", 1);
  std::vector<Route> routes = whole(a);
  routes.push_back(whole(stream("b", 1))[0]);
  EXPECT_THAT(tiling_problem(std::span(&a, 1), routes), Optional(HasSubstr("stream b")));
  routes = whole(a);
  routes[0].set_first("short");
  EXPECT_THAT(tiling_problem(std::span(&a, 1), routes), Optional(HasSubstr("has no range")));
}

// A stream of two shards, whose first was split at `at`.
Stream split_stream(HashKey at) {
  Stream made = stream("a", 2);
  for (const Shard& shard : shards_of(made)) *made.add_made() = shard;
  made.mutable_made(0)->set_closed(true);
  const HashRange parent = shard_range(0, 2);
  const HashRange halves[] = {{parent.first, at - 1}, {at, parent.last}};
  for (const HashRange& half : halves) {
    Shard& child = *made.add_made();
    child.set_number(static_cast<std::uint32_t>(made.made_size() - 1));
    child.set_first(bytes_of(half.first));
    child.set_last(bytes_of(half.last));
    child.add_parents(0);
  }
  return made;
}

TEST(Shards, OfAStreamThatWasNeverChangedAreEvenOnes) {
  const std::vector<Shard> shards = shards_of(stream("a", 3));
  ASSERT_EQ(shards.size(), 3U);
  for (int number = 0; number < 3; ++number) {
    const Shard& shard = shards[static_cast<std::size_t>(number)];
    EXPECT_EQ(shard.number(), static_cast<std::uint32_t>(number));
    EXPECT_EQ(range_of(shard), shard_range(number, 3));
    EXPECT_FALSE(shard.closed());
  }
}

TEST(Shards, OfAChangedOneAreAllThatItEverHad) {
  const std::vector<Shard> shards = shards_of(split_stream(1000));
  ASSERT_EQ(shards.size(), 4U);
  EXPECT_TRUE(shards[0].closed());
  EXPECT_EQ(range_of(shards[2]), (HashRange{0, 999}));
  EXPECT_EQ(range_of(shards[3]), (HashRange{1000, shard_range(0, 2).last}));
}

// Two accounts, or two lives of one name, must not meet in a route.
TEST(Shards, RoutesGoByTheIdOfAStreamWhereItHasOne) {
  Stream named = stream("a", 1);
  EXPECT_EQ(whole(named)[0].stream(), "a");
  named.set_id("000000000002/a/7");
  EXPECT_EQ(whole(named)[0].stream(), "000000000002/a/7");
  EXPECT_EQ(tiling_problem(std::span(&named, 1), whole(named)), std::nullopt);
  EXPECT_THAT(tiling_problem(std::span(&named, 1), whole(stream("a", 1))),
              Optional(HasSubstr("does not exist")));
}

TEST(Tiling, AClosedShardIsNoPartOfIt) {
  const Stream a = split_stream(1000);
  std::vector<Route> routes = whole(a);
  EXPECT_TRUE(routes[0].closed());
  EXPECT_EQ(tiling_problem(std::span(&a, 1), routes), std::nullopt);
  routes.erase(routes.begin());
  EXPECT_EQ(tiling_problem(std::span(&a, 1), routes), std::nullopt);
  // Were it not told apart, it would hide that a child is missing.
  routes = whole(a);
  routes.pop_back();
  EXPECT_THAT(tiling_problem(std::span(&a, 1), routes), Optional(HasSubstr("gap")));
  routes = whole(a);
  routes[0].set_closed(false);
  EXPECT_THAT(tiling_problem(std::span(&a, 1), routes), Optional(HasSubstr("overlap")));
}

TEST(Digest, TellsMapsApartAndNotTheirOrder) {
  const std::vector<Route> routes = whole(stream("a", 4));
  std::vector<Route> turned = routes;
  std::reverse(turned.begin(), turned.end());
  EXPECT_EQ(digest(routes), digest(turned));
  turned[0].set_backend("127.0.0.1:2");
  EXPECT_NE(digest(routes), digest(turned));
  turned = routes;
  turned[3].set_epoch(2);
  EXPECT_NE(digest(routes), digest(turned));
  turned = routes;
  turned[2].set_closed(true);
  EXPECT_NE(digest(routes), digest(turned));
  turned = routes;
  turned.pop_back();
  EXPECT_NE(digest(routes), digest(turned));
}

TEST(Checksum, ChangesWithEveryField) {
  Slice slice;
  slice.set_version(1);
  slice.set_sender("frontend-1");
  *slice.add_routes() = whole(stream("a", 1))[0];
  const std::uint64_t right = checksum(slice);
  Slice changed = slice;
  changed.set_version(2);
  EXPECT_NE(checksum(changed), right);
  changed = slice;
  changed.set_sender("frontend-2");
  EXPECT_NE(checksum(changed), right);
  changed = slice;
  changed.mutable_routes(0)->set_epoch(9);
  EXPECT_NE(checksum(changed), right);
  changed = slice;
  changed.mutable_routes(0)->set_closed(true);
  EXPECT_NE(checksum(changed), right);
}

// A new member may take shards over, but never moves one between two old members.
TEST(Announcer, ANewMemberTakesOnlyItsOwnShare) {
  std::vector<std::string> members;
  for (int i = 1; i <= 20; ++i) members.push_back("frontend-" + std::to_string(i));
  std::map<int, std::string> before;
  for (int shard = 0; shard < 500; ++shard) before[shard] = members[announcer(members, "a", shard)];
  members.push_back("frontend-21");
  int moved = 0;
  for (int shard = 0; shard < 500; ++shard) {
    const std::string& now = members[announcer(members, "a", shard)];
    if (now == before[shard]) continue;
    EXPECT_EQ(now, "frontend-21") << shard;
    ++moved;
  }
  EXPECT_GT(moved, 0);
  EXPECT_LT(moved, 100);
}

}  // namespace
}  // namespace ceiling::wire
