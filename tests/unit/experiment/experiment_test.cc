#include "harness/experiment/experiment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ceiling {
namespace {

constexpr std::string_view kMinimal = R"(experiment: small
fleet: {start: 2, end: 9}
streams: [{name: orders, shards: 4}]
arms:
  - {name: unguarded}
)";

constexpr std::string_view kFull = R"(experiment: kinesis-2020
description: "Capacity: added."
fleet: {start: 4, end: 40, step: 3, threads_per_peer: 2}
backends: 2
streams: [{name: orders, shards: 32}, {name: clicks, shards: 1}]
clients: [{kind: canary, rate_per_s: 100}]
limits:
  scope: fleet
  pids.max: 24
  RLIMIT_NPROC: 30
arms:
  - {name: unguarded, guardrails: [], expect: outage}
  - name: other
    guardrails: [staged-build]
    expect: not-reached
    fleet: {end: 12, threads_per_peer: 4}
    limits: {scope: frontend, pids.max: max}
)";

TEST(ParseExperiment, ReadsEveryKey) {
  const Experiment read = parse_experiment(kFull, "x.yaml");
  EXPECT_EQ(read.name, "kinesis-2020");
  EXPECT_EQ(read.description, "Capacity: added.");
  EXPECT_EQ(read.backends, 2);
  ASSERT_EQ(read.streams.size(), 2U);
  EXPECT_EQ(read.streams[0].name, "orders");
  EXPECT_EQ(read.streams[0].shards, 32);
  EXPECT_EQ(read.streams[1].name, "clicks");
  EXPECT_EQ(read.streams[1].shards, 1);
  ASSERT_EQ(read.clients.size(), 1U);
  EXPECT_EQ(read.clients[0].kind, "canary");
  EXPECT_EQ(read.clients[0].rate_per_s, 100);
  ASSERT_EQ(read.arms.size(), 2U);
  const ArmPlan& arm = read.arms[0];
  EXPECT_EQ(arm.name, "unguarded");
  EXPECT_TRUE(arm.guardrails.empty());
  EXPECT_EQ(arm.expect, Outcome::outage);
  EXPECT_EQ(arm.fleet.start, 4);
  EXPECT_EQ(arm.fleet.end, 40);
  EXPECT_EQ(arm.fleet.step, 3);
  EXPECT_EQ(arm.fleet.threads_per_peer, 2);
  EXPECT_EQ(arm.limits.scope, LimitScope::fleet);
  EXPECT_EQ(arm.limits.value(LimitName::pids_max), 24);
  EXPECT_EQ(arm.limits.value(LimitName::rlimit_nproc), 30);
  EXPECT_EQ(read.source, kFull);
}

TEST(ParseExperiment, LaysAnArmsOwnValuesOverTheExperiments) {
  const ArmPlan arm = parse_experiment(kFull, "x.yaml").arms.at(1);
  EXPECT_EQ(arm.guardrails, std::vector{Guardrail::staged_build});
  EXPECT_EQ(arm.expect, Outcome::not_reached);
  EXPECT_EQ(arm.fleet.start, 4);
  EXPECT_EQ(arm.fleet.end, 12);
  EXPECT_EQ(arm.fleet.step, 3);
  EXPECT_EQ(arm.fleet.threads_per_peer, 4);
  EXPECT_EQ(arm.limits.scope, LimitScope::frontend);
  EXPECT_EQ(arm.limits.value(LimitName::pids_max), std::nullopt);
  EXPECT_EQ(arm.limits.value(LimitName::rlimit_nproc), 30);
}

TEST(ParseExperiment, HasDefaultsForAllThatNeedNotBeSaid) {
  const Experiment read = parse_experiment(kMinimal, "x.yaml");
  EXPECT_EQ(read.description, "");
  EXPECT_EQ(read.backends, 1);
  EXPECT_TRUE(read.clients.empty());
  const ArmPlan& arm = read.arms.at(0);
  EXPECT_TRUE(arm.guardrails.empty());
  EXPECT_EQ(arm.expect, Outcome::any);
  EXPECT_EQ(arm.fleet.step, 1);
  EXPECT_EQ(arm.fleet.threads_per_peer, 1);
  EXPECT_EQ(arm.limits.scope, LimitScope::frontend);
  EXPECT_EQ(arm.limits.value(LimitName::pids_max), std::nullopt);
  EXPECT_EQ(arm.limits.value(LimitName::rlimit_nproc), std::nullopt);
}

