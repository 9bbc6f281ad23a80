// Cache servers that have no place for a frontend: what proves that it was their limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// A frontend is 5 tasks and 92 descriptors, a cache server 90 descriptors and one for each
/// frontend: of 97, the eighth frontend gets none.
const Course kCached{.failing = 8,
                     .staged = true,
                     .threads = 5,
                     .drifted = 8,
                     .guardrails = {Guardrail::cache_fleet}};
constexpr std::int64_t kDescriptors = 97;
constexpr std::int64_t kBase = 90;

SampleEvent of_cache(const char* name, int fleet_size) {
  return {.scope = name,
          .limit = "RLIMIT_NOFILE",
          .where = "/proc/2/limits",
          .value = kDescriptors,
          .tasks = 1,
          .pids_events = {},
          .used = std::min(kBase + fleet_size, kDescriptors)};
}

History cached_story() {
  History history;
  for (Event& event : story(kCached)) {
    if (auto* small = std::get_if<CalibrationEvent>(&event.what)) {
      small->resources["descriptors"].assign(small->tasks.size(), 90 + 2 * (small->fleet_size - 1));
      small->caches = {{"tasks", {1, 1}},
                       {"descriptors", {kBase + small->fleet_size, kBase + small->fleet_size}}};
    } else if (auto* sample = std::get_if<SampleEvent>(&event.what)) {
      if (sample->scope != "/x") {
        sample->tasks = 5;
        sample->pids_events = 0;
        sample->value = 10;
      }
    } else if (auto* refusal = std::get_if<RefusalEvent>(&event.what)) {
      refusal->error = EMFILE;
      refusal->tasks = 1;
      refusal->server = "cache-1";
    } else if (const auto* step = std::get_if<StepEvent>(&event.what)) {
      for (const char* name : {"cache-1", "cache-2"}) {
        history.push_back(
            {event.t_s, event.arm, SampleEvent{name, "pids.max", "/pids/pids.max", 10, 1, 0}});
        history.push_back({event.t_s, event.arm, of_cache(name, step->fleet_size)});
      }
    }
    history.push_back(event);
  }
  return history;
}

ArmVerdict judge_cached(History history) {
  Experiment experiment = experiment_of(kCached, Outcome::contained);
  experiment.arms[0].limits.overrides.clear();
  experiment.arms[0].limits.set(LimitName::pids_max, 10);
  experiment.arms[0].limits.set(LimitName::rlimit_nofile, kDescriptors);
  return judge(experiment, {std::move(history), {}}).arms.at(0);
}

TEST(CacheFleetVerdict, TheFirstWithoutAPlaceIsTheOneThatWasPredicted) {
  const ArmVerdict arm = judge_cached(cached_story());
  EXPECT_EQ(summary(arm), "confirmed contained");
  EXPECT_EQ(arm.predicted.fleet_size, 8);
  EXPECT_EQ(arm.observed.member, "frontend-8");
  EXPECT_EQ(arm.observed.limit, "RLIMIT_NOFILE");
  EXPECT_TRUE(arm.observed.of_cache);
  EXPECT_EQ(arm.observed.threads, 1);
  EXPECT_EQ(arm.attribution.where, "/proc/2/limits");
  EXPECT_EQ(arm.attribution.evidence.at("RLIMIT_NOFILE in use"),
            "97 of 97 in cache-1, a place needs 1, no room in 2 of 2 cache servers");
}

TEST(CacheFleetVerdict, ACacheServerThatHadRoomProvesNoLimit) {
  History history = cached_story();
  each<SampleEvent>(history, [](SampleEvent& sample) {
    if (sample.scope == "cache-2" && sample.used == kDescriptors) --*sample.used;
  });
  EXPECT_EQ(summary(judge_cached(history)),
            "unknown unknown: refusal without a limit at its count");
}

TEST(CacheFleetVerdict, AnotherErrorThanOfDescriptorsProvesNoLimit) {
  History history = cached_story();
  each<RefusalEvent>(history, [](RefusalEvent& refusal) { refusal.error = EAGAIN; });
  EXPECT_EQ(summary(judge_cached(history)),
            "unknown unknown: refusal without a limit at its count");
}

TEST(CacheFleetVerdict, ACacheServerThatMiscountsItselfRefutes) {
  History history = cached_story();
  each<RefusalEvent>(history, [](RefusalEvent& refusal) { refusal.tasks = 2; });
  EXPECT_THAT(summary(judge_cached(history)),
              HasSubstr("cache-1 reports 2 tasks, the kernel counts 1 in its group"));
}

