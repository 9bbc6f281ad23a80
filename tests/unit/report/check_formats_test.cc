// What CI jobs and scrapers read of a check: JUnit and Prometheus.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/report/check.h"
#include "tests/unit/check/facts.h"

namespace ceiling::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Answer answer_of(Facts facts, std::int64_t threads) {
  return answer(subject_of(std::move(facts)), {.threads = threads});
}

std::string junit(const Answer& answer, const Proof* proof = nullptr) {
  return check_junit(std::span(&answer, 1), proof);
}

std::string prometheus(const Answer& answer) {
  return check_prometheus(std::span(&answer, 1));
}

TEST(CheckJunit, EveryLimitIsATestCaseAndPassesWhereItHolds) {
  const std::string xml = junit(answer_of(facts_of_a_process(), 6));
  EXPECT_THAT(xml, StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "));
  EXPECT_THAT(xml,
              HasSubstr("<testsuite name=\"pid 4242\" tests=\"10\" failures=\"0\" errors=\"0\" "
                        "skipped=\"2\">"));
  EXPECT_THAT(xml, HasSubstr("<testcase classname=\"pid 4242\" name=\"pids.max of /a/b\"/>"));
  EXPECT_THAT(xml, HasSubstr("name=\"vm.max_map_count of process\"/>")) << "the same next time";
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"counts only where it is 2, it is 0\">"));
}

TEST(CheckJunit, ALimitThatRefusesFailsWithItsRemedy) {
  Subject subject = subject_of(facts_of_a_process());
  Origin origin;
  origin.text = "the drop-in";
  subject.settings = {{"pids.max", "/a/b", origin}};
  const std::string xml = junit(answer(subject, {.threads = 7}));
  EXPECT_THAT(xml, HasSubstr("failures=\"1\" errors=\"0\""));
  EXPECT_THAT(xml,
              HasSubstr("<failure message=\"6 more threads (exact)\">7 more threads are needed, "
                        "pids.max of /a/b allows 6\nset by the drop-in\nto raise it: echo 11 &gt; "
                        "/sys/fs/cgroup/a/b/pids.max\n</failure>"));
}

TEST(CheckJunit, WhatIsUnknownIsAnErrorAndNotPassed) {
  Facts facts = facts_of_a_process();
  facts.place.nproc = unseen("not for us");
  const std::string xml = junit(answer_of(facts, 1));
  EXPECT_THAT(xml, HasSubstr("failures=\"0\" errors=\"1\""));
  EXPECT_THAT(xml,
              HasSubstr("name=\"RLIMIT_NPROC of uid 1000\">\n      <error message=\"unknown: not "
                        "for us\">"));
}

TEST(CheckJunit, TheProofIsATestCase) {
  const Answer answer = answer_of(facts_of_a_process(), 1);
  Proof proof;
  const auto with = [&](Verdict verdict) {
    proof.verdict = verdict;
    proof.reason = "because";
    return junit(answer, &proof);
  };
  EXPECT_THAT(with(Verdict::confirmed), HasSubstr("name=\"proof\"/>"));
  EXPECT_THAT(with(Verdict::refuted), HasSubstr("<failure message=\"because\">"));
  EXPECT_THAT(with(Verdict::unknown), HasSubstr("<error message=\"because\">"));
}

TEST(CheckJunit, NamesCannotBreakTheDocument) {
  Facts facts = facts_of_a_process();
  facts.place.pids[0].group = "/a\"><b>&\x01\xff\xef\xbf\xbf";
  const std::string xml = junit(answer_of(facts, 1));
  EXPECT_THAT(xml, HasSubstr("name=\"pids.max of /a&quot;&gt;&lt;b&gt;&amp;?\xef\xbf\xbd?\"/>"));
}

TEST(CheckJunit, EveryTargetIsASuiteAndTheCountsAddUp) {
  const std::vector<Answer> two = {answer_of(facts_of_a_process(), 7),
                                   answer_of(facts_of_a_process(), 1)};
  EXPECT_THAT(check_junit(two), HasSubstr("<testsuites name=\"ceiling check\" tests=\"20\" "
                                          "failures=\"1\" errors=\"0\" skipped=\"4\">"));
}