TEST(ParseExperiment, TakesThreeWordsForNoLimit) {
  for (const char* word : {"max", "unlimited", "null", "~"}) {
    const Experiment read =
        parse_experiment(kFull, "x.yaml", {std::string("limits.pids.max=") + word});
    EXPECT_EQ(read.arms.at(0).limits.value(LimitName::pids_max), std::nullopt) << word;
    EXPECT_EQ(read.arms.at(0).limits.value(LimitName::rlimit_nproc), 30) << word;
  }
}

TEST(Overrides, ReachEveryKindOfValue) {
  const Experiment read = parse_experiment(
      kFull, "x.yaml",
      {"limits.pids.max=40", "fleet.end=7", "fleet.start=5", "streams.clicks.shards=8",
       "clients.canary.rate_per_s=5", "arms.unguarded.expect=contained",
       "arms.unguarded.guardrails=[staged-build]", "arms.unguarded.fleet.end=6",
       "arms.unguarded.limits.RLIMIT_NPROC=77", "description='other: words'",
       "experiment=renamed"});
  EXPECT_EQ(read.name, "renamed");
  EXPECT_EQ(read.streams.at(1).shards, 8);
  EXPECT_EQ(read.clients.at(0).rate_per_s, 5);
  const ArmPlan& arm = read.arms.at(0);
  EXPECT_EQ(arm.expect, Outcome::contained);
  EXPECT_EQ(arm.guardrails, std::vector{Guardrail::staged_build});
  EXPECT_EQ(arm.fleet.start, 5);
  EXPECT_EQ(arm.fleet.end, 6);
  EXPECT_EQ(arm.limits.value(LimitName::pids_max), 40);
  EXPECT_EQ(arm.limits.value(LimitName::rlimit_nproc), 77);
  EXPECT_EQ(read.arms.at(1).fleet.end, 12) << "an arm's own value stays";
}

TEST(Overrides, MakeTheMapsThatTheFileDoesNotHave) {
  const Experiment read = parse_experiment(kMinimal, "x.yaml", {"limits.pids.max=40"});
  EXPECT_EQ(read.arms.at(0).limits.value(LimitName::pids_max), 40);
}

TEST(Overrides, CountInTheirOrder) {
  const Experiment read =
      parse_experiment(kMinimal, "x.yaml", {"limits.pids.max=40", "limits.pids.max=41"});
  EXPECT_EQ(read.arms.at(0).limits.value(LimitName::pids_max), 41);
}

TEST(Overrides, CanReplaceAWrongValueOfTheFile) {
  const std::string text =
      "experiment: x\nfleet: {start: two, end: 9}\n"
      "streams: [{name: s, shards: 1}]\narms: [{name: a}]\n";
  EXPECT_EQ(parse_experiment(text, "x.yaml", {"fleet.start=2"}).arms.at(0).fleet.start, 2);
}

TEST(Overrides, StandInTheSourceThatIsStored) {
  const Experiment read =
      parse_experiment(kFull, "x.yaml",
                       {"limits.pids.max=40", "arms.unguarded.fleet.end=6",
                        "description=\"two\\nlines: # and 'quotes'\"", "streams.orders.shards=3"});
  const Experiment again = parse_experiment(read.source, "stored.yaml");
  EXPECT_EQ(again.source, read.source);
  EXPECT_EQ(again.description, "two\nlines: # and 'quotes'");
  EXPECT_EQ(again.name, read.name);
  EXPECT_EQ(again.streams.at(0).shards, 3);
  EXPECT_EQ(again.streams.at(1).shards, 1);
  EXPECT_EQ(again.clients.at(0).rate_per_s, 100);
  ASSERT_EQ(again.arms.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(again.arms[i].name, read.arms[i].name);
    EXPECT_EQ(again.arms[i].guardrails, read.arms[i].guardrails);
    EXPECT_EQ(again.arms[i].expect, read.arms[i].expect);
    EXPECT_EQ(again.arms[i].fleet.sizes(), read.arms[i].fleet.sizes());
    EXPECT_EQ(again.arms[i].limits.scope, read.arms[i].limits.scope);
    EXPECT_EQ(again.arms[i].limits.value(LimitName::pids_max),
              read.arms[i].limits.value(LimitName::pids_max));
    EXPECT_EQ(again.arms[i].limits.value(LimitName::rlimit_nproc),
              read.arms[i].limits.value(LimitName::rlimit_nproc));
  }
}

