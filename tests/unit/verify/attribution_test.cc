#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

const Course kPids;
const Course kNproc{.name = LimitName::rlimit_nproc};

// With a limit of 10 the fleet of 6 has 10 tasks a frontend as well: only the step tells them
// apart.
void at_step(History& history, int size, const std::function<void(SampleEvent&)>& change) {
  std::vector<SampleEvent*> under_way;
  for (Event& event : history) {
    if (auto* sample = std::get_if<SampleEvent>(&event.what)) under_way.push_back(sample);
    const auto* step = std::get_if<StepEvent>(&event.what);
    if (!step) continue;
    if (step->fleet_size == size)
      for (SampleEvent* sample : under_way) change(*sample);
    under_way.clear();
  }
}

TEST(Attribution, PidsMaxIsProvedByTheCounterAndTheCount) {
  const ArmVerdict arm = judge_arm(kPids, Outcome::outage);
  EXPECT_EQ(arm.attribution.limit, "pids.max");
  EXPECT_EQ(arm.attribution.where, "/pids/frontend-1/pids.max");
  EXPECT_THAT(arm.attribution.evidence,
              testing::UnorderedElementsAre(
                  testing::Pair("refusals_reported", "7"), testing::Pair("errno", "EAGAIN"),
                  testing::Pair("pids.events", "0 -> 7"), testing::Pair("tasks", "10 of 10"),
                  testing::Pair("tasks against pids.max", "10 of 10, full in 7 of 7 scopes")));
}

TEST(Attribution, NprocIsProvedByTheCountAndAStillCounter) {
  const ArmVerdict arm = judge_arm(kNproc, Outcome::outage);
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.attribution.limit, "RLIMIT_NPROC");
  EXPECT_EQ(arm.attribution.where, "/proc/1/limits");
  EXPECT_EQ(arm.attribution.evidence.at("pids.events"), "0 -> 0");
  EXPECT_EQ(arm.attribution.evidence.at("tasks"), "10 of 10");
}

const Course kAddressSpace{.limit = 1550, .name = LimitName::rlimit_as};

TEST(Attribution, AddressSpaceIsProvedByATaskThatWasMadeAndTheRoomThatIsLeft) {
  const ArmVerdict arm = judge_arm(kAddressSpace, Outcome::outage);
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.attribution.limit, "RLIMIT_AS");
  EXPECT_EQ(arm.attribution.where, "/proc/1/limits");
  EXPECT_EQ(arm.attribution.evidence.at("clone right after"), "made");
  EXPECT_EQ(arm.attribution.evidence.at("RLIMIT_AS in use"),
            "1500 of 1550, a thread needs 100, no room in 7 of 7 processes");
}

TEST(Attribution, WhateverCountsAProcessIsProvedInTheSameWay) {
  for (const LimitName name :
       {LimitName::rlimit_data, LimitName::rlimit_memlock, LimitName::max_map_count}) {
    const Course course{.limit = 1550, .name = name};
    const ArmVerdict arm = judge_arm(course, Outcome::outage);
    EXPECT_EQ(summary(arm), "confirmed outage");
    EXPECT_EQ(arm.attribution.limit, to_string(name));
    History roomy = story(course);
    at_step(roomy, 7, [](SampleEvent& sample) {
      if (sample.used) sample.used = 1450;
    });
    EXPECT_EQ(judge_arm(course, Outcome::outage, roomy).verdict, Verdict::unknown)
        << to_string(name);
    History small = story(course);
    each<StepEvent>(small, [](StepEvent& step) {
      if (step.fleet_size == 6) step.failed = {"frontend-1"};
    });
    EXPECT_NE(judge_arm(course, Outcome::outage, small).verdict, Verdict::confirmed);
  }
}

