// How much longer a fleet of frontends takes to build its shard-maps than the kernel takes to make
// its processes and threads, and how long the demo takes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "harness/fleet/fleet.h"
#include "tests/support/fleet/test_site.h"

namespace ceiling {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFrontends = 100;
constexpr int kRuns = 3;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

double bare_mesh_s() {
  FILE* program = ::popen(fmt::format("{} {}", BARE_MESH, kFrontends).c_str(), "r");
  std::array<char, 64> text{};
  const bool said = program != nullptr && std::fgets(text.data(), text.size(), program) != nullptr;
  if (program == nullptr || ::pclose(program) != 0 || !said) {
    throw std::runtime_error("bare_mesh did not make all of its threads");
  }
  return std::atof(text.data());
}

/// From the first spawn of a frontend until every map is complete; membership and the backend
/// listen before. All frontends are members of one version.
double fleet_mesh_s() {
  TestSite site(kFrontends);
  Fleet fleet(*site,
              {.label = "mesh",
               .start = kFrontends,
               .threads_per_peer = 1,
               .backends = 1,
               .streams = {{.name = "orders", .shards = 32}},
               .guardrails = {},
               .limits = {}},
              nullptr);
  const auto start = Clock::now();
  while (fleet.size() < kFrontends) fleet.add_frontend();
  const double spawned = seconds_since(start);
  const bool settled = fleet.settle();
  const double complete = seconds_since(start);
  fmt::print("  fleet: {:.3f} s to the last spawn, {:.3f} s to the last complete map\n", spawned,
             complete);
  EXPECT_TRUE(settled);
  EXPECT_TRUE(fleet.failed().empty());
  EXPECT_EQ(fleet.in_service().size(), static_cast<std::size_t>(kFrontends));
  EXPECT_EQ(fleet.frontend_tasks(), std::vector<std::int64_t>(kFrontends, 3 + kFrontends - 1));
  fleet.destroy();
  site.finish();
  return complete;
}

class MeshBench : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_privilege(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
  }
};

TEST_F(MeshBench, AFleetOf100TakesLessThanTenTimesItsBareThreads) {
  std::vector<double> bare;
  std::vector<double> fleet;
  for (int run = 0; run < kRuns; ++run) {
    bare.push_back(bare_mesh_s());
    fmt::print("  bare:  {:.3f} s\n", bare.back());
    fleet.push_back(fleet_mesh_s());
  }
  const double ratio = median(fleet) / median(bare);
  fmt::print(
      "mesh of {}: {} peer threads, medians of {}: fleet {:.3f} s, bare {:.3f} s, ratio {:.1f}\n",
      kFrontends, kFrontends * (kFrontends - 1), kRuns, median(fleet), median(bare), ratio);
  EXPECT_LT(ratio, 10.0);
}

// 35 s are asked for; three times that is a defect and not a busy machine.
TEST_F(MeshBench, TheDemosExperimentIsQuick) {
  const TemporaryFolder folder;
  const std::string command = fmt::format(
      "{} run {}/kinesis-2020.yaml --quiet --format json --output {} --results {}", CEILING_PROGRAM,
      EXPERIMENTS, (folder.path() / "result.json").string(), (folder.path() / "results").string());
  const auto start = Clock::now();
  EXPECT_EQ(std::system(command.c_str()), 0);
  const double seconds = seconds_since(start);
  fmt::print("kinesis-2020: {:.1f} s from start to verdict (asked: under 35)\n", seconds);
  EXPECT_LT(seconds, 3 * 35.0);
}

TEST_F(MeshBench, ZLeavesNothingBehind) {
  EXPECT_EQ(left_behind(), "");
}

}  // namespace
}  // namespace ceiling
