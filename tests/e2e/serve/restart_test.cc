#include <csignal>
#include <filesystem>

#include "tests/e2e/serve/serve_case.h"

namespace ceiling {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RestartTest : public ServeCase {
 protected:
  nlohmann::json invariant(const std::string& name) const {
    const nlohmann::json judged = arm();
    for (const auto& one : judged["invariants"]) {
      if (one["name"] == name) return one;
    }
    ADD_FAILURE() << "no invariant " << name;
    return {};
  }
};

TEST_F(RestartTest, ABackendThatIsKilledTakesItsShardsAndBringsThemBack) {
  Running serving = serve();
  const Ended killed = order({"--kill", "backend-1"});
  EXPECT_EQ(killed.status, 1) << killed.err;
  EXPECT_THAT(killed.out, AllOf(HasSubstr("killed backend-1: "), HasSubstr(", 50.00 % routable\n"),
                                HasSubstr("\nbackend-1 - gone\n")));
  const Ended restarted = order({"--restart", "backend-1"});
  EXPECT_EQ(restarted.status, 0) << restarted.err << restarted.out;
  EXPECT_THAT(
      restarted.out,
      AllOf(HasSubstr("restarted backend-1: map version 2 published by 3, 100 % routable\n"),
            Not(HasSubstr("backend-1 - gone"))));
  EXPECT_EQ(order({"--grow", "1"}).status, 0);

  const Ended ended = end(std::move(serving));
  EXPECT_EQ(ended.status, 2) << ended.err << ended.out;
  EXPECT_EQ(arm()["reasons"], nlohmann::json::array({"backend-1 was killed by hand",
                                                     "backend-1 was restarted by hand",
                                                     "the arm ended at 4 frontends, before a "
                                                     "failure and before 9"}));
  const nlohmann::json lost = invariant("no-lost-records");
  EXPECT_EQ(lost["holds"], true) << lost;
  EXPECT_GE(lost["checked"], 4 * 3 + 4 * 3 + 2 * 3);  // what the sweeps alone have put
  EXPECT_TRUE(std::filesystem::exists(only_run() / "logs" / "arm-unguarded-backend-1.2.log"));
}

TEST_F(RestartTest, ACacheServerThatIsKilledCostsNothingAndIsSubscribedToAgain) {
  file("small.yaml", small_experiment(8, 9, "prevented", "[cache-fleet]"));
  Running serving = serve();
  const Ended killed = order({"--kill", "cache-1"});
  EXPECT_EQ(killed.status, 1) << killed.err;
  EXPECT_THAT(killed.out, AllOf(HasSubstr("killed cache-1: "), HasSubstr(", 100 % routable\n"),
                                HasSubstr("\ncache-1 - gone\n")));
  EXPECT_THAT(order({"--grow", "1"}).out, HasSubstr(", 100 % routable\n"));  // by the other one
  const Ended restarted = order({"--restart", "cache-1"});
  EXPECT_EQ(restarted.status, 0) << restarted.err << restarted.out;
  EXPECT_THAT(restarted.out, Not(HasSubstr("cache-1 - gone")));
  EXPECT_EQ(order({"--restart", "cache-2"}).status, 0);
  EXPECT_EQ(order({"--grow", "1"}).status, 0);
  EXPECT_EQ(end(std::move(serving)).status, 2);
  EXPECT_THAT(arm()["reasons"], testing::Contains("cache-1 was killed by hand"));
  EXPECT_EQ(invariant("no-wrong-map")["holds"], true);
  EXPECT_EQ(invariant("no-lost-records")["holds"], true);
}

TEST_F(RestartTest, ACacheServerThatIsStoppedIsSilentUntilItIsStartedAgain) {
  file("small.yaml", small_experiment(8, 9, "prevented", "[cache-fleet]"));
  Running serving = serve();
  const std::filesystem::path run = registered().at(0)["groups"].at(0).get<std::string>();
  const std::string pid = read_text(run / "arm-only" / "caches" / "cache-1" / "cgroup.procs");
  ASSERT_EQ(::kill(std::stoi(pid), SIGSTOP), 0);
  wait_for(serving, "cache-1 is silent\nsettled: ");
  const Ended asked = order({"--status"});
  EXPECT_EQ(asked.status, 1) << asked.err;
  EXPECT_THAT(asked.out, HasSubstr("\ncache-1 - silent\n"));
  EXPECT_THAT(order({"--grow", "1"}).out, HasSubstr(", 100 % routable\n"));  // by the other one
  const Ended restarted = order({"--restart", "cache-1"});
  EXPECT_EQ(restarted.status, 0) << restarted.err << restarted.out;
  EXPECT_THAT(restarted.out, AllOf(HasSubstr("killed cache-1: "), HasSubstr("restarted cache-1: "),
                                   Not(HasSubstr("cache-1 - "))));
  EXPECT_EQ(end(std::move(serving)).status, 2);
  EXPECT_EQ(invariant("no-wrong-map")["holds"], true);
}

TEST_F(RestartTest, WhatLivesIsKilledFirst) {
  Running serving = serve();
  const Ended backend = order({"--restart", "backend-2"});
  EXPECT_EQ(backend.status, 0) << backend.err << backend.out;
  EXPECT_THAT(backend.out,
              AllOf(HasSubstr("killed backend-2: map version 1 published by 3, 50.00 % routable\n"),
                    HasSubstr("restarted backend-2: map version 2 published by 3, 100 % ")));
  const Ended frontend = order({"--restart", "frontend-2"});
  EXPECT_EQ(frontend.status, 0) << frontend.err << frontend.out;
  EXPECT_THAT(frontend.out,
              AllOf(HasSubstr("killed frontend-2: map version 3 published by 2, 100 % routable\n"),
                    HasSubstr("restarted frontend-2: map version 4 published by 3, 100 % ")));
  EXPECT_EQ(end(std::move(serving)).status, 2);
  EXPECT_EQ(invariant("no-lost-records")["holds"], true);
}

TEST_F(RestartTest, ABackendThatEndedByItselfIsStartedToo) {
  Running serving = serve();
  const std::filesystem::path run = registered().at(0)["groups"].at(0).get<std::string>();
  const std::string pid =
      read_text(run / "arm-unguarded" / "backends" / "backend-1" / "cgroup.procs");
  ASSERT_EQ(::kill(std::stoi(pid), SIGKILL), 0);
  wait_for(serving, "backend-1 is gone\nsettled: ");
  EXPECT_EQ(order({"--restart", "backend-1"}).status, 0);
  end(std::move(serving));
  EXPECT_EQ(invariant("no-lost-records")["holds"], true);
}

TEST_F(RestartTest, AFrontendThatWasKilledComesBackUnderItsNameAndNumber) {
  Running serving = serve();
  ASSERT_EQ(order({"--grow", "2"}).status, 0);
  ASSERT_EQ(order({"--kill", "frontend-2"}).status, 0);
  ASSERT_EQ(order({"--kill", "frontend-4"}).status, 0);
  const Ended restarted = order({"--restart", "frontend-4"});
  EXPECT_EQ(restarted.status, 0) << restarted.err << restarted.out;
  EXPECT_THAT(restarted.out, AllOf(HasSubstr("\nfrontend-4 http://"), HasSubstr("4 frontends, 4 "),
                                   Not(HasSubstr("\nfrontend-2 "))));
  const Ended unknown = order({"--restart", "frontend-6"});
  EXPECT_EQ(unknown.status, 64);
  EXPECT_THAT(
      unknown.err,
      HasSubstr("there is no frontend-6, expected one of: backend-1, backend-2, frontend-1, "
                "frontend-3, frontend-4, frontend-5, frontend-2; nearest: frontend-"));
  end(std::move(serving));
}

TEST_F(RestartTest, ABackendWhoseRecordsAreDamagedIsSaidToBeGoneAgain) {
  Running serving = serve();
  ASSERT_EQ(order({"--kill", "backend-1"}).status, 1);
  const auto data = std::filesystem::path(registered().at(0)["data"].get<std::string>()) /
                    "arm-unguarded" / "backend-1";
  for (const auto& file : std::filesystem::recursive_directory_iterator(data)) {
    if (file.path().filename() == "CURRENT") std::filesystem::remove(file.path());
  }
  const Ended restarted = order({"--restart", "backend-1"});
  EXPECT_EQ(restarted.status, 1) << restarted.err;
  EXPECT_THAT(restarted.out, AllOf(HasSubstr("restarted backend-1: "), HasSubstr(", 50.00 % "),
                                   HasSubstr("\nbackend-1 - gone\n")));
  EXPECT_EQ(end(std::move(serving)).status, 2);
  EXPECT_EQ(invariant("no-lost-records")["holds"], nlohmann::json());
}

}  // namespace
}  // namespace ceiling