const Course kMemory{.limit = 440'000, .name = LimitName::memory_max};

TEST(Attribution, MemoryIsProvedByTheSignalAndTheCounterOfTheOomKiller) {
  const ArmVerdict arm = judge_arm(kMemory, Outcome::outage);
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.predicted.fleet_size, 7);
  EXPECT_EQ(arm.predicted.fleet_size_most, 10);
  EXPECT_EQ(arm.observed.failure, "killed");
  EXPECT_EQ(arm.observed.threads, std::nullopt);
  EXPECT_EQ(arm.attribution.limit, "memory.max");
  EXPECT_EQ(arm.attribution.where, "/memory/frontend-1/memory.max");
  EXPECT_EQ(arm.attribution.evidence.at("ended by SIGKILL"), "7 of 7 that failed");
  EXPECT_EQ(arm.attribution.evidence.at("oom_kill moved"), "in 7 of 7 groups");
}

TEST(Attribution, MemoryIsNotProvedByTwoOfTheThree) {
  History other = story(kMemory);
  each<FaultEvent>(other, [](FaultEvent& fault) {
    if (fault.target == "frontend-4") fault.detail = "signal 11";
  });
  History still = story(kMemory);
  at_step(still, 7, [](SampleEvent& sample) {
    if (sample.scope == "frontend-4" && sample.oom_kills) sample.oom_kills = 0;
  });
  History above = story(kMemory);
  at_step(above, 7, [](SampleEvent& sample) {  // the OOM killer came for a group above, or the host
    if (sample.scope == "frontend-4" && sample.oom_kills) sample.used = 440'000 - 64 * 4096 - 1;
  });
  for (const History& history : {other, still, above}) {
    const ArmVerdict arm = judge_arm(kMemory, Outcome::outage, history);
    EXPECT_EQ(arm.attribution.limit, "");
    EXPECT_EQ(arm.verdict, Verdict::unknown);
    EXPECT_EQ(arm.reasons.size(), 7U) << "each frontend that ended, and by what";
  }
}

TEST(Attribution, AnEstimateKeepsItsWord) {
  Course early = kMemory;
  early.failing = 6;
  const ArmVerdict refuted = judge_arm(early, Outcome::any);
  EXPECT_EQ(refuted.verdict, Verdict::refuted);
  EXPECT_EQ(refuted.reasons.front(), "fleet size: predicted 7 to 10, observed 6");
  Course late = kMemory;
  late.failing = 10;
  EXPECT_EQ(judge_arm(late, Outcome::any).verdict, Verdict::confirmed);
  late.failing = 11;
  EXPECT_EQ(judge_arm(late, Outcome::any).verdict, Verdict::refuted);
  late.failing.reset();
  EXPECT_EQ(judge_arm(late, Outcome::any).reasons.front(),
            "predicted a failure at 7 frontends, none failed up to 12");
}

const Course kDescriptors{.limit = 1550, .name = LimitName::rlimit_nofile};

TEST(Attribution, DescriptorsAreProvedByTheErrnoAndTheRoomThatIsLeft) {
  const ArmVerdict arm = judge_arm(kDescriptors, Outcome::outage);
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.attribution.limit, "RLIMIT_NOFILE");
  EXPECT_EQ(arm.attribution.where, "/proc/1/limits");
  EXPECT_EQ(arm.attribution.evidence.at("errno"), "EMFILE");
  EXPECT_EQ(arm.attribution.evidence.at("RLIMIT_NOFILE in use"),
            "1500 of 1550, a thread needs 100, no room in 7 of 7 processes");
}

TEST(Attribution, DescriptorsThatRunOutEarlierRefute) {
  Course early = kDescriptors;
  early.failing = 6;
  EXPECT_EQ(judge_arm(early, Outcome::any).reasons.front(), "fleet size: predicted 7, observed 6");
  EXPECT_EQ(judge_arm(early, Outcome::any).verdict, Verdict::refuted);
}

TEST(Attribution, DescriptorsAreNotProvedByOneOfTheTwo) {
  History roomy = story(kDescriptors);
  at_step(roomy, 7, [](SampleEvent& sample) {
    if (sample.scope == "frontend-4" && sample.used) sample.used = 1450;
  });
  History other = story(kDescriptors);
  each<RefusalEvent>(other, [](RefusalEvent& refusal) {
    if (refusal.frontend == "frontend-4") refusal.error = EAGAIN;
  });
  for (const History& history : {roomy, other}) {
    const ArmVerdict arm = judge_arm(kDescriptors, Outcome::outage, history);
    EXPECT_EQ(arm.attribution.limit, "");
    EXPECT_EQ(arm.verdict, Verdict::unknown);
  }
}

