// Limits of the whole host: other people's tasks count as well, and come and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kLimit = 170;
constexpr std::int64_t kOwn = 100;

Course course_of(LimitName name) {
  return {.limit = kLimit, .name = name};
}
const Course kThreadsMax = course_of(LimitName::threads_max);

/// What was counted on the host, in the order of the history.
struct HostCounts {
  std::int64_t at_calibration = kOwn;
  std::int64_t before_the_fleet = kOwn;
  std::int64_t own = kOwn;           ///< at every complete step
  std::int64_t at_refusal = kLimit;  ///< the whole
};

// The fleet of 6 is 60 tasks, that of 7 would be 77.
History host_story(const Course& course, const HostCounts& counts = {}) {
  const std::string limit(to_string(course.name));
  const auto sample = [&](const std::string& arm, std::int64_t tasks) {
    return Event{0, arm, SampleEvent{"host", limit, "/proc/sys/x", course.limit, tasks, {}}};
  };
  History told;
  for (const Event& event : story(course)) {
    const auto* step = std::get_if<StepEvent>(&event.what);
    const bool first = !event.arm.empty() && told.back().arm.empty();
    if (first) told.push_back(sample(event.arm, counts.before_the_fleet));
    if (step) {
      const int size = step->fleet_size;
      told.push_back(sample(
          event.arm, size == course.failing ? counts.at_refusal : counts.own + size * (4 + size)));
    }
    told.push_back(event);
    if (std::holds_alternative<RunEvent>(event.what))
      told.push_back(sample("", counts.at_calibration));
  }
  return told;
}

std::string verdict_of(const Course& course, const HostCounts& counts) {
  return summary(judge_arm(course, Outcome::outage, host_story(course, counts)));
}

TEST(HostLimitOf, IsProvedByTheHostsCountAndStillCounters) {
  for (const LimitName name : {LimitName::threads_max, LimitName::pid_max}) {
    const Course course = course_of(name);
    const ArmVerdict arm = judge_arm(course, Outcome::outage, host_story(course));
    EXPECT_EQ(summary(arm), "confirmed outage");
    EXPECT_EQ(arm.predicted.fleet_size, 7);
    EXPECT_EQ(arm.predicted.scope, LimitScope::host);
    EXPECT_EQ(arm.observed.threads, kLimit);
    EXPECT_EQ(arm.attribution.limit, to_string(name));
    EXPECT_EQ(arm.attribution.where, "/proc/sys/x");
    EXPECT_EQ(arm.attribution.evidence.at("tasks"), "170 of 170");
    EXPECT_EQ(arm.attribution.evidence.at("pids.events"), "0 -> 0");
  }
}

// The fleet of 6 is 60 tasks, that of 7 would be 77; two numbers are in use.
TEST(HostLimitOf, APidNamespaceIsProvedByItsOwnCount) {
  const Course course{.limit = 70, .name = LimitName::pid_max, .scope = LimitScope::pid_namespace};
  const auto told = [&](std::int64_t at_refusal) {
    History history;
    for (const Event& event : story(course)) {
      const auto* step = std::get_if<StepEvent>(&event.what);
      if (step) {
        const int size = step->fleet_size;
        const std::int64_t fleet = size == course.failing ? at_refusal - 2 : size * (4 + size);
        history.push_back(
            Event{event.t_s, event.arm, SampleEvent{"fleet", "pids.max", "/y", {}, fleet, 0}});
        history.push_back(
            Event{event.t_s, event.arm,
                  SampleEvent{"pid-namespace", "kernel.pid_max", "/x", 70, fleet + 2, {}}});
      }
      history.push_back(event);
    }
    return history;
  };
  const ArmVerdict arm = judge_arm(course, Outcome::outage, told(70));
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.attribution.limit, "kernel.pid_max");
  EXPECT_EQ(arm.attribution.evidence.at("tasks"), "70 of 70");
  EXPECT_EQ(summary(judge_arm(course, Outcome::outage, told(69))),
            "unknown unknown: refusal without a limit at its count");
  EXPECT_EQ(summary(judge_arm(course, Outcome::outage, told(71))),
            "refuted unknown: threads: predicted 70, observed 71");
}

constexpr std::int64_t kMiB = 1 << 20;
const Course kCommit{.limit = 2, .name = LimitName::overcommit_memory};

