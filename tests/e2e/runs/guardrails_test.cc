// Admission and alarm by the real programs: what they buy, and that one that is wrong is found out.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class GuardrailsTest : public CeilingTest {
 protected:
  json run(const std::vector<std::string>& more, int status) const {
    std::vector<std::string> call = {"run", "--format", "json"};
    call.insert(call.end(), more.begin(), more.end());
    const Ended ended = run_ceiling(call);
    EXPECT_EQ(ended.status, status) << ended.err << ended.out;
    EXPECT_EQ(schema_problems("result", ended.out), "");
    const std::string history = read_text(only_run() / "history.jsonl");
    EXPECT_EQ(schema_problems("history", history, true), "");
    return json::parse(ended.out)["arms"];
  }
  /// 3 to 12 frontends of 3 tasks and 1 a peer under 8 tasks each: 6 fit, 4 use three quarters.
  json arm_of(const std::string& guardrails, const std::string& expect, int status,
              const std::vector<std::string>& more = {}) const {
    std::vector<std::string> call = {
        file("small.yaml", small_experiment(8, 12, expect, guardrails))};
    call.insert(call.end(), more.begin(), more.end());
    return run(call, status)[0];
  }
};

TEST_F(GuardrailsTest, TheShippedExperimentComparesThem) {
  const json arms = run({shipped("guardrails")}, 0);
  std::map<std::string, json> by_name;
  for (const json& arm : arms) {
    EXPECT_EQ(arm["verdict"], "confirmed") << arm["name"] << arm["reasons"];
    by_name[arm["name"]] = arm;
  }
  for (const char* name : {"admission", "admission-and-alarm"}) {
    EXPECT_EQ(by_name[name]["outcome"], "prevented");
    EXPECT_EQ(by_name[name]["predicted"]["admission"]["fleet_size"], 15);
    EXPECT_EQ(by_name[name]["observed"]["admission"]["fleet_size"], 15);
    EXPECT_EQ(by_name[name]["observed"]["admission"]["limit"], "pids.max");
    EXPECT_EQ(by_name[name]["observed"]["admission"]["member"], "frontend-1");
    EXPECT_TRUE(by_name[name]["observed"]["fleet_size"].is_null());
    EXPECT_EQ(by_name[name]["routable"]["lowest"], 1.0);
  }
  for (const char* name : {"alarm", "admission-and-alarm"}) {
    EXPECT_EQ(by_name[name]["observed"]["alarm"]["fleet_size"], 10);
    EXPECT_EQ(by_name[name]["predicted"]["alarm"]["servers_left"], 4);
  }
  // The fifteenth frontend was refused a thread, and routes all the same.
  EXPECT_NEAR(by_name["authoritative-bootstrap"]["routable"]["lowest"].get<double>(), 1.0 / 15,
              1e-9);
  EXPECT_EQ(by_name["multiplex"]["outcome"], "prevented");
  EXPECT_EQ(by_name["multiplex"]["predicted"]["without"]["fleet_size"], 15);
  EXPECT_EQ(by_name["multiplex"]["routable"]["lowest"], 1.0);
  EXPECT_EQ(by_name["multiplex-next"]["observed"]["limit"], "RLIMIT_NOFILE");
  EXPECT_EQ(by_name["multiplex-next"]["observed"]["fleet_size"],
            by_name["multiplex-next"]["predicted"]["fleet_size"]);
  EXPECT_GT(by_name["multiplex-next"]["observed"]["fleet_size"], 15);
  const json& kept = by_name["multiplex-admission"];
  EXPECT_EQ(kept["outcome"], "prevented");
  EXPECT_EQ(kept["observed"]["admission"]["limit"], "RLIMIT_NOFILE");
  EXPECT_EQ(kept["observed"]["admission"]["fleet_size"],
            by_name["multiplex-next"]["observed"]["fleet_size"]);
  EXPECT_EQ(by_name["cache-fleet"]["outcome"], "prevented");
  EXPECT_EQ(by_name["cache-fleet"]["predicted"]["without"]["fleet_size"], 15);
  EXPECT_EQ(by_name["cache-fleet"]["predicted"]["beyond"]["server"], "cache");
  EXPECT_EQ(by_name["cache-fleet"]["routable"]["lowest"], 1.0);
  const json& next = by_name["cache-fleet-next"];
  EXPECT_EQ(next["outcome"], "contained");
  EXPECT_EQ(next["observed"]["limit"], "RLIMIT_NOFILE");
  EXPECT_EQ(next["observed"]["server"], "cache");
  EXPECT_EQ(next["observed"]["fleet_size"], next["predicted"]["fleet_size"]);
  EXPECT_EQ(next["observed"]["frontends_failed"], next["predicted"]["frontends_failed"]);
  EXPECT_EQ(next["observed"]["member"], next["predicted"]["member"]);
  // The first arm said which frontend it is going to be.
  const int beyond = by_name["cache-fleet"]["predicted"]["beyond"]["fleet_size"];
  EXPECT_EQ(next["observed"]["member"], "frontend-" + std::to_string(beyond));
  EXPECT_EQ(by_name["unguarded"]["routable"]["lowest"], 0.0);
  EXPECT_EQ(by_name["unguarded"]["observed"]["fleet_size"], 15);
  EXPECT_EQ(by_name["raised-limit"]["outcome"], "not-reached");
  EXPECT_EQ(by_name["bigger-servers"]["outcome"], "not-reached");
}