// Each of the two kinds of evidence is needed.
TEST(Attribution, AddressSpaceIsNotProvedWithoutTheTask) {
  for (const std::optional<int> probe : {std::optional<int>(), std::optional<int>(EAGAIN)}) {
    History history = story(kAddressSpace);
    each<RefusalEvent>(history, [&](RefusalEvent& refusal) { refusal.probe = probe; });
    const ArmVerdict arm = judge_arm(kAddressSpace, Outcome::outage, history);
    EXPECT_EQ(arm.attribution.limit, "");
    EXPECT_EQ(arm.verdict, Verdict::unknown);
  }
}

TEST(Attribution, AddressSpaceIsNotProvedWhereOneMoreStackFits) {
  History history = story(kAddressSpace);
  at_step(history, 7, [](SampleEvent& sample) {
    if (sample.scope == "frontend-4" && sample.used) sample.used = 1450;
  });
  const ArmVerdict arm = judge_arm(kAddressSpace, Outcome::outage, history);
  EXPECT_EQ(arm.attribution.evidence.at("RLIMIT_AS in use"),
            "1500 of 1550, a thread needs 100, no room in 6 of 7 processes");
  EXPECT_EQ(summary(arm), "unknown unknown: refusal without a limit at its count");
}

TEST(Attribution, ALimitThatCannotBePredictedIsUnknown) {
  History history = story(kAddressSpace);
  each<CalibrationEvent>(history, [](CalibrationEvent& event) { event.resources.clear(); });
  const ArmVerdict arm = judge_arm(kAddressSpace, Outcome::outage, history);
  EXPECT_EQ(arm.verdict, Verdict::unknown);
  EXPECT_EQ(arm.reasons.front(),
            "no prediction: RLIMIT_AS: the address_space_bytes measured lie on no line");
}

// The kernel asks RLIMIT_NPROC first and then leaves the counter of pids.max alone.
TEST(Attribution, WhereBothAreFullTheCounterDecides) {
  for (const std::int64_t events : {0, 1}) {
    History history = story(kNproc);
    at_step(history, 7, [events](SampleEvent& sample) {
      if (sample.limit != "pids.max" || sample.scope == "/x") return;
      sample.value = 10;
      sample.pids_events = events;
    });
    const ArmVerdict arm = judge_arm(kNproc, Outcome::outage, history);
    EXPECT_EQ(arm.attribution.limit, events == 0 ? "RLIMIT_NPROC" : "pids.max");
    EXPECT_EQ(arm.verdict, events == 0 ? Verdict::confirmed : Verdict::refuted);
  }
}

TEST(Attribution, WhereBothAreFullAndNoCounterCanBeReadNothingIsProved) {
  History history = story(kNproc);
  at_step(history, 7, [](SampleEvent& sample) {
    sample.pids_events.reset();
    if (sample.scope != "/x") sample.value = 10;
  });
  EXPECT_EQ(summary(judge_arm(kNproc, Outcome::outage, history)),
            "unknown unknown: refusal without a limit at its count");
}

TEST(Attribution, ARefusalBelowEveryLimitIsUnknown) {
  Course course = kPids;
  course.threads = 9;
  const ArmVerdict arm = judge_arm(course, Outcome::outage);
  EXPECT_EQ(summary(arm), "unknown unknown: refusal without a limit at its count");
  EXPECT_EQ(arm.attribution.limit, "");
  EXPECT_EQ(arm.attribution.evidence.at("tasks against pids.max"),
            "9 of 10, full in 0 of 7 scopes");
  EXPECT_EQ(arm.observed.threads, 9);
}

TEST(Attribution, AFullGroupWhoseCounterStoodStillIsUnknown) {
  History history = story(kPids);
  each<SampleEvent>(history, [](SampleEvent& sample) { sample.pids_events = 0; });
  EXPECT_EQ(summary(judge_arm(kPids, Outcome::outage, history)),
            "unknown unknown: refusal without a limit at its count");
}

