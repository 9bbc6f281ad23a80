#include "harness/verify/dependents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/verify/story.h"

namespace ceiling::test {
namespace {

using testing::HasSubstr;

/// The usual course, with one dependent beside it.
class DependentsVerdict : public testing::Test {
 protected:
  DependentsVerdict() {
    experiment_ = experiment_of(course_, Outcome::outage);
    experiment_.clients.push_back({.kind = "blocking-buffer", .rate_per_s = 50, .buffer = 100});
    // Behind the run and the two calibrations, before the first step is over.
    const History::iterator start = history_.begin() + 3;
    history_.insert(start, Event{start->t_s, course_.arm, HealthEvent{kName, true, "", 0, 0}});
  }

  void expect(DependentOutcome outcome) { experiment_.arms[0].dependents[kName] = outcome; }
  ArmVerdict judge_it() const { return judge(experiment_, {history_, {}}).arms.at(0); }
  double refused_at() const {
    for (const Event& event : history_) {
      if (std::holds_alternative<RefusalEvent>(event.what)) return event.t_s;
    }
    return 0;
  }

  static constexpr const char* kName = "blocking-buffer";
  Course course_;
  History history_ = story(course_);
  Experiment experiment_;
};

TEST_F(DependentsVerdict, UnaffectedWhereItWasAlwaysWell) {
  expect(DependentOutcome::unaffected);
  add(history_, HealthEvent{kName, true, "", 3, 0});
  const ArmVerdict arm = judge_it();
  EXPECT_EQ(summary(arm), "confirmed outage");
  ASSERT_EQ(arm.dependents.size(), 1U);
  EXPECT_EQ(arm.dependents[0].outcome, DependentOutcome::unaffected);
  EXPECT_EQ(arm.dependents[0].healthy_before, true);
  EXPECT_EQ(arm.dependents[0].lost_at_s, std::nullopt);
  EXPECT_EQ(arm.dependents[0].buffered, 3U);
}

TEST_F(DependentsVerdict, DownFromTheFirstTimeThatItWasNotWell) {
  expect(DependentOutcome::down);
  add(history_, HealthEvent{kName, false, "the buffer is full", 100, 0});
  add(history_, HealthEvent{kName, true, "", 0, 0});
  history_[history_.size() - 3].t_s = refused_at() + 4;
  const ArmVerdict arm = judge_it();
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.dependents[0].outcome, DependentOutcome::down) << "though it came back";
  EXPECT_EQ(arm.dependents[0].lost_at_s, refused_at() + 4);
  EXPECT_EQ(arm.dependents[0].after_outage_s, 4.0);
  EXPECT_EQ(arm.dependents[0].reason, "the buffer is full");
}

TEST_F(DependentsVerdict, DegradedWhereItServedAndLostRecords) {
  expect(DependentOutcome::degraded);
  add(history_, HealthEvent{kName, true, "", 100, 7});
  const ArmVerdict arm = judge_it();
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.dependents[0].dropped, 7U);
}

TEST_F(DependentsVerdict, KilledOnlyWithTheKernelsOwnCountBesideTheSignal) {
  expect(DependentOutcome::killed);
  const History before = history_;
  add(history_, DependentEndEvent{kName, "signal 9", "/m/memory.max", 1});
  const ArmVerdict killed = judge_it();
  EXPECT_EQ(summary(killed), "confirmed outage");
  EXPECT_EQ(killed.dependents[0].ended, "signal 9, oom_kill 1 by /m/memory.max");

  history_ = before;
  add(history_, DependentEndEvent{kName, "signal 9", "/m/memory.max", 0});
  EXPECT_EQ(summary(judge_it()),
            "refuted outage: dependent blocking-buffer: expected killed, it was down");
  history_ = before;
  add(history_, DependentEndEvent{kName, "exit status 70", "/m/memory.max", 1});
  EXPECT_EQ(judge_it().verdict, Verdict::refuted);
}

TEST_F(DependentsVerdict, AnotherOutcomeThanExpectedRefutesTheArm) {
  expect(DependentOutcome::unaffected);
  add(history_, HealthEvent{kName, false, "no answer in 2000 ms", 0, 0});
  EXPECT_EQ(summary(judge_it()),
            "refuted outage: dependent blocking-buffer: expected unaffected, it was down");
}

TEST_F(DependentsVerdict, WithoutAnExpectationItIsReportedOnly) {
  add(history_, HealthEvent{kName, false, "no answer in 2000 ms", 0, 0});
  const ArmVerdict arm = judge_it();
  EXPECT_EQ(arm.verdict, Verdict::confirmed);
  EXPECT_EQ(arm.dependents[0].outcome, DependentOutcome::down);
}

TEST_F(DependentsVerdict, UnknownWhereItWasNeverSeen) {
  expect(DependentOutcome::unaffected);
  remove<HealthEvent>(history_);
  EXPECT_EQ(summary(judge_it()), "unknown outage: dependent blocking-buffer: it was never seen");
}

