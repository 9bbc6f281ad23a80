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

}  // namespace
}  // namespace ceiling::test