TEST(Attribution, AnotherErrnoIsUnknown) {
  History history = story(kPids);
  each<RefusalEvent>(history, [](RefusalEvent& refusal) { refusal.error = ENOMEM; });
  const ArmVerdict arm = judge_arm(kPids, Outcome::outage, history);
  EXPECT_EQ(summary(arm), "unknown unknown: refusal without a limit at its count");
  EXPECT_EQ(arm.attribution.evidence.at("errno"), "ENOMEM");
}

// The limit that bites is not always the one that was set.
TEST(Attribution, AFullGroupAboveIsNamedAndRefutesThePrediction) {
  Course course = kPids;
  course.threads = 9;
  History history = story(course);
  at_step(history, 7, [](SampleEvent& sample) {
    if (sample.scope == "/x") sample.tasks = 5000;
  });
  const ArmVerdict arm = judge_arm(course, Outcome::outage, history);
  EXPECT_EQ(arm.attribution.where, "/pids/x/pids.max");
  EXPECT_EQ(arm.attribution.evidence.at("tasks"), "5000 of 5000");
  EXPECT_EQ(summary(arm), "refuted unknown: threads: predicted 10, observed 9");
}

// Since Linux 6.11 cgroup v2 counts in the group whose limit was hit.
TEST(Attribution, TheCounterOfTheFullGroupAboveIsEnough) {
  Course course = kPids;
  course.threads = 9;
  History history = story(course);
  at_step(history, 7, [](SampleEvent& sample) {
    sample.pids_events = sample.scope == "/x" ? 18 : 0;
    if (sample.scope == "/x") sample.tasks = 5000;
  });
  const ArmVerdict arm = judge_arm(course, Outcome::outage, history);
  EXPECT_EQ(arm.attribution.limit, "pids.max");
  EXPECT_EQ(arm.attribution.evidence.at("pids.events above"), "17 -> 18");
}

// There it counts in every group above the limit as well.
TEST(Attribution, ARefusalThatIsCountedAboveAgainIsOne) {
  for (const std::int64_t events_above : {0, 7}) {
    History history;
    for (Event& event : story(kPids)) {
      const auto* step = std::get_if<StepEvent>(&event.what);
      if (step) {
        const std::int64_t events = step->fleet_size == 7 ? events_above : 0;
        history.push_back(
            {event.t_s, kPids.arm, SampleEvent{"fleet", "pids.max", "", {}, 70, events}});
      }
      history.push_back(std::move(event));
    }
    const ArmVerdict arm = judge_arm(kPids, Outcome::outage, history);
    EXPECT_EQ(summary(arm), "confirmed outage");
    EXPECT_EQ(arm.attribution.evidence.at("pids.events"), "0 -> 7") << events_above;
  }
}

TEST(Attribution, AFrontendThatUnderReportsRefutes) {
  for (const std::int64_t reported : {9, 11}) {
    History history = story(kPids);
    each<RefusalEvent>(history, [reported](RefusalEvent& refusal) {
      if (refusal.frontend == "frontend-3") refusal.tasks = reported;
    });
    EXPECT_EQ(summary(judge_arm(kPids, Outcome::outage, history)),
              "refuted outage: frontend-3 reports " + std::to_string(reported) +
                  " tasks, the kernel counts 10 in its group");
  }
}

TEST(Attribution, ScopesThatDisagreeRefute) {
  History history = story(kPids);
  at_step(history, 7, [](SampleEvent& sample) {
    if (sample.scope == "frontend-5") sample.tasks = 11;
  });
  each<RefusalEvent>(history, [](RefusalEvent& refusal) {
    if (refusal.frontend == "frontend-5") refusal.tasks = 11;
  });
  EXPECT_EQ(summary(judge_arm(kPids, Outcome::outage, history)),
            "refuted outage: the kernel counts 10 tasks in frontend-1, but 11 in frontend-5");
}

