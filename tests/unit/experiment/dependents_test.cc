// Clients that depend on the stream, and what an arm expects of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/experiment/experiment.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string file_with(const std::string& clients, const std::string& arm = "expect: outage",
                      const std::string& limits = "{pids.max: 24}") {
  return "experiment: small\n"
         "fleet: {start: 4, end: 9}\n"
         "streams: [{name: orders, shards: 4}]\n"
         "clients: [" +
         clients +
         "]\n"
         "limits: " +
         limits +
         "\n"
         "arms: [{name: one, " +
         arm + "}]\n";
}

std::vector<std::string> findings_of(const std::string& text,
                                     const std::vector<std::string>& overrides = {}) {
  std::vector<std::string> lines;
  try {
    parse_experiment(text, "f", overrides);
  } catch (const BadInput& bad) {
    for (const Finding& finding : bad.findings()) {
      lines.push_back(std::to_string(finding.line) + ":" + std::to_string(finding.column) + ": " +
                      finding.text);
    }
  }
  return lines;
}

constexpr const char* kBlocking = "{kind: blocking-buffer, rate_per_s: 50, buffer: 200}";

TEST(Dependents, EveryKindIsReadWithItsOwnKeys) {
  const Experiment read = parse_experiment(
      file_with("{kind: canary, rate_per_s: 10}, " + std::string(kBlocking) +
                    ", {kind: unbounded-buffer, rate_per_s: 5, memory_max: 32M, record_bytes: 64}"
                    ", {kind: drop-oldest, rate_per_s: 6, buffer: 7}"
                    ", {kind: alarm-on-missing-data, missing_after_ms: 500}"
                    ", {kind: status-page, login: drop-oldest}",
                "hold_s: 12, dependents: {drop-oldest: degraded, status-page: unaffected}"),
      "f");
  ASSERT_EQ(read.clients.size(), 6U);
  EXPECT_EQ(dependents_of(read.clients).size(), 5U);
  EXPECT_EQ(read.clients[1].buffer, 200);
  EXPECT_EQ(read.clients[1].record_bytes, 1000) << "unless it is said";
  EXPECT_EQ(read.clients[2].memory_max, 32 << 20);
  EXPECT_EQ(read.clients[2].record_bytes, 64);
  EXPECT_EQ(read.clients[4].missing_after_ms, 500);
  EXPECT_EQ(read.clients[5].login, "drop-oldest");
  EXPECT_EQ(read.arms[0].hold_s, 12);
  EXPECT_EQ(read.arms[0].dependents,
            (ExpectedDependents{{"drop-oldest", DependentOutcome::degraded},
                                {"status-page", DependentOutcome::unaffected}}));
}

TEST(Dependents, AreOverriddenByTheirKind) {
  const Experiment read =
      parse_experiment(file_with(kBlocking, "hold_s: 1, dependents: {blocking-buffer: down}"), "f",
                       {"clients.blocking-buffer.buffer=9",
                        "arms.one.dependents.blocking-buffer=unaffected", "arms.one.hold_s=2"});
  EXPECT_EQ(read.clients[0].buffer, 9);
  EXPECT_EQ(read.arms[0].dependents.at("blocking-buffer"), DependentOutcome::unaffected);
  EXPECT_EQ(read.arms[0].hold_s, 2);
}

TEST(Dependents, AnUnknownKindIsNamed) {
  EXPECT_THAT(findings_of(file_with("{kind: blocking-bufer, rate_per_s: 50, buffer: 200}")),
              ElementsAre("4:18: clients.blocking-bufer.kind: found \"blocking-bufer\", expected "
                          "one of: canary, blocking-buffer, unbounded-buffer, drop-oldest, "
                          "alarm-on-missing-data, status-page; nearest: blocking-buffer"));
}

TEST(Dependents, AKeyThatItsKindHasNotIsNamed) {
  EXPECT_THAT(findings_of(file_with("{kind: canary, rate_per_s: 1, buffer: 3}")),
              ElementsAre("4:41: clients.canary.buffer: found a key that canary has not, expected "
                          "kind, rate_per_s"));
  EXPECT_THAT(
      findings_of(file_with("{kind: alarm-on-missing-data, missing_after_ms: 500, rate_per_s: 1}")),
      ElementsAre(HasSubstr("clients.alarm-on-missing-data.rate_per_s: found a key that "
                            "alarm-on-missing-data has not, expected kind, missing_after_ms")));
}

TEST(Dependents, AKeyThatItsKindNeedsIsNamed) {
  EXPECT_THAT(findings_of(file_with("{kind: drop-oldest}")),
              ElementsAre(HasSubstr("clients.drop-oldest.rate_per_s: found no such key, expected "
                                    "an integer from 1 to 100000"),
                          HasSubstr("clients.drop-oldest.buffer: found no such key, expected an "
                                    "integer from 2 to 1000000")));
  EXPECT_THAT(findings_of(file_with("{kind: unbounded-buffer, rate_per_s: 1}")),
              ElementsAre(HasSubstr("clients.unbounded-buffer.memory_max: found no such key, "
                                    "expected an integer from 8388608 to 1099511627776 bytes")));
  EXPECT_THAT(findings_of(file_with("{kind: status-page}")),
              ElementsAre(HasSubstr("clients.status-page.login: found no such key")));
}

