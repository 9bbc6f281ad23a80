// What a frontend costs by the memory cgroup.
//
// Charged to a frontend's group is all that its tasks allocate: stacks as far as they were touched,
// heap, task_struct, kernel stacks, page tables, and the slab objects of its sockets (sock, dentry,
// inode, file). A connection has two ends: the connecting one is charged to the frontend whose
// thread connects, the accepted one to the frontend that accepts (inet_csk_accept, since Linux 5.7
// for buffers and 6.13 for the sock itself; before, the sock was made in softirq for nobody). In a
// mesh each frontend connects once to every peer and accepts once from it, so what a peer costs a
// frontend is a thread and two ends, by symmetry the whole of one connection. Buffers are empty
// when a map is complete; on v1 they would be charged only under a limit on kmem.tcp.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/fleet/fleet.h"
#include "tests/support/fleet/test_site.h"

namespace ceiling {
namespace {

constexpr int kPeers = 150;
constexpr std::int64_t kMostPerPeer = 64 << 10;

double kib(std::int64_t bytes) {
  return static_cast<double>(bytes) / 1024;
}

class FrontendMemory : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_privilege(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
  }
};

TEST_F(FrontendMemory, APeerCostsLessThan64KiB) {
  TestSite site(kPeers + 1);
  Fleet fleet(*site,
              {.label = "memory",
               .start = 2,
               .threads_per_peer = 1,
               .backends = 1,
               .streams = {{.name = "orders", .shards = 32}},
               .guardrails = {},
               .limits = {}},
              nullptr);
  const auto grow_to = [&fleet](int size) {
    while (fleet.size() < size) fleet.add_frontend();
    ASSERT_TRUE(fleet.settle(std::chrono::seconds(300)));
    ASSERT_TRUE(fleet.failed().empty());
  };
  grow_to(2);
  const auto with_one_peer = fleet.frontend_resources()["memory_bytes"];
  if (with_one_peer.empty()) GTEST_SKIP() << "no memory controller here";
  grow_to(kPeers + 1);
  const auto with_all_peers = fleet.frontend_resources()["memory_bytes"];
  ASSERT_EQ(fleet.frontend_tasks().front(), 3 + kPeers);

  std::vector<std::int64_t> per_peer;
  for (std::size_t i = 0; i < with_one_peer.size(); ++i) {
    per_peer.push_back((with_all_peers.at(i) - with_one_peer.at(i)) / (kPeers - 1));
  }
  const auto [least, most] = std::minmax_element(with_all_peers.begin(), with_all_peers.end());
  fmt::print(
      "a frontend with {} peers: {:.1f} and {:.1f} KiB per peer thread and connection; "
      "{:.1f} to {:.1f} MiB in all, {:.1f} with one peer\n",
      kPeers, kib(per_peer[0]), kib(per_peer[1]), kib(*least) / 1024, kib(*most) / 1024,
      kib(with_one_peer[0]) / 1024);
  for (const std::int64_t bytes : per_peer) {
    EXPECT_GT(bytes, 16 << 10) << "less than a kernel stack: something is not charged";
    EXPECT_LT(bytes, kMostPerPeer);
  }
  fleet.destroy();
  site.finish();
}

TEST_F(FrontendMemory, ZLeavesNothingBehind) {
  EXPECT_EQ(left_behind(), "");
}

// Exactly, so that a limit on it can be predicted to the byte: see address_space.h.
TEST_F(FrontendMemory, APeerMapsOneStackAndTakesTwoDescriptors) {
  constexpr int kSize = 24;
  TestSite site(kSize);
  Fleet fleet(*site,
              {.label = "mapped",
               .start = 2,
               .threads_per_peer = 1,
               .backends = 1,
               .streams = {{.name = "orders", .shards = 32}},
               .guardrails = {},
               .limits = {}},
              nullptr);
  while (fleet.size() < 2) fleet.add_frontend();
  ASSERT_TRUE(fleet.settle());
  const auto small = fleet.frontend_resources();
  while (fleet.size() < kSize) fleet.add_frontend();
  ASSERT_TRUE(fleet.settle());
  const auto large = fleet.frontend_resources();
  const auto peer_costs = [&](const std::string& resource, std::size_t frontend) {
    return (large.at(resource).at(frontend) - small.at(resource).at(frontend)) / (kSize - 2);
  };
  constexpr std::int64_t kStack = 1 << 20;
  for (std::size_t frontend : {0U, 1U}) {
    EXPECT_EQ(peer_costs("address_space_bytes", frontend), kStack + 4096);
    EXPECT_EQ(peer_costs("data_bytes", frontend), kStack);
    EXPECT_EQ(peer_costs("descriptors", frontend), 2);
  }
  EXPECT_EQ(std::set<std::int64_t>(large.at("address_space_bytes").begin(),
                                   large.at("address_space_bytes").end())
                .size(),
            1U)
      << "frontends of one fleet have mapped the same";
  fleet.destroy();
}

}  // namespace
}  // namespace ceiling
