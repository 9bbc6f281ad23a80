#include <gmock/gmock.h>
#include <unistd.h>

#include "cgroups/control_file.h"
#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Proofs of a group that nobody is in, started outside of it.
class CheckProveTest : public CeilingTest {
 protected:
  void SetUp() override {
    CeilingTest::SetUp();
    if (IsSkipped()) return;
    place_.emplace(Cgroup::create(Hierarchy::detect(),
                                  "ceiling-e2e-place-" + std::to_string(::getpid()),
                                  {"pids", "freezer"}));
  }

  Cgroup& place() { return *place_; }
  json prove(std::vector<std::string> arguments, int status) {
    arguments.insert(arguments.begin(), {"check", "--prove", "--cgroup", place_->pids_group()});
    arguments.insert(arguments.end(), {"--format", "json"});
    const Ended ended = run_ceiling(arguments);
    EXPECT_EQ(ended.status, status) << ended.err << ended.out;
    EXPECT_EQ(schema_problems("check", ended.out), "");
    return json::parse(ended.out, nullptr, false)["proof"];
  }

 private:
  std::optional<Cgroup> place_;
};

TEST_F(CheckProveTest, GroupsLimitIsConfirmedToTheLastThread) {
  place().set_pids_max(40);
  const json proof = prove({"--stack", "64K"}, 0);
  EXPECT_EQ(proof["verdict"], "confirmed") << proof["reason"];
  EXPECT_EQ(proof["predicted"]["limit"], "pids.max");
  EXPECT_EQ(proof["predicted"]["at_least"], 40);
  EXPECT_EQ(proof["predicted"]["at_most"], 40);
  EXPECT_EQ(proof["made"], 40);
  EXPECT_EQ(proof["errno"], "EAGAIN");
  EXPECT_EQ(proof["attribution"]["limit"], "pids.max");
  EXPECT_FALSE(proof["attribution"]["evidence"].empty());
}

TEST_F(CheckProveTest, WhatDoesNotFitIsProvenAndStillDoesNotFit) {
  place().set_pids_max(5);
  const json proof = prove({"--threads", "6"}, 1);
  EXPECT_EQ(proof["verdict"], "confirmed");
  EXPECT_EQ(proof["made"], 5);
}

TEST_F(CheckProveTest, WhatIfIsProvenAsWell) {
  const json proof = prove({"--set", "pids.max=12"}, 0);
  EXPECT_EQ(proof["verdict"], "confirmed") << proof["reason"];
  EXPECT_EQ(proof["made"], 12);
}

TEST_F(CheckProveTest, LimitThatTheCallerSharesIsNotFilled) {
  write_file(group().folders().front() / "pids.max", "60");
  const json proof = prove({}, 2);
  EXPECT_EQ(proof["verdict"], "unknown");
  EXPECT_EQ(proof["errno"], nullptr);
  EXPECT_THAT(proof["reason"].get<std::string>(), HasSubstr("which others share, beyond 80 %"));
  EXPECT_LT(proof["made"], 48);
}

TEST_F(CheckProveTest, TextNamesVerdictCountAndLimit) {
  place().set_pids_max(7);
  const Ended ended = run_ceiling({"check", "--prove", "--cgroup", place().pids_group()});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("proof: confirmed\n"));
  EXPECT_THAT(ended.out, HasSubstr("made 7 threads, 7 predicted"));
  EXPECT_THAT(ended.out, HasSubstr("the next one: EAGAIN, by pids.max,\n"));
}

TEST_F(CheckProveTest, NeedsRoot) {
  How nobody;
  nobody.before_exec = [] {
    return ::setresgid(65534, 65534, 65534) == 0 && ::setresuid(65534, 65534, 65534) == 0;
  };
  const Ended ended = run_ceiling({"check", "--prove"}, nobody);
  EXPECT_EQ(ended.status, 69);
  EXPECT_THAT(ended.err, HasSubstr("sudo ceiling check --prove"));
}

}  // namespace
}  // namespace ceiling