TEST(CheckPrometheus, HasValueUseAndRoomOfEveryLimit) {
  const std::string text = prometheus(answer_of(facts_of_a_process(), 7));
  for (const char* line : {
           "# TYPE ceiling_threads_left gauge\nceiling_threads_left{target=\"pid 4242\"} 6\n",
           "ceiling_binding_limit_info{target=\"pid 4242\",limit=\"pids.max\",scope=\"/a/b\"} 1\n",
           "ceiling_threads_required{target=\"pid 4242\"} 7\n",
           "ceiling_check_verdict{target=\"pid 4242\",verdict=\"holds\"} 0\n",
           "ceiling_check_verdict{target=\"pid 4242\",verdict=\"exceeded\"} 1\n",
           "ceiling_limit_tasks{target=\"pid 4242\",limit=\"pids.max\",scope=\"/a/b\"} 10\n",
           "ceiling_limit_used_tasks{target=\"pid 4242\",limit=\"pids.max\",scope=\"/a/b\"} 4\n",
           "ceiling_limit_tasks{target=\"pid 4242\",limit=\"pids.max\",scope=\"/a\"} +Inf\n",
           "ceiling_limit_bytes{target=\"pid 4242\",limit=\"RLIMIT_AS\",scope=\"process\"} +Inf\n",
           "threads_left_at_most{target=\"pid 4242\",limit=\"pids.max\",scope=\"/a/b\"} 6\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("fleet"))) << "nobody asked for one";
}

TEST(CheckPrometheus, WhatIsUnknownHasNoNumber) {
  Facts facts = facts_of_a_process();
  facts.place.nproc = unseen("not for us");
  const std::string text = prometheus(answer_of(facts, 1));
  EXPECT_THAT(text, Not(HasSubstr("RLIMIT_NPROC")));
  EXPECT_THAT(text, HasSubstr("verdict=\"unknown\"} 1\n"));
  facts.host.other_kernel = "gVisor";
  const Answer other = answer(subject_of(facts), {.peers = 3, .threads_per_peer = 2});
  const std::string unseen = prometheus(other);
  EXPECT_THAT(unseen, Not(HasSubstr("ceiling_threads_left{")))
      << "nothing binds that could be seen";
  EXPECT_THAT(unseen, Not(HasSubstr("ceiling_largest_fleet_members{")));
  EXPECT_THAT(check_text(other, false), HasSubstr("largest fleet at 2 threads a peer: unknown\n"));
}

TEST(CheckPrometheus, LowerBoundsKeepTheirWord) {
  Facts facts = facts_of_a_process();
  facts.host.max_map_count = seen(130);
  const std::string text = prometheus(answer_of(facts, 1));
  const std::string series = "{target=\"pid 4242\",limit=\"vm.max_map_count\",scope=\"process\"} ";
  EXPECT_THAT(text, HasSubstr("threads_left_at_least" + series + "50\n"));
  EXPECT_THAT(text, HasSubstr("threads_left_at_most" + series + "+Inf\n"));
}

TEST(CheckPrometheus, LabelsAreEscaped) {
  Facts facts = facts_of_a_process();
  facts.place.pids[0].group = "/a\\b\"c\nd\xff";
  EXPECT_THAT(prometheus(answer_of(facts, 1)),
              HasSubstr("scope=\"/a\\\\b\\\"c\\nd\xef\xbf\xbd\"} 10\n"));
}

TEST(CheckPrometheus, AMetricStandsOnceForAllTargets) {
  Answer other = answer_of(facts_of_a_process(), 1);
  other.subject.selector = cgroup_selector("/a/b");
  const std::vector<Answer> two = {answer_of(facts_of_a_process(), 7), other};
  const std::string text = check_prometheus(two);
  const std::string head = "# TYPE ceiling_threads_left gauge\n";
  EXPECT_EQ(text.find(head), text.rfind(head));
  EXPECT_THAT(text, HasSubstr(head + "ceiling_threads_left{target=\"pid 4242\"} 6\n" +
                              "ceiling_threads_left{target=\"cgroup /a/b\"} 6\n"));
}

TEST(PolicyText, SaysTheWorstAndShowsWhatDoesNotHold) {
  const std::vector<Answer> two = {answer_of(facts_of_a_process(), 7),
                                   answer_of(facts_of_a_process(), 1)};
  const std::string text = policy_text({.name = "mine", .requirements = {}}, two, false);
  EXPECT_THAT(text, StartsWith("policy mine: 2 targets\n"
                               "  exceeded  pid 4242: 7 more threads are needed, pids.max of /a/b "
                               "allows 6\n"
                               "  holds     pid 4242: 1 more thread fits\n\npid 4242: "));
  EXPECT_THAT(text, testing::EndsWith("\nverdict: exceeded: 1 of 2 targets have the room that they "
                                      "need\n"));
}

}  // namespace
}  // namespace ceiling::test