TEST(FleetPlan, VisitsTheEndAlsoWhereTheStepJumpsOverIt) {
  EXPECT_EQ((FleetPlan{4, 8, 1, 1}.sizes()), (std::vector<int>{4, 5, 6, 7, 8}));
  EXPECT_EQ((FleetPlan{4, 10, 3, 1}.sizes()), (std::vector<int>{4, 7, 10}));
  EXPECT_EQ((FleetPlan{4, 11, 3, 1}.sizes()), (std::vector<int>{4, 7, 10, 11}));
  EXPECT_EQ((FleetPlan{4, 4, 3, 1}.sizes()), (std::vector<int>{4}));
  EXPECT_EQ((FleetPlan{4, 5, 100, 1}.sizes()), (std::vector<int>{4, 5}));
}

TEST(Limits, OfEveryNameAreRead) {
  for (const LimitName name : all_limits()) {
    const std::string key = "limits." + std::string(to_string(name));
    const std::int64_t value = allowed(name).most;
    const Experiment read =
        parse_experiment(kMinimal, "x.yaml", {key + "=" + std::to_string(value)});
    EXPECT_EQ(read.arms.at(0).limits.value(name), value) << key;
    EXPECT_EQ(read.arms.at(0).limits.names(), std::vector{name});
    EXPECT_THROW(parse_experiment(kMinimal, "x.yaml", {key + "=" + std::to_string(value + 1)}),
                 BadInput);
  }
}

