#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "harness/experiment/experiment.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// A good file, line by line; a test replaces one or more lines.
std::string file_with(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::string text = R"(experiment: small
fleet: {start: 4, end: 9}
streams: [{name: orders, shards: 4}]
clients: [{kind: canary, rate_per_s: 10}]
limits: {pids.max: 24}
arms:
  - {name: unguarded, expect: outage}
)";
  for (const auto& [from, to] : changes) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) throw std::logic_error("no such line: " + from);
    text.replace(at, from.size(), to);
  }
  return text;
}

std::vector<std::string> findings_of(std::string_view text,
                                     const std::vector<std::string>& overrides = {}) {
  try {
    parse_experiment(text, "f", overrides);
  } catch (const BadInput& bad) {
    const std::string what = bad.what();
    std::vector<std::string> lines;
    for (std::size_t from = 0; from <= what.size();) {
      const std::size_t end = std::min(what.find('\n', from), what.size());
      lines.push_back(what.substr(from, end - from));
      from = end + 1;
    }
    EXPECT_EQ(lines.size(), bad.findings().size());
    return lines;
  }
  return {};
}

std::vector<std::string> changed(const std::string& from, const std::string& to) {
  return findings_of(file_with({{from, to}}));
}

std::vector<std::string> overridden(const std::string& text) {
  return findings_of(file_with({}), {text});
}

TEST(BadInput, SaysEverythingAtOnceInTheOrderOfTheFile) {
  const std::string text = file_with({{"experiment: small", "experiment: Small"},
                                      {"start: 4", "strat: 4"},
                                      {"shards: 4", "shards: many"},
                                      {"rate_per_s: 10", "rate_per_s: -1"},
                                      {"pids.max: 24", "pids.max: 0"},
                                      {"expect: outage", "expect: outrage"}});
  EXPECT_THAT(
      findings_of(text, {"bakends=2"}),
      ElementsAre(
          "f: --set bakends: found the unknown key \"bakends\", nearest known key: backends",
          "f:1:13: experiment: found \"Small\", expected a name of a-z, 0-9 and -, at most 40 long",
          "f:2:8: fleet.start: found no such key, expected an integer from 1 to 10000",
          "f:2:9: fleet: found the unknown key \"strat\", nearest known key: start",
          "f:3:34: streams.orders.shards: found \"many\", expected an integer from 1 to 10000",
          "f:4:38: clients.canary.rate_per_s: found -1, expected an integer from 1 to 100000",
          "f:5:20: limits.pids.max: found 0, expected an integer from 1 to 4194304, or max for no "
          "limit",
          "f:7:31: arms.unguarded.expect: found \"outrage\", expected one of: outage, contained, "
          "prevented, not-reached, unknown, any; nearest: outage"));
}

TEST(BadInput, GoodFileHasNoFindings) {
  EXPECT_THAT(findings_of(file_with({})), ElementsAre());
}

TEST(BadInput, SizesThatAreNoneAreRefused) {
  for (const char* size :
       {"64m", "64MB", "-1M", "1.5G", "M", "0x10M", "9999999T", "\"64M\"", "0"}) {
    EXPECT_THAT(changed("{pids.max: 24}", std::string("{RLIMIT_AS: ") + size + "}"),
                ElementsAre(HasSubstr("expected an integer from 1 to 9007199254740992 bytes (64M, "
                                      "1G), or max for no limit")))
        << size;
  }
  EXPECT_THAT(changed("{pids.max: 24}", "{pids.max: 24K}"),
              ElementsAre(HasSubstr("limits.pids.max: found \"24K\"")));
}

TEST(BadInput, AProcesssOwnLimitCannotBeShared) {
  EXPECT_THAT(
      changed("{pids.max: 24}", "{scope: fleet, RLIMIT_AS: 1G}"),
      ElementsAre("f:5:35: limits.RLIMIT_AS: found scope fleet with RLIMIT_AS, which counts each "
                  "process by itself; expected scope frontend"));
  EXPECT_THAT(changed("expect: outage}", "limits: {scope: fleet, RLIMIT_NOFILE: 64}}"),
              ElementsAre(HasSubstr("arms.unguarded.limits.RLIMIT_NOFILE: found scope fleet")));
  EXPECT_THAT(findings_of(file_with({{"{pids.max: 24}", "{RLIMIT_DATA: 1G}"},
                                     {"expect: outage}", "limits: {scope: fleet}}"}})),
              ElementsAre(HasSubstr("arms.unguarded.limits.scope: found scope fleet with")));
  EXPECT_THAT(changed("{pids.max: 24}", "{scope: fleet, memory.max: 1G, RLIMIT_NPROC: 9}"),
              ElementsAre());
}

