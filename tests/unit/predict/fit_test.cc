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