TEST(Limits, InBytesAreSaidInPowersOf1024) {
  const std::vector<std::pair<const char*, std::int64_t>> sizes = {{"4096", 4096},
                                                                   {"8K", 8192},
                                                                   {"64M", 67'108'864},
                                                                   {"1G", 1'073'741'824},
                                                                   {"2T", 2'199'023'255'552}};
  for (const auto& [text, bytes] : sizes) {
    const Experiment read =
        parse_experiment(kMinimal, "x.yaml", {std::string("limits.RLIMIT_AS=") + text});
    EXPECT_EQ(read.arms.at(0).limits.value(LimitName::rlimit_as), bytes) << text;
  }
}

TEST(Limits, OfTheHostAreKnownFromThoseOfAGroupAndOfAProcess) {
  std::vector<LimitName> host;
  std::vector<LimitName> process;
  for (const LimitName name : all_limits()) {
    if (is_host_wide(name)) host.push_back(name);
    if (is_per_process(name)) process.push_back(name);
  }
  EXPECT_EQ(host, (std::vector{LimitName::threads_max, LimitName::pid_max, LimitName::max_map_count,
                               LimitName::overcommit_memory}));
  EXPECT_EQ(process, (std::vector{LimitName::rlimit_as, LimitName::rlimit_data,
                                  LimitName::rlimit_memlock, LimitName::rlimit_nofile}));
}

TEST(Limits, OfADriftedMemberAreLaidOverTheFleets) {
  const Experiment read = parse_experiment(
      kMinimal, "x.yaml",
      {"fleet.end=9", "limits.pids.max=24", "limits.overrides.frontend-3.pids.max=20",
       "limits.overrides={frontend-4: {RLIMIT_NPROC: 30, pids.max: max}}",
       "limits.overrides.frontend-3.pids.max=21", "limits.overrides.frontend-9.RLIMIT_AS=1G"});
  const LimitPlan& limits = read.arms.at(0).limits;
  EXPECT_EQ(limits.overrides.size(), 3U);
  EXPECT_EQ(limits.value(LimitName::pids_max, 1), 24);
  EXPECT_EQ(limits.value(LimitName::pids_max, 3), 21);
  EXPECT_EQ(limits.value(LimitName::rlimit_nproc, 3), std::nullopt);
  EXPECT_EQ(limits.value(LimitName::pids_max, 4), std::nullopt);
  EXPECT_EQ(limits.value(LimitName::rlimit_nproc, 4), 30);
  EXPECT_EQ(limits.value(LimitName::rlimit_as, 9), 1'073'741'824);
  EXPECT_TRUE(limits.sets(LimitName::rlimit_nproc));
  EXPECT_FALSE(limits.sets(LimitName::rlimit_nofile));
  EXPECT_EQ(limits.names(), std::vector{LimitName::pids_max});
  const Experiment again = parse_experiment(read.source, "stored.yaml");
  EXPECT_EQ(again.arms.at(0).limits.value(LimitName::pids_max, 3), 21);
}

TEST(Limits, OfAnArmAreLaidOverTheDriftOfTheExperiment) {
  const Experiment read = parse_experiment(
      "experiment: x\nfleet: {start: 2, end: 4}\nstreams: [{name: s, shards: 1}]\n"
      "limits: {pids.max: 9, overrides: {frontend-2: {pids.max: 7, RLIMIT_NPROC: 8}}}\n"
      "arms:\n  - {name: a}\n"
      "  - {name: b, fleet: {end: 6}, limits: {overrides: {frontend-2: {pids.max: 6}, "
      "frontend-6: {pids.max: 5}}}}\n",
      "x.yaml");
  EXPECT_EQ(read.arms.at(0).limits.value(LimitName::pids_max, 2), 7);
  EXPECT_EQ(read.arms.at(1).limits.value(LimitName::pids_max, 2), 6);
  EXPECT_EQ(read.arms.at(1).limits.value(LimitName::rlimit_nproc, 2), 8);
  EXPECT_EQ(read.arms.at(1).limits.value(LimitName::pids_max, 6), 5);
}

TEST(Members, AreNumberedFromOne) {
  EXPECT_EQ(member_name(3), "frontend-3");
  EXPECT_EQ(member_number("frontend-3"), 3);
  EXPECT_EQ(member_number("frontend-12"), 12);
  for (const char* name : {"frontend-0", "frontend-03", "frontend--3", "frontend-", "frontend-3x",
                           "Frontend-3", "backend-3", "", "frontend-99999999999999"}) {
    EXPECT_EQ(member_number(name), std::nullopt) << name;
  }
}

TEST(Limits, OfTheHostNeedAWordOfTheirOwn) {
  const Experiment read = parse_experiment(
      "experiment: x\nfleet: {start: 1, end: 2}\nstreams: [{name: s, shards: 1}]\n"
      "limits: {kernel.threads-max: 300}\narms: [{name: a}, {name: b}]\n",
      "x.yaml");
  EXPECT_TRUE(unsupported_limits(read, true).empty());
  const std::vector<Finding> findings = unsupported_limits(read, false);
  ASSERT_EQ(findings.size(), 1U) << "two arms, one place";
  EXPECT_EQ(findings[0].line, 4);
  EXPECT_EQ(findings[0].column, 30);
  EXPECT_EQ(findings[0].text,
            "limits.kernel.threads-max: found a limit of the whole host: it needs --host-limits, "
            "see harness/experiments/README.md");
}

TEST(Limits, ThatCannotBeSetSayWhy) {
  const auto finding = [](const std::string& limit) {
    return unsupported_limits(parse_experiment("experiment: x\nfleet: {start: 1, end: 2}\n"
                                               "streams: [{name: s, shards: 1}]\nlimits: {" +
                                                   limit + "}\narms: [{name: a}]\n",
                                               "x.yaml"),
                              true)
        .at(0)
        .text;
  };
  EXPECT_EQ(finding("vm.overcommit_memory: 1"),
            "limits.vm.overcommit_memory: found 1, expected 2: no other mode refuses memory");
  EXPECT_THAT(finding("overrides: {frontend-2: {RLIMIT_NOFILE: 64}}"),
              testing::StartsWith("limits.overrides.frontend-2.RLIMIT_NOFILE: found a limit on "
                                  "descriptors, expected one for all frontends"));
  EXPECT_THAT(finding("overrides: {frontend-2: {memory.max: 64M}}"),
              testing::StartsWith("limits.overrides.frontend-2.memory.max: found a limit that is "
                                  "estimated, expected one for all frontends"));
  EXPECT_EQ(finding("memory.max: 64M, pids.max: 20"),
            "limits.memory.max: found a limit that is estimated beside another, expected it alone "
            "in its arm: who answers first would be chance");
}

TEST(Limits, OfAPidNamespaceAreNotTheHosts) {
  const Experiment read = parse_experiment(
      "experiment: x\nfleet: {start: 1, end: 2}\nstreams: [{name: s, shards: 1}]\n"
      "limits: {scope: pid-namespace, kernel.pid_max: 400}\narms: [{name: a}]\n",
      "x.yaml");
  EXPECT_TRUE(unsupported_limits(read, false).empty());
  EXPECT_FALSE(read.arms[0].limits.of_host(LimitName::pid_max));
}

TEST(Limits, OfTheHostStandAlone) {
  const auto findings = [](const std::string& limits, const std::string& arms) {
    return unsupported_limits(
        parse_experiment(
            "experiment: x\nfleet: {start: 1, end: 2}\nstreams: [{name: s, shards: 1}]\nlimits: " +
                limits + "\narms: " + arms + "\n",
            "x.yaml"),
        true);
  };
  EXPECT_TRUE(findings("{kernel.pid_max: 400, pids.max: max}", "[{name: a}]").empty());
  for (const auto& found :
       {findings("{kernel.pid_max: 400, pids.max: 20}", "[{name: a}]"),
        findings("{kernel.pid_max: 400}", "[{name: a, limits: {RLIMIT_NPROC: 20}}]")}) {
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].line, 4);
    EXPECT_EQ(found[0].text,
              "limits.kernel.pid_max: found a limit of the whole host beside another, expected it "
              "alone in its arm: who answers first would be chance");
  }
}