TEST(BadInput, MembersThatNoFleetHasAreNamedWithTheNearest) {
  const auto drifted = [](const std::string& overrides) {
    return changed("{pids.max: 24}", "{overrides: " + overrides + "}");
  };
  EXPECT_THAT(
      drifted("{frontent-3: {pids.max: 20}}"),
      ElementsAre("f:5:22: limits.overrides.frontent-3: found the unknown member "
                  "\"frontent-3\", expected frontend-1 to frontend-9; nearest: frontend-3"));
  EXPECT_THAT(drifted("{frontend-10: {pids.max: 20}}"),
              ElementsAre(HasSubstr("nearest: frontend-1")));
  EXPECT_THAT(drifted("{frontend-0: {pids.max: 20}}"), ElementsAre(HasSubstr("unknown member")));
  EXPECT_THAT(
      drifted("{frontend-3: {pids.mx: 20}}"),
      ElementsAre(HasSubstr("limits.overrides.frontend-3: found the unknown key \"pids.mx\", "
                            "nearest known key: pids.max")));
  EXPECT_THAT(drifted("{frontend-3: {kernel.pid_max: 400}}"),
              ElementsAre(HasSubstr("found the unknown key \"kernel.pid_max\"")));
  EXPECT_THAT(drifted("{frontend-3: {pids.max: 0}}"),
              ElementsAre(HasSubstr("limits.overrides.frontend-3.pids.max: found 0")));
  EXPECT_THAT(drifted("{frontend-3: 20}"), ElementsAre(HasSubstr("found 20, expected a map")));
  EXPECT_THAT(drifted("[frontend-3]"),
              ElementsAre(HasSubstr("limits.overrides: found a list, expected a map")));
  EXPECT_THAT(drifted("{frontend-3: {pids.max: 9}, frontend-3: {pids.max: 8}}"),
              ElementsAre(HasSubstr("found the key \"frontend-3\" again")));
  EXPECT_THAT(overridden("limits.overrides.frontend-30.pids.max=20"),
              ElementsAre(HasSubstr("--set limits.overrides.frontend-30.pids.max: "
                                    "limits.overrides.frontend-30: found the unknown member")));
  EXPECT_THAT(changed("{pids.max: 24}", "{scope: fleet, overrides: {frontend-3: {pids.max: 20}}}"),
              ElementsAre(HasSubstr("limits.overrides: found overrides with scope fleet, expected "
                                    "scope frontend")));
}

TEST(BadInput, MissingKeysAreNamed) {
  EXPECT_THAT(findings_of("description: x\n"),
              ElementsAre("f:1:1: experiment: found no such key, expected text",
                          "f:1:1: streams: found no such key, expected a list",
                          "f:1:1: fleet: found no such key, expected a map",
                          "f:1:1: arms: found no such key, expected a list"));
  EXPECT_THAT(changed("{start: 4, end: 9}", "{}"),
              ElementsAre(HasSubstr("fleet.start: found no such key"),
                          HasSubstr("fleet.end: found no such key")));
  EXPECT_THAT(changed("{kind: canary, rate_per_s: 10}", "{}"),
              ElementsAre(HasSubstr("clients[0].kind: found no such key"),
                          HasSubstr("clients[0].rate_per_s: found no such key")));
  EXPECT_THAT(changed("{name: orders, shards: 4}", "{name: orders}"),
              ElementsAre(HasSubstr("streams.orders.shards: found no such key")));
}

