// The formats that other programs read, given to programs that read them.
#include <gmock/gmock.h>

#include <array>
#include <cstdio>

#include "tests/e2e/check/check_case.h"

namespace ceiling {
namespace {

/// What a shell command prints, its errors included, and its status in the last line.
std::string said_by(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(("{ " + command + "; } 2>&1; echo status $?").c_str(), "re");
  std::array<char, 4096> chunk{};
  while (pipe != nullptr && std::fgets(chunk.data(), chunk.size(), pipe) != nullptr) {
    text += chunk.data();
  }
  if (pipe != nullptr) ::pclose(pipe);
  return text;
}

class FormatsTest : public CheckTest {
 protected:
  /// Checks of all kinds of verdicts, of one and of several targets.
  std::vector<std::vector<std::string>> calls() const {
    const std::string policy =
        file("policy.yaml", "policy: mine\ntargets:\n  - {cgroup: " + path() +
                                ", threads: 60}\n  - {cgroup: " + path() +
                                ", peers: 3, threads_per_peer: 2, uid: 65534, stack: 64K}\n");
    return {
        {},
        {"--threads", "60"},
        {"--peers", "9", "--threads-per-peer", "3"},
        {"--pid", std::to_string(::getpid()), "--set", "vm.max_map_count=1000", "--threads", "900"},
        {"--policy", policy}};
  }
  std::string written(std::vector<std::string> call, const std::string& format) const {
    const std::string to = (folder() / format).string();
    call.insert(call.begin(), "check");
    call.insert(call.end(), {"--format", format, "--output", to});
    const Ended ended = run_ceiling(call);
    EXPECT_LE(ended.status, 2) << ended.err;
    return to;
  }
};

TEST_F(FormatsTest, PromtoolHasNothingToSay) {
  const std::string promtool = said_by(PROMTOOL_SCRIPT);
  if (promtool.find("\nstatus 0\n") == std::string::npos) {
    if (const char* required = std::getenv("CEILING_REQUIRE_PRIVILEGED"); required != nullptr) {
      FAIL() << promtool;
    }
    GTEST_SKIP() << promtool;
  }
  const std::string program = promtool.substr(0, promtool.find('\n'));
  limit("50");
  for (const auto& call : calls()) {
    SCOPED_TRACE(testing::PrintToString(call));
    EXPECT_EQ(said_by(program + " check metrics <" + written(call, "prometheus")), "status 0\n");
  }
  const std::string bad = file("bad", "# TYPE ceiling_left_total gauge\nceiling_left_total 4\n");
  EXPECT_NE(said_by(program + " check metrics <" + bad), "status 0\n") << "it can refuse";
}

TEST_F(FormatsTest, JunitIsWellFormedAndItsCountsAreRight) {
  limit("50");
  const std::string counter = file("count.py", R"(import sys, xml.etree.ElementTree as xml
root = xml.parse(sys.argv[1]).getroot()
assert root.tag == "testsuites" and len(root) >= 1
for suite in [root, *root]:
    cases = list(suite.iter("testcase"))
    found = {"tests": len(cases), "failures": len(list(suite.iter("failure"))),
             "errors": len(list(suite.iter("error"))), "skipped": len(list(suite.iter("skipped")))}
    assert cases and {name: int(suite.get(name)) for name in found} == found, found
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(names)) == len(names), names
)");
  for (const auto& call : calls()) {
    SCOPED_TRACE(testing::PrintToString(call));
    EXPECT_EQ(said_by("python3 " + counter + " " + written(call, "junit")), "status 0\n");
  }
}

TEST_F(FormatsTest, TheStatusIsThatOfEveryFormat) {
  limit("50");
  for (const char* format : {"text", "json", "junit", "prometheus"}) {
    EXPECT_EQ(run_ceiling({"check", "--threads", "49", "--format", format}).status, 0) << format;
    EXPECT_EQ(run_ceiling({"check", "--threads", "50", "--format", format}).status, 1) << format;
  }
  const Ended wrong = run_ceiling({"check", "--format", "xml"});
  EXPECT_EQ(wrong.status, 64);
  EXPECT_THAT(wrong.err, testing::HasSubstr("xml not in {text,json,junit,prometheus}"));
}

}  // namespace
}  // namespace ceiling
