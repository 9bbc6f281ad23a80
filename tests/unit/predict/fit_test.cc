#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "harness/predict/predict.h"

namespace ceiling {
namespace {

TEST(Fit, FindsTheLineThroughTheSizesThatARunCalibratesAt) {
  const auto model = fit({{2, {5, 5}}, {3, {7, 7, 7}}});
  ASSERT_TRUE(model);
  EXPECT_EQ(model->base, 3);
  EXPECT_EQ(model->per_peer, 2);
  EXPECT_EQ(model->source, "measured");
  EXPECT_EQ(model->measured_at, (std::vector<int>{2, 3}));
  EXPECT_EQ(model->frontend_tasks(10), 21);
  EXPECT_EQ(model->fleet_tasks(10), 210);
}

TEST(Fit, TakesPointsInAnyOrderAndMoreThanTwo) {
  const auto model = fit({{4, {6, 6, 6, 6}}, {2, {4, 4}}, {3, {5, 5, 5}}, {2, {4, 4}}});
  ASSERT_TRUE(model);
  EXPECT_EQ(model->base, 3);
  EXPECT_EQ(model->per_peer, 1);
  EXPECT_EQ(model->measured_at, (std::vector<int>{2, 3, 4}));
}

TEST(Fit, AllowsAFleetWithoutThreadsPerPeer) {
  const auto model = fit({{2, {4, 4}}, {3, {4, 4, 4}}});
  ASSERT_TRUE(model);
  EXPECT_EQ(model->base, 4);
  EXPECT_EQ(model->per_peer, 0);
}

std::vector<CalibrationPoint> points_with(std::vector<std::int64_t> at_two,
                                          std::vector<std::int64_t> at_three) {
  return {{2, {4, 4}, {{"address_space_bytes", std::move(at_two)}}},
          {3, {5, 5, 5}, {{"address_space_bytes", std::move(at_three)}}}};
}

TEST(FitResource, TakesThePeersCostFromTheSameFrontendAndTheBaseFromAll) {
  const auto model = fit(points_with({1100, 1104}, {1200, 1204, 1196}));
  ASSERT_TRUE(model);
  ASSERT_TRUE(model->resources.contains(Resource::address_space));
  const ResourceCost& cost = model->resources.at(Resource::address_space);
  EXPECT_EQ(cost.per_peer, 100);
  EXPECT_EQ(cost.least_base, 996);
  EXPECT_EQ(cost.most_base, 1004);
  EXPECT_EQ(cost.least(3), 1196);
  EXPECT_EQ(cost.most(3), 1204);
}

TEST(FitResource, MakesNoCostOfWhatLiesOnNoLine) {
  for (const auto& points : {points_with({1100, 1100}, {1200, 1201, 1200}),  // differ by frontend
                             points_with({1100, 1100}, {1050, 1050, 1050}),  // fall
                             points_with({1100}, {1200, 1200, 1200}),        // one is missing
                             points_with({10, 10}, {90, 90, 90})}) {         // no base is left
    const auto model = fit(points);
    ASSERT_TRUE(model) << "the tasks lie on a line all the same";
    EXPECT_TRUE(model->resources.empty());
  }
}

CalibrationPoint with_memory(int size, std::int64_t kept, std::int64_t kernel) {
  const auto count = static_cast<std::size_t>(size);
  return {size,
          std::vector<std::int64_t>(count, 3 + size - 1),
          {{"memory_bytes", std::vector<std::int64_t>(count, kept)},
           {"kernel_memory_bytes", std::vector<std::int64_t>(count, kernel)},
           {"memory_ahead_bytes", std::vector<std::int64_t>(count, 64)}}};
}

TEST(FitMemory, TakesTheTwoLargestFleets) {
  auto points =
      std::vector{with_memory(2, 100, 50), with_memory(3, 400, 80), with_memory(10, 820, 290)};
  points.back().resources.at("memory_bytes").back() =
      800;  // a frontend that the small fleets had not
  const auto model = fit(points);
  ASSERT_TRUE(model && model->memory);
  EXPECT_EQ(model->memory->fleet_size, 10);
  EXPECT_EQ(model->memory->least_kept, 800);
  EXPECT_EQ(model->memory->most_kept, 820);
  EXPECT_EQ(model->memory->least_per_peer, 45);  // 30 of the kernel and half of the other 30
  EXPECT_EQ(model->memory->most_per_peer, 60);
  EXPECT_EQ(model->memory->ahead, 64);
}

TEST(FitMemory, EstimatesNothingFromFleetsOfAboutOneSize) {
  EXPECT_FALSE(fit({with_memory(2, 100, 50), with_memory(3, 400, 80)})->memory);
  EXPECT_FALSE(fit({with_memory(2, 100, 50), with_memory(10, 90, 290)})->memory);
}

TEST(Fit, MakesNoModelOfOneSize) {
  EXPECT_FALSE(fit({}));
  EXPECT_FALSE(fit({{2, {4, 4}}}));
  EXPECT_FALSE(fit({{2, {4, 4}}, {2, {4, 4}}}));
}

TEST(Fit, MakesNoModelWhereAStartingSizeLiesOffTheLine) {
  EXPECT_TRUE(fit({{2, {4, 4}}, {3, {5, 5, 5}}, {4, {6, 6, 6, 6}}}));
  EXPECT_FALSE(fit({{2, {4, 4}}, {3, {5, 5, 5}}, {4, {7, 7, 7, 7}}}));
  EXPECT_FALSE(fit({{2, {4, 4}}, {4, {8, 8, 8, 8}}, {3, {5, 5, 5}}}));
}

TEST(Fit, MakesNoModelWhereFrontendsOfOneFleetDiffer) {
  EXPECT_FALSE(fit({{2, {4, 5}}, {3, {5, 5, 5}}}));
  EXPECT_FALSE(fit({{2, {4, 4}}, {3, {5, 5, 6}}}));
}

TEST(Fit, MakesNoModelWhereAFrontendWasNotCounted) {
  EXPECT_FALSE(fit({{2, {4}}, {3, {5, 5, 5}}}));
  EXPECT_FALSE(fit({{2, {}}, {3, {5, 5, 5}}}));
  EXPECT_FALSE(fit({{0, {}}, {3, {5, 5, 5}}}));
}

TEST(Fit, MakesNoModelOfPartsOfTasksFallingCountsOrNoMainThread) {
  EXPECT_FALSE(fit({{2, {4, 4}}, {4, {5, 5, 5, 5}}}));  // half a task per peer
  EXPECT_FALSE(fit({{2, {5, 5}}, {3, {4, 4, 4}}}));
  EXPECT_FALSE(fit({{2, {1, 1}}, {3, {3, 3, 3}}}));  // a base of -1
}

TEST(Fit, MakesNoModelOfCountsThatADamagedHistoryInvents) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_FALSE(fit({{1, {kLeast}}, {2, {kMost, kMost}}}));
  EXPECT_FALSE(fit({{1, {kMost}}, {2, {kMost, kMost}}}));
  EXPECT_FALSE(fit({{-2, {}}, {2, {4, 4}}}));
}

}  // namespace
}  // namespace ceiling
