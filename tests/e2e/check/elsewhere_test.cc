// Answers for another time and place: snapshots, and policies over several targets.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/e2e/check/check_case.h"

namespace ceiling {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;

class ElsewhereTest : public CheckTest {
 protected:
  std::string policy(int threads) const {
    return file("policy.yaml", "policy: mine\ntargets:\n  - {cgroup: " + path() +
                                   ", threads: " + std::to_string(threads) +
                                   "}\n  - {cgroup: " + path() + ", threads: 2, uid: 65534}\n");
  }
};

TEST_F(ElsewhereTest, ASnapshotIsAnsweredAsItWasTaken) {
  limit("50");
  const std::string snapshot = (folder() / "host.json").string();
  const json here = check({"--threads", "49", "--snapshot", snapshot}, 0);
  EXPECT_EQ(here["snapshot"], nullptr);
  EXPECT_EQ(schema_problems("snapshot", read_text(snapshot)), "");
  limit("10");
  const json there = check({"--threads", "49", "--from", snapshot}, 0);
  EXPECT_EQ(there["limits"], here["limits"]);
  EXPECT_THAT(there["snapshot"].get<std::string>(), EndsWith("Z"));
  EXPECT_EQ(check({"--threads", "50", "--from", snapshot}, 1)["threads_left"], 49);
  EXPECT_EQ(check({"--set", "pids.max=20", "--from", snapshot}, 0)["threads_left"], 19);
  const json fleet = check({"--peers", "17", "--threads-per-peer", "3", "--from", snapshot}, 0);
  EXPECT_EQ(fleet["largest_fleet"], 17);
  EXPECT_NE(row(fleet, "RLIMIT_NOFILE")["set_by"], "");
}

TEST_F(ElsewhereTest, TheTextSaysWhichSnapshotItIs) {
  const std::string snapshot = (folder() / "host.json").string();
  EXPECT_EQ(run_ceiling({"check", "--snapshot", snapshot, "--quiet"}).status, 0);
  EXPECT_THAT(run_ceiling({"check", "--from", snapshot}).out, HasSubstr("\nsnapshot of "));
}

TEST_F(ElsewhereTest, SnapshotsThatCannotBeUsed) {
  const std::string snapshot = (folder() / "host.json").string();
  refused({"--from", snapshot}, {snapshot + ": No such file or directory"});
  refused({"--from", file("other", "{\"schema\": \"ceiling.snapshot/9\"}")},
          {"found \"ceiling.snapshot/9\", expected the schema \"ceiling.snapshot/1\""});
  refused({"--from", folder().string()}, {"found no regular file"});
  refused({"--snapshot", "/nowhere/host.json"}, {"--snapshot /nowhere/host.json: cannot write"});
  refused({"--snapshot", snapshot, "--from", snapshot}, {"excludes"});
  refused({"--from", snapshot, "--prove"}, {"excludes"});
  refused({"--snapshot", snapshot, "--cgroup", "/no/such/group"}, {"there is no group"});
  EXPECT_FALSE(std::filesystem::exists(snapshot));
  EXPECT_EQ(run_ceiling({"check", "--snapshot", snapshot, "--quiet"}).status, 0);
  refused({"--from", snapshot, "--cgroup", path()},
          {"found no target cgroup " + path() + ", expected one of: self"});
}

TEST_F(ElsewhereTest, APolicyIsJudgedByTheWorstOfItsTargets) {
  limit("20");
  const json held = check({"--policy", policy(19)}, 0, {}, "policy");
  EXPECT_EQ(held["policy"], "mine");
  EXPECT_EQ(held["checks"].size(), 2U);
  EXPECT_EQ(held["checks"][1]["target"]["uid"], 65534);
  const json over = check({"--policy", policy(20)}, 1, {}, "policy");
  EXPECT_EQ(over["verdict"], "exceeded");
  EXPECT_EQ(over["checks"][0]["verdict"], "exceeded");
  EXPECT_EQ(over["checks"][1]["verdict"], "holds");
  EXPECT_EQ(schema_problems("check", over["checks"][0].dump()), "");
  check({"--policy", policy(19), "--set", "pids.max=19"}, 1, {}, "policy");
  EXPECT_EQ(check({"--policy", policy(2), "--set", "pids.max:" + path() + "=1"}, 1, {},
                  "policy")["verdict"],
            "exceeded");
  refused({"--policy", policy(2), "--set", "pids.max:/elsewhere=1"}, {"found the group"});
}

TEST_F(ElsewhereTest, APolicyInWords) {
  limit("20");
  const Ended over = run_ceiling({"check", "--policy", policy(20)});
  EXPECT_EQ(over.status, 1);
  EXPECT_THAT(over.out,
              testing::StartsWith("policy mine: 2 targets\n  exceeded  cgroup " + path()));
  EXPECT_THAT(over.out, HasSubstr("to raise it: echo 21 > "));
  EXPECT_THAT(over.out,
              EndsWith("verdict: exceeded: 1 of 2 targets have the room that they need\n"));
}

TEST_F(ElsewhereTest, APolicyIsJudgedFromASnapshotOfIt) {
  limit("20");
  const std::string snapshot = (folder() / "host.json").string();
  check({"--policy", policy(19), "--snapshot", snapshot}, 0, {}, "policy");
  limit("5");
  check({"--policy", policy(19), "--from", snapshot}, 0, {}, "policy");
  check({"--policy", policy(20), "--from", snapshot}, 1, {}, "policy");
  EXPECT_EQ(check({"--cgroup", path(), "--from", snapshot}, 0)["threads_left"], 19);
}

TEST_F(ElsewhereTest, TargetsOfAPolicyThatAreNotThereAreSaidTogether) {
  const std::string bad = file("bad.yaml",
                               "policy: mine\ntargets:\n"
                               "  - {cgroup: /none/one, threads: 1}\n"
                               "  - {cgroup: " +
                                   path() +
                                   ", threads: 1}\n"
                                   "  - {cgroup: /none/two, threads: 1}\n");
  refused({"--policy", bad},
          {bad + ":3:5: there is no group /none/one", bad + ":5:5: there is no group /none/two"});
  const std::string wrong = file("wrong.yaml", "policy: mine\ntarget: []\n");
  refused({"--policy", wrong}, {wrong + ":2:1: found the unknown key \"target\""});
  refused({"--policy", wrong, "--pid", "1"}, {"excludes"});
  refused({"--policy", wrong, "--threads", "1"}, {"excludes"});
}

}  // namespace
}  // namespace ceiling