TEST_F(GuardrailsTest, AdmissionStopsInTheMiddleOfAStep) {
  const json arm = arm_of("[admission]", "prevented", 0, {"--set", "fleet.step=5"});
  EXPECT_EQ(arm["observed"]["admission"]["fleet_size"], 7);
  EXPECT_EQ(arm["predicted"]["fleet_size"], 8);
}

TEST_F(GuardrailsTest, ADriftedMembersCeilingIsEverybodys) {
  const json arm =
      arm_of("[admission]", "prevented", 0, {"--set", "limits.overrides.frontend-2.pids.max=6"});
  EXPECT_EQ(arm["observed"]["admission"]["fleet_size"], 5);
  EXPECT_EQ(arm["observed"]["admission"]["member"], "frontend-2");
  EXPECT_EQ(arm["predicted"]["admission"]["member"], "frontend-2");
}

TEST_F(GuardrailsTest, AddressSpaceIsKeptToAsWell) {
  const json arm = arm_of("[admission]", "prevented", 0,
                          {"--set", "limits.RLIMIT_AS=30M", "--set", "limits.pids.max=max"});
  EXPECT_EQ(arm["observed"]["admission"]["limit"], "RLIMIT_AS");
}

TEST_F(GuardrailsTest, OfAWholeFleetWhoCannotStartIsNotNoticed) {
  const json arm =
      arm_of("[staged-build, admission]", "contained", 0,
             {"--set", "limits.scope=fleet", "--set", "limits.pids.max=50"});  // 6 are 48
  EXPECT_EQ(arm["observed"]["failure"], "start");
  EXPECT_TRUE(arm["predicted"]["admission"].is_null());
}

TEST_F(GuardrailsTest, AdmissionThatIsOneThreadTooHopefulIsRefuted) {
  const json arm = arm_of("[admission]", "prevented", 1,
                          {"--programs", programs_with("ceiling-frontend", HOPEFUL_FRONTEND)});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              AllOf(HasSubstr("predicted that admission keeps out the addition to 7 frontends, it "
                              "kept out none"),
                    HasSubstr("7 frontends failed at 7")));
}

TEST_F(GuardrailsTest, AdmissionThatIsOneThreadTooFearfulIsRefuted) {
  const json arm = arm_of("[admission]", "prevented", 1,
                          {"--programs", programs_with("ceiling-frontend", FEARFUL_FRONTEND)});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("refused addition, to a fleet of: predicted 7, observed 6"));
}