TEST(ParseExperiment, OneArmAloneIsAnExperimentOfItsOwn) {
  const Experiment alone = parse_experiment(kFull, "x.yaml", {"arms.other.fleet.step=1"}, "other");
  ASSERT_EQ(alone.arms.size(), 1U);
  EXPECT_EQ(alone.arms[0].name, "other");
  EXPECT_EQ(alone.arms[0].fleet.start, 4);
  EXPECT_EQ(alone.arms[0].fleet.step, 1);
  const Experiment again = parse_experiment(alone.source, "x.yaml");
  ASSERT_EQ(again.arms.size(), 1U);
  EXPECT_EQ(again.arms[0].name, "other");
  EXPECT_EQ(again.arms[0].fleet.step, 1);
  EXPECT_EQ(again.streams.size(), 2U);
}

TEST(Names, AreThoseOfFilesAndReports) {
  EXPECT_EQ(to_string(LimitName::pids_max), "pids.max");
  EXPECT_EQ(to_string(LimitName::rlimit_nproc), "RLIMIT_NPROC");
  EXPECT_EQ(limit_from("pids.max"), LimitName::pids_max);
  EXPECT_EQ(limit_from("RLIMIT_NPROC"), LimitName::rlimit_nproc);
  EXPECT_EQ(limit_from("pids"), std::nullopt);
  EXPECT_EQ(to_string(LimitScope::frontend), "frontend");
  EXPECT_EQ(to_string(LimitScope::fleet), "fleet");
  EXPECT_EQ(to_string(Outcome::not_reached), "not-reached");
  EXPECT_EQ(outcome_from("contained"), Outcome::contained);
  EXPECT_EQ(outcome_from("Contained"), std::nullopt);
}

}  // namespace
}  // namespace ceiling
