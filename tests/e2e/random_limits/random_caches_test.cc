// Of a fleet whose maps are built by cache servers what was predicted is what is observed: the
// first frontend without a place, and everyone after it. CEILING_SEED repeats a run.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/e2e/random_limits/cache_case.h"
#include "tests/e2e/random_limits/random_run.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling {
namespace {

using nlohmann::json;

constexpr int kCases = 8;

class RandomCaches : public RandomLimits {};

TEST_P(RandomCaches, TheFirstFrontendWithoutAPlaceAndThoseAfterItFail) {
  Random source = random(LimitScope::frontend);
  const RandomCase one = crowded_caches(GetParam(), source);
  const json arm = run(one);
  expect_confirmed(one, arm, "EMFILE");
  if (!arm.is_object()) return;
  const int places = places_at(one);
  const int fails = visited_above(one, places);
  for (const char* side : {"predicted", "observed"}) {
    const json& said = arm.at(side);
    EXPECT_EQ(said.at("fleet_size"), fails) << side;
    EXPECT_EQ(said.at("threads"), wire::kCacheTasks) << side;
    EXPECT_EQ(said.at("server"), "cache") << side;
    EXPECT_EQ(said.at("member"), "frontend-" + std::to_string(places + 1)) << side;
    EXPECT_EQ(said.at("frontends_failed"), fails - places) << side;
  }
  EXPECT_EQ(arm.at("cost_model").at("cache").at("servers"), one.cache_servers);
  EXPECT_EQ(arm.at("outcome"), "contained");
}

TEST_P(RandomCaches, TheCeilingOfPeersIsPassedAndTheNextOneIsNamed) {
  Random source = random(LimitScope::frontend);
  const RandomCase one = past_the_peers(source);
  const json arm = run(one);
  ASSERT_TRUE(arm.is_object()) << "no result";
  EXPECT_EQ(status(), 0);
  EXPECT_EQ(arm.at("outcome"), "prevented");
  EXPECT_TRUE(arm.at("predicted").at("fleet_size").is_null());
  EXPECT_EQ(arm.at("observed").at("frontends_failed"), 0);
  EXPECT_EQ(arm.at("predicted").at("without").at("limit"), "pids.max");
  const json& beyond = arm.at("predicted").at("beyond");
  EXPECT_EQ(beyond.at("fleet_size"), places_at(one) + 1);
  EXPECT_EQ(beyond.at("server"), "cache");
}

TEST_P(RandomCaches, AScopeThatFrontendsShareIsMetByTheOneThatDoesNotStart) {
  Random source = random(LimitScope::fleet);
  const RandomCase one = frontends_together(GetParam(), source);
  const json arm = run(one);
  expect_confirmed(one, arm);
  if (!arm.is_object()) return;
  const int fits = static_cast<int>(one.value) / wire::kFrontendBaseTasks;
  const bool filled = one.value % wire::kFrontendBaseTasks == 0;
  EXPECT_EQ(arm.at("observed").at("fleet_size"), visited_above(one, fits));
  EXPECT_EQ(arm.at("observed").at("threads"), one.value + (filled ? 1 : 0));
  EXPECT_EQ(arm.at("observed").at("failure"), "start");
  EXPECT_FALSE(arm.at("observed").contains("server"));
}

INSTANTIATE_TEST_SUITE_P(Case, RandomCaches, testing::Range(0, kCases));

}  // namespace
}  // namespace ceiling