TEST_F(GuardrailsTest, AnAlarmThatNeverComesIsRefuted) {
  const json arm = arm_of("[alarm]", "outage", 1,
                          {"--programs", programs_with("ceiling-frontend", MUTE_FRONTEND)});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("late alarm: predicted at 4 frontends, none was raised"));
}

TEST_F(GuardrailsTest, AnAlarmThatComesAtOnceIsRefuted) {
  const json arm = arm_of("[alarm]", "outage", 1,
                          {"--programs", programs_with("ceiling-frontend", HASTY_FRONTEND)});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("false alarm: predicted at 4 frontends, raised at 3"));
}

TEST_F(GuardrailsTest, MultiplexGrowsPastTheCeiling) {
  const json arm =
      arm_of("[staged-build, multiplex]", "prevented", 0, {"--set", "fleet.thread_budget=3"});
  EXPECT_EQ(arm["predicted"]["without"]["fleet_size"], 7);
  EXPECT_TRUE(arm["observed"]["fleet_size"].is_null());
  EXPECT_EQ(arm["routable"]["lowest"], 1.0);
}

TEST_F(GuardrailsTest, PeersWithoutAThreadStillTakeDescriptors) {
  const json arm = arm_of("[staged-build, multiplex]", "contained", 0,
                          {"--set", "fleet.thread_budget=3", "--set", "limits.RLIMIT_NOFILE=110"});
  EXPECT_EQ(arm["observed"]["limit"], "RLIMIT_NOFILE");
  EXPECT_EQ(arm["observed"]["fleet_size"], arm["predicted"]["fleet_size"]);
  EXPECT_EQ(arm["observed"]["threads"], 6);
  EXPECT_EQ(arm["observed"]["errno"], "EMFILE");
}

std::vector<std::string> with_program(std::vector<std::string> call, const std::string& programs) {
  call.insert(call.end(), {"--programs", programs});
  return call;
}

/// 90 descriptors and 2 a peer: with 108 ten frontends fit and have the last one in use, and the
/// room is read all the same.
const std::vector<std::string> kFewDescriptors = {"--set", "fleet.thread_budget=3", "--set",
                                                  "limits.RLIMIT_NOFILE=108"};

TEST_F(GuardrailsTest, WithMultiplexAdmissionLetsInToTheLastDescriptor) {
  const json arm = arm_of("[staged-build, multiplex, admission]", "prevented", 0, kFewDescriptors);
  EXPECT_EQ(arm["observed"]["admission"]["limit"], "RLIMIT_NOFILE");
  EXPECT_EQ(arm["observed"]["admission"]["left"], 0);
  EXPECT_EQ(arm["observed"]["admission"]["fleet_size"], 11);
  EXPECT_EQ(arm["routable"]["lowest"], 1.0);
}

TEST_F(GuardrailsTest, WithMultiplexOneDescriptorLessIsOneFrontendLess) {
  std::vector<std::string> call = kFewDescriptors;
  call.back() = "limits.RLIMIT_NOFILE=107";
  const json arm = arm_of("[staged-build, multiplex, admission]", "prevented", 0, call);
  EXPECT_EQ(arm["observed"]["admission"]["fleet_size"], 10);
}

TEST_F(GuardrailsTest, WithMultiplexAdmissionThatIsOneTooHopefulIsRefuted) {
  const json arm =
      arm_of("[staged-build, multiplex, admission]", "prevented", 1,
             with_program(kFewDescriptors, programs_with("ceiling-frontend", HOPEFUL_FRONTEND)));
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(), HasSubstr("it kept out none"));
}

TEST_F(GuardrailsTest, WithMultiplexAnAlarmThatNeverComesIsRefuted) {
  const json arm = arm_of(
      "[staged-build, multiplex, alarm]", "contained", 1,
      {"--set", "fleet.thread_budget=3", "--set", "limits.RLIMIT_NOFILE=108", "--set",
       "fleet.alarm_percent=90", "--programs", programs_with("ceiling-frontend", MUTE_FRONTEND)});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(), HasSubstr("late alarm: predicted at "));
}

