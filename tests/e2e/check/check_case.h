#pragma once

#include <gmock/gmock.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "cgroups/control_file.h"
#include "tests/support/e2e/ceiling.h"

namespace ceiling {

/// `ceiling check` called in a group of the test's own, whose pids.max it sets.
class CheckTest : public CeilingTest {
 protected:
  static constexpr uid_t kNobody = 65534;

  void SetUp() override {
    CeilingTest::SetUp();
    if (IsSkipped()) return;
    const Hierarchy hierarchy = Hierarchy::detect();
    own_ = std::filesystem::path(group().folders().front());
    path_ = group_path(hierarchy);
  }

  /// The document of a check, held against its schema.
  nlohmann::json check(std::vector<std::string> arguments, int status, const How& how = {},
                       const std::string& schema = "check") const {
    arguments.insert(arguments.begin(), "check");
    arguments.insert(arguments.end(), {"--format", "json"});
    const Ended ended = run_ceiling(arguments, how);
    EXPECT_EQ(ended.status, status) << ended.err << ended.out;
    EXPECT_EQ(schema_problems(schema, ended.out), "");
    return nlohmann::json::parse(ended.out, nullptr, false);
  }
  /// Refused with 64 in words that say all of `said`, before anything is written. What was said.
  std::string refused(std::vector<std::string> call, const std::vector<std::string>& said) const {
    SCOPED_TRACE(testing::PrintToString(call));
    call.insert(call.begin(), "check");
    const Ended ended = run_ceiling(call);
    EXPECT_EQ(ended.status, 64) << ended.out;
    EXPECT_EQ(ended.out, "");
    for (const std::string& part : said) EXPECT_THAT(ended.err, testing::HasSubstr(part));
    return ended.err;
  }
  static nlohmann::json row(const nlohmann::json& document, const std::string& name,
                            const std::string& scope = "") {
    for (const nlohmann::json& one : document["limits"]) {
      if (one["name"] == name && (scope.empty() || one["scope"] == scope)) return one;
    }
    return nullptr;
  }
  void limit(const std::string& tasks) const { write_file(own_ / "pids.max", tasks); }
  /// The test's group as /proc/PID/cgroup of a process in it says.
  const std::string& path() const { return path_; }
  const std::filesystem::path& own() const { return own_; }
  static How as(uid_t uid) {
    How how;
    how.before_exec = [uid] {
      return ::setresgid(uid, uid, uid) == 0 && ::setresuid(uid, uid, uid) == 0;
    };
    return how;
  }

 private:
  std::string group_path(const Hierarchy& hierarchy) const {
    const std::string base = hierarchy.group_of(0, "pids");
    return (base == "/" ? "" : base) + "/" + own_.filename().string();
  }

  std::filesystem::path own_;
  std::string path_;
};

}  // namespace ceiling
