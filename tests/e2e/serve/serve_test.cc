#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "cgroups/control_file.h"
#include "tests/e2e/serve/serve_case.h"

namespace ceiling {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

using ServeTest = ServeCase;

/// A loopback port, and the socket that holds it.
std::pair<int, Descriptor> taken_port() {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(socket.get(), 1), 0);
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return {ntohs(address.sin_port), std::move(socket)};
}

TEST_F(ServeTest, SaysWhatClientsNeedReadyToPaste) {
  const int port = taken_port().first;  // free again
  Running serving = serve({"--listen", fmt::format("127.0.0.1:{}", port)});
  EXPECT_THAT(
      serving.out(),
      MatchesRegex(fmt::format(
          "AWS_ENDPOINT_URL=http://127.0.0.1:{0}\n"
          "AWS_REGION=us-east-1\n"
          "AWS_DEFAULT_REGION=us-east-1\n"
          "AWS_ACCESS_KEY_ID=AKCEIL[A-Z2-7]{{14}}\n"
          "AWS_SECRET_ACCESS_KEY=[A-Za-z0-9+/]{{40}}\n"
          "CEILING_OPERATIONS=/.*/ceiling-results/small-[^/]*/operations\n"
          "serving arm unguarded as run [0-9a-f]{{8}} for 8h, until Ctrl-C\n"
          "3 frontends, 3 in service, 100 % routable; predicted: fails at 7 frontends, 8 tasks, by "
          "pids.max\n"
          "frontend-1 http://127.0.0.1:{0} in service\n"
          "frontend-2 http://127.0.0.1:[0-9]+ in service\n"
          "frontend-3 http://127.0.0.1:[0-9]+ in service\n",
          port)));
  end(std::move(serving));
}

TEST_F(ServeTest, AnAdditionThatDoesNotFitIsKeptOut) {
  Running serving = serve({"--arm", "kept"});
  const Ended grown = order({"--grow", "6"});
  EXPECT_EQ(grown.status, 1) << grown.err;
  EXPECT_THAT(
      grown.out,
      HasSubstr("frontend-7 was not admitted, 6 frontends: map version 4 published by 6, 100 % "
                "routable\n2 more were not started\n6 frontends, 6 in service, 100 % routable; "
                "predicted: admission keeps the fleet at 6 frontends, by pids.max\n"));
  const Ended shrunk = order({"--shrink", "2"});
  EXPECT_EQ(shrunk.status, 0) << shrunk.err;
  const Ended again = order({"--grow", "1"});
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  const Ended ended = end(std::move(serving));
  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  EXPECT_EQ(arm()["outcome"], "prevented");
}

TEST_F(ServeTest, AnOutageCanBeMadeAndEndedByHand) {
  Running serving = serve();
  const Ended grown = order({"--grow", "2"});
  EXPECT_EQ(grown.status, 0) << grown.err;
  EXPECT_THAT(grown.out,
              AllOf(HasSubstr("grown to 4 frontends: map version 2 published by 4, 100 % routable"),
                    HasSubstr("\n5 frontends, 5 in service, 100 % routable; predicted: ")));

  const Ended outage = order({"--grow", "4"});
  EXPECT_EQ(outage.status, 1) << outage.err;
  EXPECT_THAT(
      outage.out,
      AllOf(HasSubstr("grown to 7 frontends: no map is published, 0 % routable\n"
                      "all 7 frontends failed: refused with EAGAIN at 8 tasks by pids.max (/"),
            HasSubstr("\n2 more were not started\n7 frontends, 0 in service, 0 % routable; "
                      "predicted: fails at 7 frontends, 8 tasks, by pids.max\n"),
            HasSubstr(" cannot route: map version 5 was not built\n")));
  const Ended more = order({"--grow", "1"});
  EXPECT_EQ(more.status, 1) << more.err;
  EXPECT_THAT(more.out, HasSubstr("not grown: all 7 frontends failed; --shrink or --kill comes"));

  const Ended shrunk = order({"--shrink", "1"});
  EXPECT_EQ(shrunk.status, 0) << shrunk.err;
  EXPECT_THAT(shrunk.out, HasSubstr("\n6 frontends, 6 in service, 100 % routable; predicted: "));

  const Ended ended = end(std::move(serving));
  EXPECT_EQ(ended.status, 0) << ended.err << ended.out;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("ended by signal 2\n"), HasSubstr("verdict: confirmed\n"),
                               HasSubstr("report: ceiling-results/small-")));
  EXPECT_EQ(arm()["outcome"], "outage");
  EXPECT_EQ(arm()["observed"]["fleet_size"], arm()["predicted"]["fleet_size"]);
  EXPECT_EQ(arm()["routable"], nlohmann::json({{"before", 1.0}, {"lowest", 0.0}, {"after", 1.0}}));
  EXPECT_EQ(schema_problems("result", read_text(only_run() / "result.json")), "");
  EXPECT_EQ(run_ceiling({"verify", only_run()}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(only_run() / "report.html"));
}