TEST(BadInput, UnknownKeysComeWithTheNearest) {
  const auto nearest = [](const std::string& from, const std::string& to) {
    const auto lines = changed(from, to);
    const std::size_t at = lines.at(0).rfind(": ");
    return lines.at(0).substr(at + 2);
  };
  EXPECT_EQ(nearest("limits:", "limit:"), "limits");
  EXPECT_EQ(nearest("pids.max", "pid.max"), "pids.max");
  EXPECT_EQ(nearest("pids.max", "rlimit_nproc"), "RLIMIT_NPROC");
  EXPECT_EQ(nearest("pids.max", "RLIMIT_FILES"), "RLIMIT_NOFILE");
  EXPECT_EQ(nearest("expect", "expects"), "expect");
  EXPECT_EQ(nearest("end: 9", "end: 9, thread_per_peer: 2"), "threads_per_peer");
  EXPECT_EQ(nearest("shards: 4", "shards: 4, nam: x"), "name");
  EXPECT_EQ(nearest("rate_per_s: 10", "rate_per_s: 10, rate: 10"), "kind");
  EXPECT_EQ(nearest("experiment: small", "experiment: small\n<<: {}"), "arms");
}

TEST(BadInput, DuplicateKeysArmsStreamsAndGuardrailsAreRefused) {
  EXPECT_THAT(
      changed("limits:", "fleet: {start: 4, end: 9}\nlimits:"),
      ElementsAre("f:5:1: found the key \"fleet\" again, expected it once: first in line 2"));
  EXPECT_THAT(changed("end: 9", "end: 9, start: 5"),
              ElementsAre(HasSubstr("fleet: found the key \"start\" again")));
  EXPECT_THAT(changed("  - {name: unguarded, expect: outage}",
                      "  - {name: a}\n  - {name: b}\n  - {name: a}"),
              ElementsAre("f:9:12: arms.a.name: found \"a\" again, expected another name than in "
                          "line 7"));
  EXPECT_THAT(changed("shards: 4}", "shards: 4}, {name: orders, shards: 1}"),
              ElementsAre(HasSubstr("streams.orders.name: found \"orders\" again")));
  EXPECT_THAT(changed("expect: outage", "guardrails: [staged-build, staged-build]"),
              ElementsAre(HasSubstr("guardrails: found \"staged-build\" again")));
}

TEST(BadInput, NumbersHaveBounds) {
  const auto refused = [](const std::string& from, const std::string& to) {
    const auto lines = changed(from, to);
    return lines.size() == 1 && lines[0].find("expected an integer from") != std::string::npos;
  };
  EXPECT_TRUE(refused("start: 4", "start: 0"));
  EXPECT_TRUE(refused("start: 4", "start: -4"));
  EXPECT_TRUE(refused("end: 9", "end: 10001"));
  EXPECT_TRUE(refused("end: 9", "end: 99999999999999999999999999"));
  EXPECT_TRUE(refused("end: 9", "end: -99999999999999999999999999"));
  EXPECT_TRUE(refused("end: 9", "end: 9, step: 0"));
  EXPECT_TRUE(refused("end: 9", "end: 9, threads_per_peer: 0"));
  EXPECT_TRUE(refused("end: 9", "end: 9, threads_per_peer: 65"));
  EXPECT_TRUE(refused("limits:", "backends: 0\nlimits:"));
  EXPECT_TRUE(refused("limits:", "backends: 65\nlimits:"));
  EXPECT_TRUE(refused("shards: 4", "shards: 0"));
  EXPECT_TRUE(refused("shards: 4", "shards: 10001"));
  EXPECT_TRUE(refused("rate_per_s: 10", "rate_per_s: 100001"));
  EXPECT_TRUE(refused("pids.max: 24", "pids.max: 4194305"));
  EXPECT_TRUE(refused("pids.max: 24", "RLIMIT_NPROC: -1"));

  EXPECT_THAT(
      changed("start: 4, end: 9", "start: 1, end: 10000, step: 10000, threads_per_peer: 64"),
      ElementsAre());
  EXPECT_THAT(changed("shards: 4", "shards: 10000"), ElementsAre());
  EXPECT_THAT(changed("rate_per_s: 10", "rate_per_s: 100000"), ElementsAre());
  EXPECT_THAT(changed("pids.max: 24", "pids.max: 1"), ElementsAre());
}

TEST(BadInput, ShardsAreCountedOverAllStreams) {
  EXPECT_THAT(changed("shards: 4}", "shards: 9000}, {name: b, shards: 1001}"),
              ElementsAre(HasSubstr("streams: found 10001 shards, expected at most 10000")));
}