/// A frontend of N has 10 + (N - 1) MiB of data, and of 480 MiB the host uses 360 without the
/// fleet: 7 frontends are 112 more.
History commit_story(std::int64_t committed_at_refusal,
                     std::int64_t before_the_fleet = 361 * kMiB) {
  const auto sample = [](const std::string& arm, std::int64_t used) {
    return Event{0, arm,
                 SampleEvent{.scope = "host",
                             .limit = "vm.overcommit_memory",
                             .where = "/proc/meminfo",
                             .value = 480 * kMiB,
                             .tasks = 90,
                             .pids_events = {},
                             .used = used}};
  };
  History told;
  for (const Event& event : story(kCommit)) {
    Event changed = event;
    if (auto* measured = std::get_if<CalibrationEvent>(&changed.what)) {
      const std::int64_t data = (10 + measured->fleet_size - 1) * kMiB;
      measured->resources = {
          {"data_bytes", std::vector<std::int64_t>(measured->tasks.size(), data)}};
    }
    if (auto* refusal = std::get_if<RefusalEvent>(&changed.what)) refusal->probe = ENOMEM;
    const bool first = !event.arm.empty() && told.back().arm.empty();
    if (first) told.push_back(sample(event.arm, before_the_fleet));
    const auto* step = std::get_if<StepEvent>(&event.what);
    if (step && step->fleet_size == kCommit.failing) {
      told.push_back(sample(event.arm, committed_at_refusal));
    }
    told.push_back(changed);
    if (std::holds_alternative<RunEvent>(event.what)) told.push_back(sample("", 360 * kMiB));
  }
  return told;
}

TEST(HostLimitOf, CommittedMemoryIsProvedByWhatIsLeftAndWhatTheKernelSaid) {
  const ArmVerdict arm = judge_arm(kCommit, Outcome::any, commit_story(479 * kMiB));
  EXPECT_EQ(arm.verdict, Verdict::confirmed);
  EXPECT_EQ(arm.attribution.limit, "vm.overcommit_memory");
  EXPECT_EQ(arm.attribution.where, "/proc/meminfo");
  EXPECT_EQ(arm.attribution.evidence.at("refused memory"), "7 of 7 that failed");
}

TEST(HostLimitOf, CommittedMemoryThatIsUsedUpEarlierRefutes) {
  // Room for 200 MiB more at calibration: no fleet of 12 needs that.
  History early = commit_story(479 * kMiB, 281 * kMiB);
  for (Event& event : early) {
    auto* sample = std::get_if<SampleEvent>(&event.what);
    if (sample && event.arm.empty()) sample->used = 280 * kMiB;
  }
  const ArmVerdict arm = judge_arm(kCommit, Outcome::any, early);
  EXPECT_EQ(arm.verdict, Verdict::refuted);
  EXPECT_EQ(arm.attribution.limit, "vm.overcommit_memory");
}

TEST(HostLimitOf, CommittedMemoryIsNotBlamedWhereAStackFitsOrATaskWasRefused) {
  const ArmVerdict roomy = judge_arm(kCommit, Outcome::any, commit_story(465 * kMiB));
  EXPECT_EQ(roomy.verdict, Verdict::unknown);
  EXPECT_EQ(roomy.attribution.limit, "");
  History task = commit_story(479 * kMiB);
  each<RefusalEvent>(task, [](RefusalEvent& refusal) { refusal.probe = EAGAIN; });
  EXPECT_EQ(judge_arm(kCommit, Outcome::any, task).attribution.limit, "");
}

TEST(HostLimitOf, AFrontendThatCouldNotStartNeedsMoreThanAStack) {
  History start = commit_story(470 * kMiB);
  each<RefusalEvent>(start, [](RefusalEvent& refusal) {
    refusal.error = ENOMEM;
    refusal.phase = "start";
    refusal.probe.reset();
  });
  const ArmVerdict arm = judge_arm(kCommit, Outcome::any, start);
  EXPECT_EQ(arm.attribution.limit, "vm.overcommit_memory");
  EXPECT_EQ(arm.observed.failure, "start");
}