TEST_F(ServeTest, AStagedFleetServesOnAtItsCeiling) {
  Running serving = serve({"--arm", "staged", "--set", "clients.canary.rate_per_s=100"});
  const Ended grown = order({"--grow", "6"});
  EXPECT_EQ(grown.status, 1) << grown.err;
  EXPECT_THAT(
      grown.out,
      AllOf(HasSubstr("grown to 7 frontends: map version 4 published by 6, 100 % routable\n"),
            HasSubstr(" in service with map version 4: version 5 was not built\n"),
            HasSubstr("frontend-7 http://"), HasSubstr(" cannot route: map version 5")));
  const Ended shrunk = order({"--shrink", "4"});
  EXPECT_EQ(shrunk.status, 0) << shrunk.out;
  const Ended ended = end(std::move(serving), SIGTERM);
  EXPECT_EQ(ended.status, 0) << ended.err << ended.out;
  EXPECT_EQ(arm()["name"], "staged");
  EXPECT_THAT(read_text(only_run() / "experiment.yaml"), HasSubstr("rate_per_s: 100"));
  EXPECT_EQ(arm()["outcome"], "contained");
}

TEST_F(ServeTest, WhatIsKilledIsGoneAndMakesTheVerdictUnknown) {
  Running serving = serve();
  const Ended one = order({"--kill", "frontend-2"});
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_THAT(one.out,
              AllOf(HasSubstr("killed frontend-2: map version 2 published by 2, 100 %"),
                    HasSubstr("\n2 frontends, 2 in service"), Not(HasSubstr("frontend-2 http"))));
  const Ended replaced = order({"--grow", "1"});
  EXPECT_EQ(replaced.status, 0) << replaced.err;
  EXPECT_THAT(replaced.out, HasSubstr("\nfrontend-2 http://"));

  const Ended half = order({"--kill", "backend-1"});
  EXPECT_EQ(half.status, 1) << half.err;
  EXPECT_THAT(half.out, AllOf(HasSubstr("killed backend-1: "), HasSubstr(", 50.00 % routable\n"),
                              HasSubstr("\nbackend-1 - gone\n")));
  const Ended again = order({"--kill", "backend-1"});
  EXPECT_EQ(again.status, 64);
  EXPECT_THAT(again.err, HasSubstr("backend-1 is gone already"));

  const Ended ended = end(std::move(serving));
  EXPECT_EQ(ended.status, 2) << ended.err << ended.out;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("- frontend-2 was killed by hand"),
                               HasSubstr("- backend-1 was killed by hand")));
}

