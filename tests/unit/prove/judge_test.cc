#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/prove/rows.h"

namespace ceiling {
namespace {

using testing::HasSubstr;

TEST(Judge, AsPredictedIsConfirmed) {
  for (const Measurement& measured : {refused_by_pids(), refused_by_address_space()}) {
    const Judgement judged = judge(measured);
    EXPECT_EQ(judged.verdict, Verdict::confirmed) << judged.reason;
    EXPECT_EQ(judged.reason, "");
  }
}

TEST(Judge, WrongCountIsRefuted) {
  Measurement measured = refused_by_pids();
  measured.predicted.front() = row_with("pids.max", 9, "/top/leaf");
  EXPECT_EQ(judge(measured).verdict, Verdict::refuted);
  EXPECT_EQ(judge(measured).reason, "10 threads were made, at most 9 were predicted");
  measured.predicted.front() = row_with("pids.max", 11, "/top/leaf");
  EXPECT_EQ(judge(measured).verdict, Verdict::refuted);
  EXPECT_EQ(judge(measured).reason, "refused after 10, at least 11 were predicted");
  measured.error = 0;
  measured.made = 50;
  EXPECT_EQ(judge(measured).verdict, Verdict::refuted) << "not refused at all";
}

TEST(Judge, WrongLimitIsRefuted) {
  Measurement measured = refused_by_pids();
  measured.predicted.insert(measured.predicted.begin(), row_with("RLIMIT_NPROC", 10));
  measured.predicted.erase(measured.predicted.begin() + 2);
  const Judgement judged = judge(measured);
  EXPECT_EQ(judged.verdict, Verdict::refuted);
  EXPECT_THAT(judged.reason, HasSubstr("RLIMIT_NPROC (/RLIMIT_NPROC) was predicted"));
}

TEST(Judge, RefusalWithoutAnyLimitIsRefuted) {
  Measurement measured = refused_by_pids();
  for (Limit& row : measured.predicted) {
    row.value.reset();
    row.threads_left.reset();
  }
  EXPECT_EQ(judge(measured).verdict, Verdict::refuted);
}

TEST(Judge, WrongErrnoIsRefuted) {
  Measurement measured = refused_by_pids();
  measured.error = ENOMEM;
  EXPECT_EQ(judge(measured).verdict, Verdict::refuted);
  EXPECT_THAT(judge(measured).reason, HasSubstr("ENOMEM"));
}

TEST(Judge, NotReachedAndNotAttributedAreUnknown) {
  Measurement measured = refused_by_pids();
  measured.events.front().after = measured.events.front().before;
  EXPECT_EQ(judge(measured).verdict, Verdict::unknown) << "no counter moved";
  measured.made = 5;
  measured.error = 0;
  EXPECT_EQ(judge(measured).verdict, Verdict::unknown);
  EXPECT_EQ(judge(measured).reason, "not reached: none of 5 threads was refused");
}

TEST(Judge, BoundsKeepTheirWord) {
  Measurement measured = refused_by_address_space();
  measured.predicted.front().certainty = Certainty::at_least;
  measured.predicted.front().threads_left = 8;
  EXPECT_EQ(judge(measured).verdict, Verdict::confirmed);
  measured.predicted.front().threads_left = 11;
  EXPECT_EQ(judge(measured).verdict, Verdict::refuted);
  measured = refused_by_pids();
  measured.predicted.front().certainty = Certainty::at_most;
  measured.predicted.front().threads_left = 12;
  EXPECT_EQ(judge(measured).verdict, Verdict::confirmed);
  measured.predicted.front().threads_left = 9;
  EXPECT_EQ(judge(measured).verdict, Verdict::refuted);
}

}  // namespace
}  // namespace ceiling
