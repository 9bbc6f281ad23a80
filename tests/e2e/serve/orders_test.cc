#include <unistd.h>

#include "tests/e2e/serve/serve_case.h"

namespace ceiling {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using OrdersTest = ServeCase;

/// Without a serve that runs.
TEST_F(OrdersTest, AWrongCallIsRefusedAndNothingIsMade) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{}, "expected an EXPERIMENT, or one of --grow, --shrink, --kill, --restart, --status"},
      {{"small.yaml", "--status"}, "found several of EXPERIMENT, --grow"},
      {{"--grow", "1", "--shrink", "1"}, "found several of EXPERIMENT, --grow"},
      {{"--grow", "0"}, "--grow"},
      {{"--grow", "-1"}, "--grow"},
      {{"--shrink", "two"}, "--shrink"},
      {{"--status"}, "no serve is running here: start one with sudo ceiling serve EXPERIMENT"},
      {{"--grow", "1", "--run", "12345678"}, "no serve is running here"},
      {{"small.yaml", "--run", "12345678"}, "--run goes with an order"},
      {{"missing.yaml"}, "missing.yaml: No such file"},
      {{"small.yaml", "--arm", "stagd"},
       "small.yaml: --arm stagd: found no such arm, expected one of: unguarded, staged, kept; "
       "nearest: staged"},
      {{"small.yaml", "--set", "fleet.ende=9"}, "nearest known key: end"},
      {{"small.yaml", "--set", "limits.pids.max=4"}, "small.yaml"},
      {{"small.yaml", "--listen", "0.0.0.0:4567"},
       "--listen 0.0.0.0:4567: expected 127.0.0.1:PORT"},
      {{"small.yaml", "--listen", "localhost:4567"}, "--listen localhost:4567: expected 127.0.0.1"},
      {{"small.yaml", "--listen", "127.0.0.1:80"}, "a port from 1024 to 65535"},
      {{"small.yaml", "--listen", "127.0.0.1:65536"}, "a port from 1024 to 65535"},
      {{"small.yaml", "--for", "0s"}, "--for 0s: expected 1s to 24h"},
      {{"small.yaml", "--for", "25h"}, "--for 25h: expected 1s to 24h"},
      {{"small.yaml", "--for", "8"}, "--for 8: expected 1s to 24h"},
      {{"small.yaml", "--for", "99999999999h"}, "expected 1s to 24h"},
  };
  for (const auto& [words, said] : wrong) {
    SCOPED_TRACE(testing::PrintToString(words));
    const Ended ended = order(words);
    EXPECT_EQ(ended.status, 64) << ended.err << ended.out;
    EXPECT_THAT(ended.err, HasSubstr(said));
    EXPECT_EQ(ended.out, "");
    EXPECT_TRUE(runs().empty());
  }
}

TEST_F(OrdersTest, OnlyRootMayServeAndGiveOrders) {
  How nobody;
  nobody.before_exec = [] { return ::setresuid(65534, 65534, 65534) == 0; };
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"small.yaml"}, {"--status"}}) {
    const Ended ended = order(words, nobody);
    EXPECT_EQ(ended.status, 69) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("to do: sudo ceiling serve"));
  }
}

TEST_F(OrdersTest, WhatCannotBeDoneIsRefusedAndNothingChanges) {
  Running serving = serve();
  const std::string before = order({"--status"}).out;
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{"--grow", "7"},
       "not grown: the fleet has 3 frontends, and fleet.end of the experiment is 9: at most 6 more "
       "(to go further, start it with --set fleet.end=N)"},
      {{"--shrink", "1"},
       "not shrunk: the fleet has 3 frontends, and fleet.start of the experiment is 3: at most 0 "
       "less"},
      {{"--kill", "frontend-4"},
       "there is no frontend-4, expected one of: backend-1, backend-2, frontend-1, frontend-2, "
       "frontend-3; nearest: frontend-1"},
      {{"--kill", "membership"}, "there is no membership, expected one of: "},
      {{"--restart", "backend-3"},
       "there is no backend-3, expected one of: backend-1, backend-2, frontend-1, frontend-2, "
       "frontend-3; nearest: backend-"},
      {{"--status", "--run", "12345678"}, "no serve is run 12345678; there is\n  --run "},
  };
  for (const auto& [words, said] : wrong) {
    SCOPED_TRACE(testing::PrintToString(words));
    const Ended ended = order(words);
    EXPECT_EQ(ended.status, 64) << ended.err << ended.out;
    EXPECT_THAT(ended.err, HasSubstr(said));
  }
  EXPECT_EQ(order({"--status"}).out, before);
  end(std::move(serving));
}

TEST_F(OrdersTest, AmongSeveralTheRunIsNamed) {
  Running first = serve({"--results", "first"});
  Running second = serve({"--results", "second"});
  const Ended which = order({"--grow", "1"});
  EXPECT_EQ(which.status, 64) << which.out;
  EXPECT_THAT(which.err, AllOf(HasSubstr("2 serves are running: say which one with\n  --run "),
                               HasSubstr("/first/small-"), HasSubstr("/second/small-")));
  for (const auto& entry : registered()) {
    const std::string run_id = entry["run_id"];
    const Ended grown = order({"--grow", "1", "--run", run_id});
    EXPECT_EQ(grown.status, 0) << grown.err;
    EXPECT_THAT(grown.out, HasSubstr("\n4 frontends, 4 in service"));
  }
  EXPECT_THAT(first.out(), HasSubstr("grown to 4 frontends"));
  EXPECT_THAT(second.out(), HasSubstr("grown to 4 frontends"));
  end(std::move(first));
  end(std::move(second));
}

TEST_F(OrdersTest, HelpHasAnExample) {
  const Ended help = order({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.out, HasSubstr("Example: sudo ceiling serve harness/experiments/"));
}

}  // namespace
}  // namespace ceiling