TEST_F(ServeTest, AFrontendThatEndsByItselfIsSaid) {
  Running serving = serve();
  const std::filesystem::path run = registered().at(0)["groups"].at(0).get<std::string>();
  const std::string pid =
      read_text(run / "arm-unguarded" / "frontends" / "frontend-3" / "cgroup.procs");
  ASSERT_EQ(::kill(std::stoi(pid), SIGKILL), 0);
  wait_for(serving, "frontend-3 of 3 frontends failed: ");
  EXPECT_THAT(serving.out(), HasSubstr("frontend-3 is gone\nsettled: map version 2 published by 2, "
                                       "100 % routable\nfrontend-3 of 3 frontends failed: "
                                       "frontend-3 signal 9"));
  const Ended status = order({"--status"});
  EXPECT_EQ(status.status, 1);
  EXPECT_THAT(status.out, HasSubstr("\nfrontend-3 http://"));
  EXPECT_THAT(status.out, HasSubstr(" gone\n"));
  EXPECT_EQ(end(std::move(serving)).status, 2);
}

// Written by anyone, read by root: whatever is wrong with it is named, and ends nothing.
TEST_F(ServeTest, WhatAClientRecordedBadlyIsNamedAndMakesTheVerdictUnknown) {
  Running serving = serve();
  const std::filesystem::path operations = only_run() / "operations";
  std::filesystem::create_symlink("/etc/shadow", operations / "link.jsonl");
  std::ofstream(operations / "app.jsonl")
      << R"({"at_s":1,"id":1,"phase":"invoke","kind":"put","stream":"orders","key":"k"})"
         "\n"
      << "garbage\n";
  EXPECT_EQ(order({"--grow", "4"}).status, 1);
  const Ended ended = end(std::move(serving));
  EXPECT_EQ(ended.status, 2) << ended.err << ended.out;
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("- operations of app: line 2: not JSON, or cut short\n"),
                    HasSubstr("- operations of link.jsonl: is a symbolic link, expected a file\n"),
                    HasSubstr("client app: 0 puts acknowledged, 0 failed, 1 unknown; 0 records "
                              "read\n")));
  EXPECT_EQ(schema_problems("result", read_text(only_run() / "result.json")), "");
  EXPECT_EQ(schema_problems("history", read_text(only_run() / "history.jsonl"), true), "");
  EXPECT_EQ(run_ceiling({"verify", only_run()}).status, 2);
}

TEST_F(ServeTest, WhatWasNotReachedIsNotConfirmed) {
  Running serving = start_ceiling({"serve", "small.yaml", "--for", "2s"});
  const Ended ended = serving.wait();
  EXPECT_EQ(ended.status, 2) << ended.err << ended.out;
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("ended by its time limit (--for)\n"),
                    HasSubstr("- the arm ended at 3 frontends, before a failure and before 9\n"),
                    HasSubstr("fleet size              7             -   not tested\n"),
                    HasSubstr("verdict: unknown\n")));
  EXPECT_EQ(arm()["outcome"], "unknown");
}

TEST_F(ServeTest, KilledItLeavesNothing) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // its keeper comes to us
  Running serving = serve();
  const std::string socket =
      "/run/ceiling/." + registered().at(0)["run_id"].get<std::string>() + ".control";
  EXPECT_EQ(std::filesystem::status(socket).permissions(), std::filesystem::perms(0600));
  serving.signal(SIGKILL);
  serving.wait();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  std::string left;
  bool reaped = false;
  do {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
    reaped = ::waitpid(-1, nullptr, WNOHANG) < 0;
    left = leftovers();
  } while ((!reaped || !left.empty()) && std::chrono::steady_clock::now() < until);
  EXPECT_EQ(left, "");
  EXPECT_TRUE(reaped);
  EXPECT_FALSE(std::filesystem::exists(socket));
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(ServeTest, ATakenPortIsSaidBeforeAnythingIsMade) {
  const auto [port, holder] = taken_port();
  const Ended ended = order({"small.yaml", "--listen", fmt::format("127.0.0.1:{}", port)});
  EXPECT_EQ(ended.status, 69) << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr(fmt::format("--listen 127.0.0.1:{}: Address already in "
                                                     "use\n  to do: take another port",
                                                     port))));
  EXPECT_TRUE(runs().empty());
}

}  // namespace
}  // namespace ceiling