TEST(Attribution, ASilentFailureIsUnknown) {
  History history = story(kPids);
  remove<RefusalEvent>(history, [](const RefusalEvent& e) { return e.frontend == "frontend-2"; });
  EXPECT_EQ(summary(judge_arm(kPids, Outcome::outage, history)),
            "unknown unknown: frontend-2 failed without reporting a refusal");
  remove<RefusalEvent>(history);
  EXPECT_EQ(judge_arm(kPids, Outcome::outage, history).verdict, Verdict::unknown);
}

TEST(Attribution, AFrontendThatDiedIsNamed) {
  History history = story(kPids);
  const auto refusal = std::find_if(history.begin(), history.end(), [](const Event& event) {
    const auto* what = std::get_if<RefusalEvent>(&event.what);
    return what && what->frontend == "frontend-2";
  });
  refusal->what = FaultEvent{"exited", "frontend-2", "signal 11"};
  EXPECT_EQ(summary(judge_arm(kPids, Outcome::outage, history)),
            "unknown unknown: frontend-2 failed without a refusal: exited signal 11");
}

TEST(Attribution, ARefusalInAStepThatSucceededIsUnknown) {
  History history = story(kPids);
  history.insert(history.begin() + 3,
                 Event{0, kPids.arm, RefusalEvent{"frontend-1", EAGAIN, 8, 4, "build"}});
  EXPECT_EQ(summary(judge_arm(kPids, Outcome::outage, history)),
            "unknown unknown: frontend-1 reported a refusal in the step to 4, and did not fail");
}

/// The course, with a second limit: beside each sample of a frontend one of it, at `used` of it.
ArmVerdict beside(const Course& course, LimitName other, std::int64_t value,
                  std::optional<std::int64_t> used, const std::string& not_sampled = "") {
  Experiment experiment = experiment_of(course, Outcome::outage);
  experiment.arms[0].limits.set(other, value);
  History history;
  for (const Event& event : story(course)) {
    history.push_back(event);
    const auto* sample = std::get_if<SampleEvent>(&event.what);
    if (!sample || !sample->scope.starts_with("frontend-") || sample->scope == not_sampled)
      continue;
    if (sample->limit != to_string(course.name)) continue;
    SampleEvent second = *sample;
    second.limit = to_string(other);
    second.value = value;
    second.pids_events = {};
    second.used = used;
    history.push_back({event.t_s, event.arm, second});
  }
  return judge(experiment, {history, {}}).arms.at(0);
}

TEST(RuledOut, ALimitOnTasksThatHasSomeLeftInEveryScope) {
  const ArmVerdict arm = beside(kPids, LimitName::rlimit_nproc, 11, {});
  EXPECT_EQ(arm.attribution.limit, "pids.max");
  EXPECT_THAT(arm.attribution.ruled_out,
              testing::ElementsAre(testing::Pair(
                  "RLIMIT_NPROC", "10 of 11 tasks at most, 1 left in each of 7 scopes")));
}

TEST(RuledOut, ALimitOnMemoryThatHasRoomForOneMoreThread) {
  const ArmVerdict roomy = beside(kPids, LimitName::rlimit_as, 1700, 1500);
  EXPECT_THAT(roomy.attribution.ruled_out,
              testing::ElementsAre(testing::Pair(
                  "RLIMIT_AS",
                  "1500 of 1700 in use at most, room for 2 more threads in each of 7 processes")));
  EXPECT_TRUE(beside(kPids, LimitName::rlimit_as, 1700, 1601).attribution.ruled_out.empty());
}

TEST(RuledOut, NothingThatIsFullOrWasNotSampledInEachThatFailed) {
  EXPECT_TRUE(beside(kPids, LimitName::rlimit_nproc, 10, {}).attribution.ruled_out.empty());
  EXPECT_TRUE(
      beside(kPids, LimitName::rlimit_nproc, 11, {}, "frontend-5").attribution.ruled_out.empty());
  EXPECT_TRUE(beside(kPids, LimitName::rlimit_as, 1700, {}).attribution.ruled_out.empty());
  EXPECT_TRUE(judge_arm(kPids, Outcome::outage).attribution.ruled_out.empty());
}

}  // namespace
}  // namespace ceiling::test
