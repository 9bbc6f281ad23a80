#include "harness/check/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/experiment/experiment.h"
#include "tests/unit/check/facts.h"

namespace ceiling::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> findings_of(std::string_view text) {
  try {
    parse_policy(text, "p");
  } catch (const BadInput& bad) {
    std::vector<std::string> lines;
    for (const Finding& finding : bad.findings()) {
      lines.push_back(std::to_string(finding.line) + ": " + finding.text);
    }
    return lines;
  }
  return {};
}

/// A policy with one target, in line 3.
std::vector<std::string> target(const std::string& text) {
  return findings_of("policy: p\ntargets:\n  - " + text + "\n");
}

TEST(Policy, ReadsUnitsAndGroupsWithWhatTheyNeed) {
  const Policy policy = parse_policy(
      "policy: frontends\n"
      "targets:\n"
      "  - {unit: demo, threads: 500}\n"
      "  - {cgroup: /batch/, peers: 300, threads_per_peer: 2, stack: 1M, uid: 1000}\n",
      "p");
  EXPECT_EQ(policy.name, "frontends");
  ASSERT_EQ(policy.requirements.size(), 2U);
  EXPECT_EQ(policy.requirements[0].selector.text(), "unit demo.service");
  EXPECT_EQ(policy.requirements[0].need.required(), 500);
  EXPECT_EQ(policy.requirements[0].at.line, 3);
  EXPECT_EQ(policy.requirements[1].selector.text(), "cgroup /batch as uid 1000");
  EXPECT_EQ(policy.requirements[1].selector.uid, 1000);
  EXPECT_EQ(policy.requirements[1].need.required(), 598);
  EXPECT_EQ(policy.requirements[1].need.stack, 1 << 20);
}

TEST(Policy, SaysEverythingThatIsWrongAtOnce) {
  EXPECT_THAT(findings_of("policy: Front\n"
                          "targets:\n"
                          "  - {unit: demo, thread: 5}\n"
                          "  - {cgroup: batch, threads: 0}\n"),
              ElementsAre(HasSubstr("1: policy: found \"Front\", expected a name"),
                          HasSubstr("3: targets[0].threads: found neither threads nor peers"),
                          HasSubstr("3: targets[0]: found the unknown key \"thread\", nearest "
                                    "known key: threads"),
                          HasSubstr("4: targets[1].cgroup: found \"batch\", expected the path"),
                          HasSubstr("4: targets[1].threads: found 0, expected an")));
}

TEST(Policy, EachTargetIsOneThingWithOneNeed) {
  EXPECT_THAT(target("{threads: 5}"), ElementsAre(HasSubstr("neither unit nor cgroup")));
  EXPECT_THAT(target("{unit: a, cgroup: /a, threads: 5}"), ElementsAre(HasSubstr("as well")));
  EXPECT_THAT(target("{unit: a, threads: 5, peers: 2, threads_per_peer: 1}"),
              ElementsAre(HasSubstr("found peers as well")));
  EXPECT_THAT(target("{unit: a, peers: 2}"), ElementsAre(HasSubstr("both or none")));
  EXPECT_THAT(target("{unit: a, threads: 2, threads_per_peer: 1}"),
              ElementsAre(HasSubstr("both or none")));
  EXPECT_THAT(target("{unit: 'a b', threads: 5}"), ElementsAre(HasSubstr("name of a unit")));
  EXPECT_THAT(target("{unit: a, threads: 5, stack: 1000}"),
              ElementsAre(HasSubstr("PTHREAD_STACK_MIN")));
  EXPECT_THAT(target("{unit: a, threads: 5, stack: big}"), ElementsAre(HasSubstr("64K, 1M")));
  EXPECT_THAT(target("{unit: a, threads: 5, uid: -1}"), ElementsAre(HasSubstr("uid: found -1")));
  EXPECT_THAT(target("demo"), ElementsAre(HasSubstr("expected a map")));
}

TEST(Policy, ATargetStandsOnce) {
  EXPECT_THAT(findings_of("policy: p\ntargets:\n"
                          "  - {unit: a, threads: 1}\n"
                          "  - {unit: a, threads: 1, uid: 4}\n"
                          "  - {unit: a.service, threads: 2}\n"),
              ElementsAre("5: targets[2].unit: found unit a.service again, expected it once: first "
                          "in line 3"));
}

TEST(Policy, NoTargetsAreNoPolicy) {
  EXPECT_THAT(findings_of("policy: p\n"), ElementsAre(HasSubstr("targets: found no such key")));
  EXPECT_THAT(findings_of("policy: p\ntargets: []\n"),
              ElementsAre(StartsWith("2: targets: found 0 targets")));
  EXPECT_THAT(findings_of(""), ElementsAre(HasSubstr("expected a map with the keys policy, ")));
  EXPECT_FALSE(findings_of("policy: [\n").empty());
}

TEST(Policy, ProductsOfTheLargestCountsAreNumbers) {
  const Policy policy = parse_policy(
      "policy: p\ntargets:\n  - {unit: a, peers: 2147483648, threads_per_peer: 2147483648}\n", "p");
  EXPECT_EQ(policy.requirements[0].need.required(), (std::int64_t{1} << 62) - (1LL << 31));
}

TEST(Policy, TheWorstOfItsAnswersIsItsVerdict) {
  const auto with = [](std::vector<Fit> fits) {
    std::vector<Answer> answers;
    for (const Fit fit : fits) answers.emplace_back().verdict = fit;
    return verdict_of(answers);
  };
  EXPECT_EQ(with({Fit::holds, Fit::holds}), Fit::holds);
  EXPECT_EQ(with({Fit::holds, Fit::unknown}), Fit::unknown);
  EXPECT_EQ(with({Fit::unknown, Fit::exceeded, Fit::holds}), Fit::exceeded);
}

}  // namespace
}  // namespace ceiling::test