TEST_F(GuardrailsTest, AFrontendThatHasMoreThreadsThanItsBudgetIsRefuted) {
  const json arm = arm_of("[staged-build, multiplex]", "prevented", 1,
                          {"--set", "fleet.thread_budget=3", "--programs",
                           programs_with("ceiling-frontend", HOPEFUL_FRONTEND)});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("at 5 frontends the measured line gives 6 tasks, frontend-1 has 7"));
}

TEST_F(GuardrailsTest, AFleetOfCacheServersGrowsPastTheCeiling) {
  const json arm = arm_of("[cache-fleet]", "prevented", 0);
  EXPECT_EQ(arm["predicted"]["without"]["fleet_size"], 7);
  EXPECT_TRUE(arm["observed"]["fleet_size"].is_null());
  EXPECT_EQ(arm["routable"]["lowest"], 1.0);
  EXPECT_EQ(arm["cost_model"]["cache"]["servers"], 2);
  EXPECT_EQ(arm["cost_model"]["cache"]["tasks"], 1);
  EXPECT_EQ(arm["cost_model"]["cache"]["per_frontend"], 1);
}

TEST_F(GuardrailsTest, AFrontendThatMakesPeerThreadsAllTheSameIsRefuted) {
  const json arm = arm_of("[cache-fleet]", "prevented", 1,
                          {"--programs", programs_with("ceiling-frontend", HOPEFUL_FRONTEND)});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("at 3 frontends the measured line gives 3 tasks, frontend-1 has 5"));
}

TEST_F(GuardrailsTest, ACacheServerThatHandsOutAMapOfAnotherTimeIsRefuted) {
  const json arm = arm_of("[cache-fleet]", "prevented", 1,
                          {"--programs", programs_with("ceiling-cache", STALE_CACHE)});
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              AllOf(HasSubstr("no-wrong-map: version 2 is "), HasSubstr("at frontend-2")));
}

TEST_F(GuardrailsTest, CellsThatAreFullLeaveTheOthersWhole) {
  const json arms = run({shipped("cells")}, 0);
  std::map<std::string, json> by_name;
  for (const json& arm : arms) {
    EXPECT_EQ(arm["verdict"], "confirmed") << arm["name"] << arm["reasons"];
    by_name[arm["name"]] = arm;
  }
  EXPECT_EQ(by_name["whole"]["observed"]["fleet_size"], 7);
  EXPECT_EQ(by_name["whole"]["routable"]["lowest"], 0.0);
  EXPECT_EQ(by_name["cells"]["observed"]["fleet_size"], 19);
  EXPECT_EQ(by_name["cells"]["observed"]["frontends_failed"], 7);  // of which 6 had been in service
  EXPECT_NEAR(by_name["cells"]["routable"]["lowest"].get<double>(), 12.0 / 18, 1e-9);
  EXPECT_EQ(by_name["staged-cells"]["routable"]["lowest"], 1.0);
  EXPECT_EQ(by_name["small-fleet"]["outcome"], "prevented");
  const json& admission = by_name["cells-admission"];
  EXPECT_EQ(admission["outcome"], "prevented");
  EXPECT_EQ(admission["observed"]["admission"]["fleet_size"], 19);
  EXPECT_EQ(admission["observed"]["admission"]["member"], "frontend-1");
  EXPECT_EQ(admission["observed"]["frontends_failed"], 0);
  EXPECT_EQ(admission["routable"]["lowest"], 1.0);
  const json& drifted = by_name["drifted-admission"];  // 3 + 6 + 6
  EXPECT_EQ(drifted["observed"]["admission"]["fleet_size"], 16);
  EXPECT_EQ(drifted["observed"]["admission"]["member"], "frontend-2");
  EXPECT_EQ(drifted["predicted"]["admission"]["member"], "frontend-2");
  EXPECT_EQ(drifted["routable"]["lowest"], 1.0);
}

/// Six of the small fleet's frontends fit in each of three cells, four use three quarters.
const std::vector<std::string> kThreeCells = {"--set",         "fleet.cells=3", "--set",
                                              "fleet.start=4", "--set",         "fleet.end=20"};