TEST_F(DependentsVerdict, UnknownWhereItWasIllBeforeTheOutage) {
  expect(DependentOutcome::down);
  each<HealthEvent>(history_, [](HealthEvent& health) { health.ok = false; });
  EXPECT_EQ(summary(judge_it()),
            "unknown outage: dependent blocking-buffer: it was not healthy before the outage");
}

/// Away in the outage, which a recovery of one frontend follows, 10 s long from its begin.
class DependentsAfterRecovery : public DependentsVerdict {
 protected:
  DependentsAfterRecovery() {
    RecoveryPlan& plan = experiment_.arms[0].recovery.emplace();
    plan = {.strategy = RestartStrategy::paced, .rate = 1, .remove = {}, .expect_back = {kName}};
  }

  void tell(double after_s, auto what) {
    const Event end = history_.back();
    history_.back() = Event{begin_s_ + after_s, end.arm, std::move(what)};
    history_.push_back(end);
  }
  void is_away(double after_s) {
    tell(after_s, HealthEvent{kName, false, "the buffer is full", 9, 0});
  }
  void is_well(double after_s) { tell(after_s, HealthEvent{kName, true, "", 0, 0}); }
  void recovery(bool completed = true) {
    tell(0, RecoveryEvent{"paced", 1, 7});
    tell(1, RestartEvent{"frontend-1", "planned"});
    tell(9, RoutableEvent{completed ? 1.0 : 0.5, 24, 6});
    tell(10, RecoveryEndEvent{completed, 1, 0});
  }

  double begin_s_ = history_.back().t_s + 100;
};

TEST_F(DependentsAfterRecovery, BackSinceItWasWellForGood) {
  is_away(-5);
  recovery();
  is_well(11);
  is_away(12);
  is_well(13);
  is_well(20);
  const ArmVerdict arm = judge_it();
  EXPECT_EQ(summary(arm), "confirmed outage");
  EXPECT_EQ(arm.dependents[0].back, true);
  EXPECT_EQ(arm.dependents[0].back_after_s, 13.0) << "from the removal on";
}

TEST_F(DependentsAfterRecovery, OneThatWasKilledIsNotBackAndRefutes) {
  tell(-5, DependentEndEvent{kName, "signal 9", "/m/memory.max", 1});
  recovery();
  const ArmVerdict arm = judge_it();
  EXPECT_EQ(summary(arm),
            "refuted outage: dependent blocking-buffer: expected to be back after the recovery, it "
            "ended by signal 9, oom_kill 1 by /m/memory.max");
  EXPECT_EQ(arm.dependents[0].back, false);
  EXPECT_EQ(arm.dependents[0].back_after_s, std::nullopt);
}

TEST_F(DependentsAfterRecovery, OneThatIsStillAwayRefutes) {
  is_away(-5);
  recovery();
  is_away(20);
  EXPECT_EQ(summary(judge_it()),
            "refuted outage: dependent blocking-buffer: expected to be back after the recovery, it "
            "is not: the buffer is full");
  experiment_.arms[0].recovery->expect_back.clear();
  EXPECT_EQ(summary(judge_it()), "confirmed outage") << "it is reported only";
  EXPECT_EQ(judge_it().dependents[0].back, false);
}

TEST_F(DependentsAfterRecovery, OneThatWasNeverAwayDidNotComeBack) {
  recovery();
  is_well(20);
  EXPECT_EQ(summary(judge_it()),
            "unknown outage: dependent blocking-buffer: expected to be back after the recovery, it "
            "was never away");
  EXPECT_EQ(judge_it().dependents[0].back, std::nullopt);
}

TEST_F(DependentsAfterRecovery, UnknownWhereItWasNotSeenAfterIt) {
  is_away(-5);
  recovery();
  EXPECT_EQ(summary(judge_it()),
            "unknown outage: dependent blocking-buffer: expected to be back after the recovery, it "
            "was not seen then");
  is_well(10);
  EXPECT_EQ(summary(judge_it()), "confirmed outage");
  remove<RecoveryEndEvent>(history_);
  EXPECT_EQ(judge_it().verdict, Verdict::unknown);
}

// A run that was killed: what it had not come to is no difference.
TEST_F(DependentsAfterRecovery, ACutHistoryIsUnknownWhereverItWasCut) {
  expect(DependentOutcome::down);
  is_away(-5);
  recovery();
  is_away(12);
  is_well(20);
  ASSERT_EQ(summary(judge_it()), "confirmed outage");
  while (!history_.empty()) {
    history_.pop_back();
    EXPECT_EQ(judge(experiment_, {history_, {}}).verdict, Verdict::unknown) << history_.size();
  }
}

TEST_F(DependentsAfterRecovery, OneThatWasBackBeforeOwesItNothing) {
  is_away(-5);
  is_well(-2);
  recovery();
  is_well(20);
  EXPECT_EQ(judge_it().dependents[0].back, true);
  EXPECT_EQ(judge_it().dependents[0].back_after_s, std::nullopt);
}

}  // namespace
}  // namespace ceiling::test