TEST(Dependents, AValueOutOfItsRangeIsNamed) {
  const auto refused = [](const std::string& client, const std::string& text) {
    EXPECT_THAT(findings_of(file_with(client)), ElementsAre(HasSubstr(text))) << client;
  };
  refused("{kind: drop-oldest, rate_per_s: 0, buffer: 3}", ".rate_per_s: found 0");
  refused("{kind: drop-oldest, rate_per_s: 1, buffer: 1}", ".buffer: found 1");
  refused("{kind: drop-oldest, rate_per_s: 1, buffer: 3, record_bytes: 65537}",
          ".record_bytes: found 65537, expected an integer from 1 to 65536");
  refused("{kind: unbounded-buffer, rate_per_s: 1, memory_max: 1M}", ".memory_max: found \"1M\"");
  refused("{kind: unbounded-buffer, rate_per_s: 1, memory_max: [1]}", ".memory_max: found a list");
  refused("{kind: alarm-on-missing-data, missing_after_ms: 99}", ".missing_after_ms: found 99");
}

TEST(Dependents, ALoginAtADependentThatIsNotThereIsNamedWithTheNearest) {
  EXPECT_THAT(
      findings_of(
          file_with(std::string(kBlocking) + ", {kind: status-page, login: bloking-buffer}")),
      ElementsAre(
          "4:92: clients.status-page.login: found \"bloking-buffer\", which is no dependent "
          "here that takes logins; expected one of: blocking-buffer; nearest: "
          "blocking-buffer"));
  EXPECT_THAT(findings_of(file_with("{kind: canary, rate_per_s: 1}, {kind: status-page, login: "
                                    "canary}")),
              ElementsAre(HasSubstr("found \"canary\", which is no dependent here that takes "
                                    "logins; the experiment has none")));
}

TEST(Dependents, AnExpectationOfOneThatIsNotThereIsNamed) {
  EXPECT_THAT(findings_of(file_with(kBlocking, "dependents: {drop-oldest: down}")),
              ElementsAre("6:33: arms.one.dependents.drop-oldest: found an expectation of a "
                          "dependent that is not there, expected one of: blocking-buffer; nearest: "
                          "blocking-buffer"));
  EXPECT_THAT(findings_of(file_with(kBlocking, "dependents: {bloking-buffer: down}")),
              ElementsAre(HasSubstr("found the unknown key \"bloking-buffer\", nearest known key: "
                                    "blocking-buffer")));
  EXPECT_THAT(findings_of(file_with(kBlocking, "dependents: {blocking-buffer: dwn}")),
              ElementsAre(HasSubstr("expected one of: unaffected, degraded, down, killed; nearest: "
                                    "down")));
}

TEST(Dependents, ThoseThatAreToBeBackAreReadAndOneThatIsNotThereIsNamed) {
  const auto back = [](const std::string& kinds) {
    return file_with(std::string(kBlocking) + ", {kind: status-page, login: blocking-buffer}",
                     "recovery: {strategy: all-at-once, expect_back: " + kinds + "}");
  };
  const Experiment read = parse_experiment(back("[status-page, blocking-buffer]"), "f");
  EXPECT_THAT(read.arms.at(0).recovery.value().expect_back,
              ElementsAre("status-page", "blocking-buffer"));
  EXPECT_THAT(findings_of(back("[drop-oldest]")),
              ElementsAre("6:68: arms.one.recovery.expect_back: found \"drop-oldest\", which is no "
                          "dependent here; expected one of: blocking-buffer, status-page; nearest: "
                          "status-page"));
  EXPECT_THAT(findings_of(back("[status-page, status-page]")),
              ElementsAre(HasSubstr("expect_back: found \"status-page\" again, expected it once")));
  EXPECT_THAT(findings_of(back("status-page")),
              ElementsAre(HasSubstr("expect_back: found \"status-page\", expected a list")));
}

TEST(Dependents, AHoldIsBounded) {
  for (const char* seconds : {"-1", "601", "soon"}) {
    EXPECT_THAT(findings_of(file_with(kBlocking, std::string("hold_s: ") + seconds)),
                ElementsAre(HasSubstr("arms.one.hold_s: found")))
        << seconds;
  }
}

TEST(Dependents, DoNotGoWithALimitOfTheHost) {
  EXPECT_THAT(findings_of(file_with(kBlocking, "expect: any", "{kernel.threads-max: 900}")),
              ElementsAre(HasSubstr("5:30: limits.kernel.threads-max: found a limit of the whole "
                                    "host beside dependents")));
}

}  // namespace
}  // namespace ceiling
