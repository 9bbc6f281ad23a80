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
  for (int i = 0; i < static_cast<int>(of.shards()); ++i) {
    routes.push_back(make_route(of, i, "127.0.0.1:1", 1));
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