TEST(BadInput, OnlyPlainDecimalIntegersAreNumbers) {
  for (const char* text : {"four", "'4'", "4.0", "0x4", "04", "+4", "4_0", "1e1", "[4]", "{a: 4}",
                           "true", "''", "-", "4 5"}) {
    const auto lines = changed("start: 4", std::string("start: ") + text);
    ASSERT_EQ(lines.size(), 1U) << text;
    EXPECT_THAT(lines[0], HasSubstr("fleet.start: found ")) << text;
    EXPECT_THAT(lines[0], HasSubstr("expected an integer from 1 to 10000")) << text;
  }
  EXPECT_THAT(
      changed("start: 4", "start: "),
      ElementsAre("f:2:9: fleet.start: found nothing, expected an integer from 1 to 10000"));
}

TEST(BadInput, TypesMustFit) {
  EXPECT_THAT(changed("fleet: {start: 4, end: 9}", "fleet: 4"),
              ElementsAre("f:2:8: fleet: found 4, expected a map"));
  EXPECT_THAT(changed("limits: {pids.max: 24}", "limits: [24]"),
              ElementsAre("f:5:9: limits: found a list, expected a map"));
  EXPECT_THAT(changed("limits: {pids.max: 24}", "limits:"),
              ElementsAre("f:5:1: limits: found nothing, expected a map"));
  EXPECT_THAT(changed("streams: [{name: orders, shards: 4}]", "streams: orders"),
              ElementsAre("f:3:10: streams: found \"orders\", expected a list"));
  EXPECT_THAT(
      changed("{name: orders, shards: 4}", "orders"),
      ElementsAre("f:3:11: streams[0]: found \"orders\", expected a map with the keys name, "
                  "shards"));
  EXPECT_THAT(changed("name: unguarded", "name: [unguarded]"),
              ElementsAre("f:7:12: arms[0].name: found a list, expected text"));
  EXPECT_THAT(changed("expect: outage", "guardrails: staged-build"),
              ElementsAre(HasSubstr("guardrails: found \"staged-build\", expected a list")));
  EXPECT_THAT(changed("limits:", "description: {a: b}\nlimits:"),
              ElementsAre(HasSubstr("description: found a map, expected text")));
  EXPECT_THAT(changed("expect: outage", "limits: 3"),
              ElementsAre(HasSubstr("arms.unguarded.limits: found 3, expected a map")));
}

TEST(BadInput, EmptyListsAreNoExperiment) {
  EXPECT_THAT(changed("arms:\n  - {name: unguarded, expect: outage}", "arms: []"),
              ElementsAre("f:6:7: arms: found an empty list, expected at least one"));
  EXPECT_THAT(changed("[{name: orders, shards: 4}]", "[]"),
              ElementsAre(HasSubstr("streams: found an empty list, expected at least one")));
  EXPECT_THAT(changed("[{kind: canary, rate_per_s: 10}]", "[]"), ElementsAre());
}

TEST(BadInput, TooManyArmsAreRefused) {
  std::string arms = "arms:";
  for (int i = 0; i < 65; ++i) arms += "\n  - {name: a" + std::to_string(i) + "}";
  EXPECT_THAT(changed("arms:\n  - {name: unguarded, expect: outage}", arms),
              ElementsAre(HasSubstr("arms: found 65 arms, expected at most 64")));
}

TEST(BadInput, TheEndIsNotBelowTheStart) {
  EXPECT_THAT(changed("end: 9", "end: 3"),
              ElementsAre("f:2:24: fleet.end: found an end of 3 below the start of 4, expected at "
                          "least the start"));
  EXPECT_THAT(changed("end: 9", "end: 4"), ElementsAre());
  EXPECT_THAT(changed("expect: outage", "fleet: {end: 3}"),
              ElementsAre(HasSubstr("arms.unguarded.fleet.end: found an end of 3 below")));
  EXPECT_THAT(changed("expect: outage", "fleet: {start: 10}"),
              ElementsAre(HasSubstr("arms.unguarded.fleet.start: found an end of 9 below the start "
                                    "of 10")));
}