TEST_F(GuardrailsTest, InCellsAdmissionAndAlarmCountByTheCell) {
  const json arm = arm_of("[staged-build, cells, admission, alarm]", "prevented", 0, kThreeCells);
  EXPECT_EQ(arm["observed"]["alarm"]["fleet_size"], 10);
  EXPECT_EQ(arm["predicted"]["alarm"]["servers_left"], 2);
  EXPECT_EQ(arm["observed"]["admission"]["fleet_size"], 19);
}

TEST_F(GuardrailsTest, ACellThatIsFullByAddressSpaceHoldsUpNoOther) {
  std::vector<std::string> call = kThreeCells;
  call.insert(call.end(), {"--set", "limits.overrides.frontend-3.RLIMIT_AS=26M"});
  const json arm = arm_of("[cells, admission]", "prevented", 0, call);
  EXPECT_EQ(arm["observed"]["admission"]["limit"], "RLIMIT_AS");
  EXPECT_EQ(arm["observed"]["admission"]["member"], "frontend-3");
  EXPECT_EQ(arm["observed"]["admission"]["fleet_size"], 18);  // 22.5 MB, 1,052,672 bytes a peer: 5
}

TEST_F(GuardrailsTest, InCellsAdmissionThatIsOneThreadTooHopefulIsRefuted) {
  const json arm =
      arm_of("[cells, admission]", "prevented", 1,
             with_program(kThreeCells, programs_with("ceiling-frontend", HOPEFUL_FRONTEND)));
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              AllOf(HasSubstr("predicted that admission keeps out the addition to 19 frontends, it "
                              "kept out none"),
                    HasSubstr("7 frontends failed at 19")));
}

TEST_F(GuardrailsTest, InCellsAdmissionThatIsOneThreadTooFearfulIsRefuted) {
  const json arm =
      arm_of("[cells, admission]", "prevented", 1,
             with_program(kThreeCells, programs_with("ceiling-frontend", FEARFUL_FRONTEND)));
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("refused addition, to a fleet of: predicted 19, observed 16"));
}

TEST_F(GuardrailsTest, InCellsAnAlarmThatNeverComesIsRefuted) {
  const json arm =
      arm_of("[cells, alarm]", "outage", 1,
             with_program(kThreeCells, programs_with("ceiling-frontend", MUTE_FRONTEND)));
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("late alarm: predicted at 10 frontends, none was raised"));
}

TEST_F(GuardrailsTest, InCellsAnAlarmThatComesAtOnceIsRefuted) {
  const json arm =
      arm_of("[cells, alarm]", "outage", 1,
             with_program(kThreeCells, programs_with("ceiling-frontend", HASTY_FRONTEND)));
  EXPECT_EQ(arm["verdict"], "refuted");
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("false alarm: predicted at 10 frontends, raised at 4"));
}

TEST_F(GuardrailsTest, AMembershipThatPartsNothingIsRefuted) {
  const json arm = arm_of("[cells]", "prevented", 1,
                          {"--set", "fleet.cells=3", "--set", "fleet.end=18", "--programs",
                           programs_with("ceiling-membership", UNPARTED_MEMBERSHIP)});
  EXPECT_THAT(arm["reasons"].dump(),
              HasSubstr("at 3 frontends the measured line gives 3 tasks, frontend-1 has 5"));
}

TEST_F(GuardrailsTest, AShareThatLeavesNoTimeIsBadInput) {
  const Ended ended =
      run_ceiling({"run", file("small.yaml", small_experiment(8, 12, "outage", "[alarm]")), "--set",
                   "fleet.alarm_percent=80"});
  EXPECT_EQ(ended.status, 64) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("fleet.alarm_percent: 80 % of pids.max 8 is first used at 5 "
                                   "frontends, when 1 more server fits; expected at most 75, so "
                                   "that at least two fit"));
  EXPECT_FALSE(std::filesystem::exists(folder() / "ceiling-results"));
}

}  // namespace
}  // namespace ceiling