TEST(HostLimitOf, WhoWasKilledDidNotFailToStart) {
  for (const char* end : {"signal 9", "exit status 127"}) {
    History killed = commit_story(470 * kMiB);
    for (Event& event : killed) {
      const auto* refusal = std::get_if<RefusalEvent>(&event.what);
      if (refusal) event.what = FaultEvent{"exited", std::string(refusal->frontend), end};
    }
    EXPECT_EQ(judge_arm(kCommit, Outcome::any, killed).attribution.limit,
              end == std::string_view("signal 9") ? "" : "vm.overcommit_memory");
  }
}

TEST(HostLimitOf, WhatOthersCommitMeanwhileLeavesADoubt) {
  const ArmVerdict arm = judge_arm(kCommit, Outcome::any, commit_story(479 * kMiB, 368 * kMiB));
  EXPECT_EQ(arm.verdict, Verdict::unknown);
  EXPECT_EQ(arm.reasons.front(),
            "what the host had committed went from 377487360 to 385875968 bytes");
}

TEST(HostLimitOf, ThreadsMaxMayBePassedByCreatorsOfOneMoment) {
  EXPECT_EQ(verdict_of(kThreadsMax, {.at_refusal = kLimit + 6}), "confirmed outage");
  EXPECT_EQ(verdict_of(kThreadsMax, {.at_refusal = kLimit + 7}),
            "refuted unknown: threads: predicted 170, observed 177");
  EXPECT_EQ(verdict_of(course_of(LimitName::pid_max), {.at_refusal = kLimit + 1}),
            "refuted unknown: threads: predicted 170, observed 171");
}

TEST(HostLimitOf, IsNotBlamedBelowItsCount) {
  EXPECT_EQ(verdict_of(kThreadsMax, {.at_refusal = kLimit - 1}),
            "unknown unknown: refusal without a limit at its count");
}

TEST(HostLimitOf, IsNotBlamedWhereAPidsCounterMoved) {
  History history = host_story(kThreadsMax);
  for (Event& event : history) {
    auto* sample = std::get_if<SampleEvent>(&event.what);
    if (sample && sample->limit == "pids.max" && sample->scope == "frontend-7")
      sample->pids_events = 1;
  }
  EXPECT_EQ(summary(judge_arm(kThreadsMax, Outcome::outage, history)),
            "unknown unknown: refusal without a limit at its count");
}

TEST(HostLimitOf, PredictionThatIsMissedIsRefuted) {
  EXPECT_EQ(verdict_of(kThreadsMax, {.at_calibration = 90, .before_the_fleet = 90, .own = 90}),
            "refuted unknown: fleet size: predicted 8, observed 7");
}

TEST(HostLimitOf, HostThatChangesWithoutChangingThePredictionDoesNotMatter) {
  EXPECT_EQ(verdict_of(kThreadsMax, {.before_the_fleet = 110, .own = 94}), "confirmed outage");
}

TEST(HostLimitOf, HostThatChangesThePredictionMakesItUnknown) {
  EXPECT_EQ(verdict_of(kThreadsMax, {.before_the_fleet = 111}),
            "unknown unknown: the host's own use of kernel.threads-max went from 100 to 111, and "
            "with it the prediction");
  EXPECT_EQ(verdict_of(kThreadsMax, {.own = 93}),
            "unknown unknown: the host's own use of kernel.threads-max went from 100 to 93, and "
            "with it the prediction");
}

TEST(HostLimitOf, WithoutTheHostsSamplesItIsUnknown) {
  History unmeasured = host_story(kThreadsMax);
  std::erase_if(unmeasured, [](const Event& event) {
    const auto* sample = std::get_if<SampleEvent>(&event.what);
    return sample && event.arm.empty();
  });
  EXPECT_THAT(summary(judge_arm(kThreadsMax, Outcome::outage, unmeasured)),
              HasSubstr("unknown unknown: what the host had in use of kernel.threads-max was not "
                        "measured"));
  History unsampled = host_story(kThreadsMax);
  std::erase_if(unsampled, [](const Event& event) {
    const auto* sample = std::get_if<SampleEvent>(&event.what);
    return sample && sample->scope == "host" && sample->tasks == kLimit;
  });
  EXPECT_THAT(summary(judge_arm(kThreadsMax, Outcome::outage, unsampled)),
              HasSubstr("unknown unknown: no sample of kernel.threads-max in host at the failing "
                        "step"));
}

}  // namespace
}  // namespace ceiling::test