TEST(BadInput, NamesMustBeGoodForFilesAndGroups) {
  for (const char* name : {"Orders", "a b", "a/b", "..", ".", "''", "-a", "a_b", "ä", "a\\n",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_THAT(changed("name: unguarded", std::string("name: ") + name),
                ElementsAre(HasSubstr("expected a name of a-z, 0-9 and -, at most 40 long")))
        << name;
  }
  EXPECT_THAT(changed("name: unguarded", "name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
              ElementsAre());
  EXPECT_THAT(changed("experiment: small", "experiment: 2020-11-25"), ElementsAre());
}

TEST(BadInput, APidNamespaceHasOneLimit) {
  EXPECT_THAT(changed("{pids.max: 24}", "{scope: pid-namespace, kernel.pid_max: 400}"),
              ElementsAre());
  EXPECT_THAT(
      changed("{pids.max: 24}", "{scope: pid-namespace, pids.max: 24}"),
      ElementsAre(HasSubstr("limits.scope: found scope pid-namespace with pids.max, expected "
                            "kernel.pid_max alone")));
  EXPECT_THAT(changed("{pids.max: 24}", "{scope: pid-namespace}"),
              ElementsAre(HasSubstr("limits.scope: found scope pid-namespace without a limit")));
  EXPECT_THAT(
      findings_of(
          file_with({{"{pids.max: 24}", "{scope: pid-namespace, kernel.pid_max: 400}"},
                     {"expect: outage}", "expect: outage, limits: {kernel.pid_max: max}}"}})),
      ElementsAre(HasSubstr("arms.unguarded.limits.scope: found scope pid-namespace without "
                            "a limit")));
  EXPECT_THAT(changed("{pids.max: 24}",
                      "{scope: pid-namespace, kernel.pid_max: 400, overrides: "
                      "{frontend-3: {pids.max: 20}}}"),
              ElementsAre(HasSubstr("found overrides with scope pid-namespace")));
}

TEST(BadInput, UnknownWordsComeWithTheNearest) {
  EXPECT_THAT(changed("expect: outage", "guardrails: [stage-build]"),
              ElementsAre("f:7:36: arms.unguarded.guardrails: found \"stage-build\", expected one "
                          "of: staged-build, authoritative-bootstrap, admission, alarm, multiplex, "
                          "cells, cache-fleet; nearest: staged-build"));
  EXPECT_THAT(changed("expect: outage", "guardrails: [[staged-build]]"),
              ElementsAre(HasSubstr("guardrails: found a list, expected one of: staged-build")));
  EXPECT_THAT(changed("kind: canary", "kind: canaries"),
              ElementsAre(HasSubstr("kind: found \"canaries\", expected one of: canary")));
  EXPECT_THAT(changed("pids.max: 24", "scope: fleets"),
              ElementsAre(HasSubstr("limits.scope: found \"fleets\", expected one of: frontend, "
                                    "fleet, pid-namespace; nearest: fleet")));
}

TEST(BadInput, OverridesAreRefusedByTheirOwnName) {
  EXPECT_THAT(overridden("limits.pids.max=many"),
              ElementsAre("f: --set limits.pids.max: found \"many\", expected an "
                          "integer from 1 to 4194304, or max for no limit"));
  EXPECT_THAT(overridden("limits.pid.max=3"),
              ElementsAre("f: --set limits.pid.max: found the unknown key \"pid.max\", nearest "
                          "known key: pids.max"));
  EXPECT_THAT(overridden("arms.guarded.expect=outage"),
              ElementsAre("f: --set arms.guarded.expect: found no \"guarded.expect\" in arms, "
                          "expected one of: unguarded"));
  EXPECT_THAT(
      overridden("fleet.start.x=3"),
      ElementsAre("f: --set fleet.start.x: found \"x\" below start, expected nothing there"));
  EXPECT_THAT(overridden("fleet.end=3"),
              ElementsAre(HasSubstr("--set fleet.end: found an end of 3 below")));
  EXPECT_THAT(overridden("backends=[1"),
              ElementsAre(StartsWith("f: --set backends: found bad YAML")));
  EXPECT_THAT(overridden("backends=*a"),
              ElementsAre(StartsWith("f: --set backends: found bad YAML")));
  EXPECT_THAT(overridden("backends="),
              ElementsAre("f: --set backends: found nothing, expected an integer from 1 "
                          "to 64"));
  EXPECT_THAT(overridden("limits={pids.max: 3, x: 4}"),
              ElementsAre("f: --set limits: found the unknown key \"x\", nearest known key: "
                          "scope"));
  for (const char* text : {"", "=", "backends", "=3", "fleet.=3"}) {
    EXPECT_THAT(overridden(text), ElementsAre(HasSubstr("expected key=value"))) << text;
  }
  for (const char* text : {".=3", "..=3", "arms=3", "arms.unguarded=3", "arms..name=x"}) {
    EXPECT_FALSE(overridden(text).empty()) << text;
  }
}

TEST(BadInput, OverridesOfAFileThatIsNoMapAreRefused) {
  EXPECT_THAT(
      findings_of("- a\n", {"backends=2"}),
      ElementsAre("f: --set backends: found no map to lay it over",
                  StartsWith("f:1:1: found a list, expected a map with the keys experiment")));
  EXPECT_THAT(
      findings_of(file_with({{"limits: {pids.max: 24}", "limits: 3"}}), {"limits.scope=fleet"}),
      ElementsAre("f: --set limits.scope: found no map to lay it over",
                  "f:5:9: limits: found 3, expected a map"));
}

TEST(BadYaml, IsPlaced) {
  EXPECT_THAT(findings_of("experiment: [a\nfleet: }"), ElementsAre(StartsWith("f:2:")));
  EXPECT_THAT(findings_of("a: b: c\n"), ElementsAre(StartsWith("f:1:")));
  EXPECT_THAT(findings_of(""), ElementsAre(HasSubstr("found nothing, expected a map")));
  EXPECT_THAT(findings_of("# nothing\n"), ElementsAre(HasSubstr("found nothing, expected a map")));
  EXPECT_THAT(findings_of("just text"), ElementsAre(HasSubstr("found \"just text\"")));
}

TEST(BadYaml, MoreThanOneDocumentIsRefused) {
  EXPECT_THAT(findings_of(file_with({}) + "---\n" + file_with({})),
              ElementsAre(HasSubstr("found a second document, expected one")));
  EXPECT_THAT(findings_of("---\n" + file_with({}) + "...\n"), ElementsAre());
}

TEST(BadYaml, AnchorsAliasesAndTagsAreRefusedOnceEach) {
  EXPECT_THAT(changed("fleet: {start: 4, end: 9}", "fleet: &f {start: 4, end: 9}"),
              ElementsAre(HasSubstr("found an anchor")));
  EXPECT_THAT(changed("{start: 4, end: 9}", "{start: &a 4, end: *a}"),
              ElementsAre(HasSubstr("found an anchor"), HasSubstr("found an alias")));
  EXPECT_THAT(changed("start: 4", "start: !!int 4"), ElementsAre(HasSubstr("found the tag")));
  EXPECT_THAT(changed("limits:", "? [a, b]\n: c\nlimits:"),
              ElementsAre(HasSubstr("found a key that is not text")));
}

TEST(BadYaml, CharactersThatAreNoTextAreRefused) {
  const auto refused = [](const std::string& bytes) {
    return findings_of("experiment: " + bytes + "\n");
  };
  for (const char* bytes :
       {"\xff", "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3"}) {
    EXPECT_THAT(refused(bytes),
                ElementsAre("f:1:13: found bytes that are not UTF-8, expected text"));
  }
  EXPECT_THAT(refused(std::string("a\0b", 3)),
              ElementsAre("f:1:14: found a control character, expected text"));
  EXPECT_THAT(findings_of("fleet:\n\tstart: 4\n"),
              ElementsAre("f:2:1: found a tab in the indentation, expected spaces"));
  EXPECT_THAT(findings_of(std::string("\xff\xfe"
                                      "e\0",
                                      4)),
              ElementsAre(HasSubstr("not UTF-8")));
  EXPECT_THAT(changed("limits:", "description: größer ≥ 𝄞\tx\nlimits:"), ElementsAre());
}

TEST(BadYaml, FindingsStayOneShortLineEach) {
  const auto lines =
      changed("name: unguarded", "name: \"a\\nb\\e[31m" + std::string(500, 'x') + "\"");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("found \"a?b?[31mxxx"));
  EXPECT_LT(lines[0].size(), 250U);
}

/// Every hostile megabyte is refused in a blink, not read to its end.
class Hostile : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Hostile, MegabyteIsRefusedQuickly) {
  std::string text = "experiment: ";
  const std::string unit = GetParam().second;
  while (text.size() + unit.size() <= 1024 * 1024) text += unit;
  const auto started = std::chrono::steady_clock::now();
  EXPECT_FALSE(findings_of(text).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Hostile,
    testing::Values(std::pair{"Lists", "["}, std::pair{"Maps", "{"}, std::pair{"Keys", "{a: "},
                    std::pair{"Pairs", "\na: b"}, std::pair{"Dashes", "\n- - - a"},
                    std::pair{"Aliases", "\na: *a"}, std::pair{"Quotes", "\"a\" "},
                    std::pair{"Items", "\n- a"}, std::pair{"Questions", "? "},
                    std::pair{"Spaces", " "}, std::pair{"Letters", "a"},
                    std::pair{"Newlines", "\n"}, std::pair{"Documents", "\n--- a"},
                    std::pair{"Comments", "\n#a"}, std::pair{"Anchors", "&a [*a,"},
                    std::pair{"Commas", "[a,"}, std::pair{"Tags", "!a "}, std::pair{"Colons", ":"}),
    [](const auto& text) { return std::string(text.param.first); });

TEST(HostileText, MoreThanAMegabyteIsNotReadAtAll) {
  EXPECT_THAT(findings_of(file_with({}) + std::string(1024 * 1024, '\n')),
              ElementsAre(HasSubstr("bytes, expected at most 1048576")));
  EXPECT_THAT(findings_of(std::string(100U * 1024 * 1024, 'x')),
              ElementsAre("f: found 104857600 bytes, expected at most 1048576"));
}

TEST(HostileText, NestingIsBounded) {
  std::string text = "experiment: ";
  for (int i = 0; i < 20; ++i) text += "[";
  for (int i = 0; i < 20; ++i) text += "]";
  EXPECT_THAT(findings_of(text), ElementsAre(HasSubstr("found a value nested 16 deep")));
}

/// The arm with these guardrails and this expectation, under these limits.
std::vector<std::string> guarded(const std::string& arm, const std::string& limits) {
  return findings_of(file_with({{"{pids.max: 24}", limits}, {"expect: outage", arm}}));
}

TEST(BadInput, GuardrailsThatReadTheRoomNeedALimitThatCanBeRead) {
  EXPECT_THAT(guarded("guardrails: [alarm]", "{}"),
              ElementsAre("f:7:35: arms.unguarded.guardrails: found alarm in an arm without a "
                          "limit, expected one of: pids.max, RLIMIT_NPROC, RLIMIT_AS, "
                          "RLIMIT_NOFILE"));
  EXPECT_THAT(guarded("guardrails: [admission]", "{memory.max: 1G}"),
              ElementsAre(HasSubstr("found admission with memory.max, which a frontend cannot read "
                                    "to the last thread; expected one of: pids.max,")));
}

TEST(BadInput, GuardrailsThatContradictWhatIsExpectedAreRefused) {
  EXPECT_THAT(guarded("guardrails: [admission], expect: outage", "{pids.max: 24}"),
              ElementsAre(HasSubstr("found admission in an arm that expects outage, expected "
                                    "prevented, contained, not-reached or any")));
  EXPECT_THAT(
      guarded("expect: prevented", "{pids.max: 24}"),
      ElementsAre(HasSubstr("found no admission, multiplex, cells or cache-fleet in an arm that "
                            "expects prevented")));
  EXPECT_THAT(guarded("guardrails: [admission, alarm], expect: prevented", "{pids.max: 24}"),
              ElementsAre());
}

TEST(BadInput, WhatReshapesTheFleetNeedsItsNumber) {
  EXPECT_THAT(guarded("guardrails: [multiplex]", "{pids.max: 24}"),
              ElementsAre(HasSubstr("found multiplex without fleet.thread_budget")));
  EXPECT_THAT(guarded("guardrails: [cells]", "{pids.max: 24}"),
              ElementsAre(HasSubstr("found cells without fleet.cells")));
  EXPECT_THAT(guarded("fleet: {thread_budget: 5}", "{pids.max: 24}"),
              ElementsAre(HasSubstr("fleet.thread_budget: found a budget for an arm without the "
                                    "guardrail multiplex")));
  EXPECT_THAT(guarded("fleet: {cells: 2}", "{pids.max: 24}"),
              ElementsAre(HasSubstr("fleet.cells: found cells for an arm without the guardrail "
                                    "cells")));
  EXPECT_THAT(guarded("guardrails: [cells], fleet: {cells: 1}", "{pids.max: 24}"),
              Contains(HasSubstr("fleet.cells: found 1, expected an integer from 2 to 1000")));
  EXPECT_THAT(guarded("guardrails: [multiplex], fleet: {thread_budget: -1}", "{pids.max: 24}"),
              Contains(HasSubstr("fleet.thread_budget: found -1, expected an integer from 0 to "
                                 "100000")));
}

TEST(BadInput, AFleetWithoutPeersLeavesNothingToWhatIsAboutPeers) {
  EXPECT_THAT(guarded("guardrails: [cache-fleet, staged-build], expect: prevented, "
                      "fleet: {cache_servers: 3}",
                      "{pids.max: 24}"),
              ElementsAre());
  EXPECT_THAT(guarded("fleet: {cache_servers: 2}", "{pids.max: 24}"),
              ElementsAre(HasSubstr("fleet.cache_servers: found cache servers for an arm without "
                                    "the guardrail cache-fleet, expected both or neither")));
  EXPECT_THAT(guarded("guardrails: [cache-fleet], fleet: {cache_servers: 0}", "{pids.max: 24}"),
              ElementsAre(HasSubstr("fleet.cache_servers: found 0, expected an integer from 1 to "
                                    "100")));
  EXPECT_THAT(
      guarded("guardrails: [cache-fleet, multiplex], fleet: {thread_budget: 5}", "{pids.max: 24}"),
      ElementsAre(HasSubstr("found cache-fleet with multiplex, which is about peers, and a "
                            "frontend has none; expected one of them")));
  EXPECT_THAT(
      guarded("guardrails: [cache-fleet, cells], fleet: {start: 4, cells: 2}", "{pids.max: 24}"),
      ElementsAre(HasSubstr("found cache-fleet with cells, which is about peers")));
  EXPECT_THAT(guarded("guardrails: [cache-fleet, authoritative-bootstrap]", "{pids.max: 24}"),
              ElementsAre(HasSubstr("found cache-fleet with authoritative-bootstrap, which is "
                                    "about peers")));
  EXPECT_THAT(guarded("guardrails: [cache-fleet, admission], expect: any", "{pids.max: 24}"),
              ElementsAre(HasSubstr("found cache-fleet with admission, which is about peers, and a "
                                    "frontend has none; expected one of them")));
  EXPECT_THAT(guarded("guardrails: [cache-fleet]", "{memory.max: 64M}"),
              ElementsAre(HasSubstr("found cache-fleet with memory.max, of which only an estimate "
                                    "by peer threads is known")));
}

TEST(BadInput, MultiplexAndCellsStandBesideAdmissionAndAlarm) {
  for (const std::string guardrails : {"admission", "alarm", "admission, alarm"}) {
    EXPECT_THAT(guarded("guardrails: [cells, " + guardrails + "], fleet: {start: 4, cells: 2}",
                        "{pids.max: 24}"),
                ElementsAre());
    EXPECT_THAT(guarded("guardrails: [multiplex, " + guardrails + "], fleet: {thread_budget: 5}",
                        "{pids.max: 24, RLIMIT_NOFILE: 200}"),
                ElementsAre());
  }
}

TEST(BadInput, MoreCellsThanFrontendsAreRefused) {
  EXPECT_THAT(guarded("guardrails: [cells], fleet: {start: 4, cells: 5}", "{pids.max: 24}"),
              ElementsAre(HasSubstr("found fleet.cells 5, expected at most fleet.start 4, so that "
                                    "no cell is empty")));
}

TEST(BadInput, WhatReshapesTheFleetIsRefusedBesideEstimates) {
  EXPECT_THAT(guarded("guardrails: [cells], fleet: {start: 4, cells: 2}", "{memory.max: 64M}"),
              ElementsAre(HasSubstr("found cells with memory.max, of which only an estimate")));
}

TEST(BadInput, AShareForAnAlarmThatIsNotThereIsRefused) {
  EXPECT_THAT(guarded("fleet: {alarm_percent: 50}", "{pids.max: 24}"),
              ElementsAre(HasSubstr("fleet.alarm_percent: found a share for an arm without the "
                                    "guardrail alarm")));
  EXPECT_THAT(guarded("guardrails: [alarm], fleet: {alarm_percent: 101}", "{pids.max: 24}"),
              ElementsAre(HasSubstr("fleet.alarm_percent: found 101, expected an integer from 1 to "
                                    "100")));
}

}  // namespace
}  // namespace ceiling