TEST(CacheFleetVerdict, AnybodyElseWhoFailsRefutes) {
  History history = cached_story();
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto* refusal = std::get_if<RefusalEvent>(&history[i].what);
    if (refusal == nullptr) continue;
    RefusalEvent another = *refusal;
    another.frontend = "frontend-3";
    history.insert(history.begin() + static_cast<std::ptrdiff_t>(i),
                   {history[i].t_s, history[i].arm, another});
    break;
  }
  each<StepEvent>(history, [](StepEvent& step) {
    if (!step.failed.empty()) step.failed.push_back("frontend-3");
  });
  EXPECT_THAT(summary(judge_cached(history)),
              HasSubstr("frontends that fail: predicted frontend-8, observed frontend-8, "
                        "frontend-3"));
}

/// In the failing step nobody was refused a place: `without_source` had no cache server.
History story_without_caches(const std::vector<std::string>& without_source) {
  History history = cached_story();
  remove<RefusalEvent>(history);
  each<StepEvent>(history, [&](StepEvent& step) {
    if (!step.failed.empty()) step.failed = {"frontend-3", "frontend-8"};
  });
  const auto failing = std::find_if(history.begin(), history.end(), [](const Event& event) {
    const auto* step = std::get_if<StepEvent>(&event.what);
    return step != nullptr && !step->failed.empty();
  });
  std::vector<Event> faults;
  for (const std::string& name : without_source)
    faults.push_back({failing->t_s, failing->arm,
                      FaultEvent{"no-source", name, "had no source of map version 5"}});
  history.insert(failing, faults.begin(), faults.end());
  return history;
}

TEST(CacheFleetVerdict, FrontendsWithoutASourceOfMapsRefute) {
  const ArmVerdict arm = judge_cached(story_without_caches({"frontend-3", "frontend-8"}));
  EXPECT_THAT(summary(arm), AllOf(StartsWith("refuted"),
                                  HasSubstr("2 of 8 frontends had no source of maps: no "
                                            "cache server was there"),
                                  HasSubstr("limit: predicted RLIMIT_NOFILE, observed ")));
  EXPECT_EQ(arm.observed.failure, "build");
  EXPECT_EQ(arm.observed.limit, "");
}

TEST(CacheFleetVerdict, WhereACacheServerWasKilledByHandItIsUnknown) {
  History history = story_without_caches({"frontend-3", "frontend-8"});
  const auto fault = std::find_if(history.begin(), history.end(), [](const Event& event) {
    return std::holds_alternative<FaultEvent>(event.what);
  });
  history.insert(fault, {fault->t_s, fault->arm, FaultEvent{"killed", "cache-1", ""}});
  EXPECT_THAT(summary(judge_cached(history)),
              AllOf(StartsWith("unknown"), HasSubstr("2 of 8 frontends had no source"),
                    HasSubstr("cache-1 was killed by hand")));
}

TEST(CacheFleetVerdict, OneThatFailedAndDoesNotSayWhyIsUnexplained) {
  EXPECT_THAT(summary(judge_cached(story_without_caches({"frontend-3"}))),
              AllOf(HasSubstr("1 of 8 frontends had no source"),
                    HasSubstr("frontend-8 failed without reporting a refusal")));
}

TEST(CacheFleetVerdict, AFrontendWithAThreadMoreThanItsBaseRefutes) {
  History history = cached_story();
  each<SampleEvent>(history, [](SampleEvent& sample) {
    if (sample.scope == "frontend-4") sample.tasks = 6;
  });
  EXPECT_THAT(summary(judge_cached(history)),
              HasSubstr("at 4 frontends the measured line gives 5 tasks, frontend-4 has 6"));
}

TEST(CacheFleetVerdict, AMapThatDiffersFromTheOthersOfItsVersionRefutes) {
  History history = cached_story();
  each<MapEvent>(history, [](MapEvent& map) {
    if (map.version == 5 && map.frontend == "frontend-2") map.digest = "stale";
  });
  const std::string said = summary(judge_cached(history));
  EXPECT_THAT(said, StartsWith("refuted"));
  EXPECT_THAT(said, HasSubstr("no-wrong-map: version 5 is d5 at frontend-1 and stale at "
                              "frontend-2"));
}

}  // namespace
}  // namespace ceiling::test
