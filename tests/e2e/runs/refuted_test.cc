#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class RefutedTest : public CeilingTest {
 protected:
  /// The one arm of a run of `text`; `status` is how the run has to end.
  json arm_of(const std::string& text, int status, std::vector<std::string> more = {}) const {
    std::vector<std::string> call = {"run", file("small.yaml", text), "--format", "json"};
    call.insert(call.end(), more.begin(), more.end());
    const Ended run = run_ceiling(call);
    EXPECT_EQ(run.status, status) << run.err << run.out;
    EXPECT_EQ(schema_problems("result", run.out), "");
    return json::parse(run.out)["arms"][0];
  }
};

TEST_F(RefutedTest, AnArmThatExpectsSomethingElse) {
  const json arm = arm_of(small_experiment(8, 12, "contained"), 1);
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_EQ(arm["outcome"], "outage");
  EXPECT_THAT(arm["reasons"].dump(), HasSubstr("expected contained, the outcome is outage"));
}

TEST_F(RefutedTest, AGuardedArmThatExpectsAnOutage) {
  const json arm = arm_of(small_experiment(8, 12, "outage", "[staged-build]"), 1);
  EXPECT_EQ(arm["outcome"], "contained");
  EXPECT_THAT(arm["reasons"].dump(), HasSubstr("expected outage, the outcome is contained"));
}

TEST_F(RefutedTest, AFrontendThatReportsFewerTasksThanTheKernelCounts) {
  const std::string programs = programs_with("ceiling-frontend", UNDER_REPORTING_FRONTEND);
  const json arm = arm_of(small_experiment(8, 12, "outage"), 1, {"--programs", programs});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("frontend-1 reports 7 tasks, the kernel counts 8 in its group"));
}

// The counts of one member are wrong: the fleet fails at another size, or not there alone.
TEST_F(RefutedTest, ADriftedMemberThatReportsFewerTasksThanTheKernelCounts) {
  const std::string programs = programs_with("ceiling-frontend", UNDER_REPORTING_FRONTEND);
  const json arm =
      arm_of(small_experiment(20, 12, "outage"), 1,
             {"--programs", programs, "--set", "limits.overrides.frontend-2.pids.max=8"});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_EQ(arm["observed"]["member"], "frontend-2");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("frontend-2 reports 7 tasks, the kernel counts 8 in its group"));
}

TEST_F(RefutedTest, AnAddressSpaceLimitWhoseProofIsMissing) {
  arm_of(small_experiment(40, 20, "outage"), 0, {"--set", "limits.RLIMIT_AS=30M"});
  const std::filesystem::path stored = only_run() / "history.jsonl";
  std::string text = read_text(stored);
  for (std::size_t at = 0; (at = text.find(",\"probe\":\"made\"", at)) != std::string::npos;) {
    text.erase(at, std::string_view(",\"probe\":\"made\"").size());
  }
  std::ofstream(stored) << text;
  const Ended verified = run_ceiling({"verify", only_run().string()});
  EXPECT_EQ(verified.status, 2) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("refusal without a limit at its count"));
}

TEST_F(RefutedTest, AStartingFleetThatItsAddressSpaceIsTooSmallFor) {
  const Ended run = run_ceiling({"run", file("small.yaml", small_experiment(40, 20, "outage")),
                                 "--set", "limits.RLIMIT_AS=21M"});
  EXPECT_EQ(run.status, 64) << run.out;
  EXPECT_THAT(run.err, HasSubstr("limits.RLIMIT_AS: 22020096 is below what a frontend of the "
                                 "starting fleet of 3 needs"));
}

TEST_F(RefutedTest, AStoredRunWhoseDriftIsSaidToBeAnothers) {
  arm_of(small_experiment(20, 12, "outage"), 0,
         {"--set", "limits.overrides.frontend-2.pids.max=8"});
  const std::filesystem::path stored = only_run() / "experiment.yaml";
  std::string text = read_text(stored);
  text.replace(text.find("frontend-2"), 10, "frontend-4");
  std::ofstream(stored) << text;
  const Ended verified = run_ceiling({"verify", only_run().string()});
  EXPECT_EQ(verified.status, 1) << verified.err;
  EXPECT_THAT(verified.out,
              HasSubstr("frontends that fail: predicted frontend-4, observed frontend-2"));
}

TEST_F(RefutedTest, ADriftThatIsNotContainedWithoutTheGuardrail) {
  const json arm = arm_of(small_experiment(20, 12, "contained"), 1,
                          {"--set", "limits.overrides.frontend-2.pids.max=8"});
  EXPECT_EQ(arm["outcome"], "outage");
  EXPECT_EQ(arm["predicted"]["member"], "frontend-2");
  EXPECT_THAT(arm["reasons"].dump(), HasSubstr("expected contained, the outcome is outage"));
}

TEST_F(RefutedTest, ABackendThatAcknowledgesAndDoesNotKeep) {
  const std::string programs = programs_with("ceiling-backend", FORGETFUL_BACKEND);
  // Long enough for a sweep's records to pass their time before the audit.
  const json arm = arm_of(small_experiment(40, 44, "outage"), 1, {"--programs", programs});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(), testing::AllOf(HasSubstr("no-lost-records"),
                                                    HasSubstr("acknowledged and is not there")));
}

TEST_F(RefutedTest, ALimitThatDoesNotBindIsNotReached) {
  const json arm = arm_of(small_experiment(30, 5, "not-reached"), 0);
  EXPECT_EQ(arm["verdict"], "confirmed");
  EXPECT_EQ(arm["outcome"], "not-reached");
  EXPECT_TRUE(arm["predicted"]["fleet_size"].is_null());
  EXPECT_TRUE(arm["observed"]["fleet_size"].is_null());
  EXPECT_EQ(arm["observed"]["frontends_failed"], 0);
}

TEST_F(RefutedTest, ALimitThatDoesNotBindIsNoOutage) {
  const json arm = arm_of(small_experiment(30, 5, "outage"), 1);
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_EQ(arm["outcome"], "not-reached");
}

}  // namespace
}  // namespace ceiling
