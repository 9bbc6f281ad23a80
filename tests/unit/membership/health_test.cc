#include "workload/membership/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ceiling {
namespace {

using std::chrono::milliseconds;
using testing::IsEmpty;

/// Looks every 250 ms, at a timeout of a second.
class HealthCheckTest : public testing::Test {
 protected:
  HealthCheck::Look look() {
    now_ += health_.period();
    return health_.look(now_);
  }
  void pass(milliseconds time) { now_ += time; }
  void answer(const HealthCheck::Look& look) {
    for (const auto& question : look.ask) health_.answered(question.member, question.id);
  }

  HealthCheck health_{milliseconds(1000)};
  HealthCheck::Time now_{};
};

TEST_F(HealthCheckTest, WithoutATimeoutItIsOff) {
  EXPECT_FALSE(HealthCheck(milliseconds(0)).on());
  EXPECT_TRUE(health_.on());
  EXPECT_EQ(health_.period(), milliseconds(250));
}

TEST_F(HealthCheckTest, WhoAnswersIsAskedAgainAndStays) {
  health_.joined("frontend-1");
  for (int round = 0; round < 20; ++round) {
    const auto look = this->look();
    ASSERT_EQ(look.ask.size(), 1U) << round;
    EXPECT_EQ(look.ask[0].member, "frontend-1");
    EXPECT_THAT(look.silent, IsEmpty());
    answer(look);
  }
}

TEST_F(HealthCheckTest, WhoDoesNotIsSilentOnceAndAskedNoMore) {
  health_.joined("frontend-1");
  health_.joined("frontend-2");
  const auto first = look();
  ASSERT_EQ(first.ask.size(), 2U);
  health_.answered("frontend-2", first.ask[1].id);
  for (int round = 0; round < 3; ++round) {
    const auto next = look();
    EXPECT_THAT(next.silent, IsEmpty()) << round;
    ASSERT_EQ(next.ask.size(), 1U) << "the silent one has its question still";
    answer(next);
  }
  const auto last = look();
  ASSERT_EQ(last.silent.size(), 1U);
  EXPECT_EQ(last.silent[0].member, "frontend-1");
  EXPECT_EQ(last.silent[0].lasted, milliseconds(1000));
  answer(last);
  EXPECT_THAT(look().silent, IsEmpty());
}

TEST_F(HealthCheckTest, AnAnswerToAnOlderQuestionIsNone) {
  health_.joined("frontend-1");
  const auto first = look();
  answer(first);
  look();
  answer(first);
  for (int round = 0; round < 3; ++round) EXPECT_THAT(look().silent, IsEmpty());
  EXPECT_EQ(look().silent.size(), 1U);
}

TEST_F(HealthCheckTest, WhoIsGoneIsNotSilent) {
  health_.joined("frontend-1");
  look();
  health_.gone("frontend-1");
  pass(milliseconds(5000));
  const auto last = look();
  EXPECT_THAT(last.silent, IsEmpty());
  EXPECT_THAT(last.ask, IsEmpty());
  health_.gone("frontend-1");
}

// Membership itself was stopped: that nobody was heard meanwhile is nobody's fault but its own.
TEST_F(HealthCheckTest, ALookThatComesLateBeginsAnew) {
  health_.joined("frontend-1");
  look();
  pass(milliseconds(3000));
  EXPECT_THAT(look().silent, IsEmpty());
  for (int round = 0; round < 3; ++round) EXPECT_THAT(look().silent, IsEmpty());
  EXPECT_EQ(look().silent.size(), 1U);
}

}  // namespace
}  // namespace ceiling
