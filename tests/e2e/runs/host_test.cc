#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using testing::HasSubstr;

bool become_nobody() {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(65534, 65534, 65534) == 0 &&
         ::setresuid(65534, 65534, 65534) == 0;
}

class HostTest : public CeilingTest {
 protected:
  void SetUp() override {
    CeilingTest::SetUp();
    if (IsSkipped()) return;
    small_ = file("small.yaml", small_experiment(8, 12, "outage"));
    nobody_.before_exec = become_nobody;
  }
  /// Refused for what the host is, with `said` in the text, and nothing made.
  void cannot(const std::vector<std::string>& call, const std::vector<std::string>& said,
              const How& how) const {
    SCOPED_TRACE(testing::PrintToString(call));
    const Ended ended = run_ceiling(call, how);
    EXPECT_EQ(ended.status, 69) << ended.err << ended.out;
    EXPECT_THAT(ended.err, HasSubstr("to do: "));
    for (const std::string& part : said) EXPECT_THAT(ended.err, HasSubstr(part));
    EXPECT_TRUE(runs().empty());
    EXPECT_EQ(leftovers(), "");
  }

  std::string small_;
  How nobody_;
};

TEST_F(HostTest, WithoutRootRunSaysWhatToType) {
  cannot({"run", small_}, {"needs root", "sudo ceiling run"}, nobody_);
  cannot({"predict", small_, "--calibrate"}, {"needs root"}, nobody_);
  cannot({"clean"}, {"needs root", "sudo ceiling clean"}, nobody_);
}

TEST_F(HostTest, WithoutRootTheOtherVerbsWork) {
  const Ended predicted = run_ceiling({"predict", small_}, nobody_);
  EXPECT_EQ(predicted.status, 0) << predicted.err;
  EXPECT_THAT(predicted.out, HasSubstr("at 7 frontends every frontend fails"));
  const Ended doctor = run_ceiling({"doctor"}, nobody_);
  EXPECT_EQ(doctor.status, 69);
  EXPECT_THAT(doctor.out, HasSubstr("NO  root       uid 65534"));
  EXPECT_THAT(doctor.out, HasSubstr("this host cannot run experiments"));

  ASSERT_EQ(run_ceiling({"run", small_}).status, 0);
  const Ended verified = run_ceiling({"verify", only_run()}, nobody_);
  EXPECT_EQ(verified.status, 0) << verified.err;
}

TEST_F(HostTest, DoctorIsContentWhereRunWorks) {
  const Ended doctor = run_ceiling({"doctor"});
  EXPECT_EQ(doctor.status, 0) << doctor.out;
  EXPECT_THAT(doctor.out, HasSubstr("this host can run experiments"));
}

TEST_F(HostTest, AHostThatCannotCanBeASkippedTest) {
  EXPECT_EQ(run_ceiling({"run", small_, "--skip-exit-code", "77"}, nobody_).status, 77);
  EXPECT_EQ(run_ceiling({"--skip-exit-code", "77", "run", small_}, nobody_).status, 77);
  EXPECT_EQ(run_ceiling({"--skip-exit-code", "77", "predict", small_}, nobody_).status, 0);
}

TEST_F(HostTest, AnOuterLimitIsNamedWithItsNumbers) {
  Cgroup outer =
      Cgroup::create(Hierarchy::detect(), fmt::format("ceiling-test-{}-outer", ::getpid()));
  outer.set_pids_max(40);
  How inside;
  inside.group = &outer;
  cannot({"run", small_}, {(outer.folders().front() / "pids.max").native(), "is 40", "80 % full"},
         inside);
  EXPECT_TRUE(std::filesystem::is_empty(outer.folders().front()) || outer.pids().current == 0);
  outer.destroy();
}

TEST_F(HostTest, MissingProgramsAreNamed) {
  std::filesystem::create_directory(folder() / "empty");
  cannot({"run", small_, "--programs", "empty"},
         {"empty/ceiling-membership: No such file", "--programs DIR"}, {});
}

TEST_F(HostTest, ADryRunPrintsAndMakesNothing) {
  const Ended dry = run_ceiling({"run", small_, "--dry-run"});
  EXPECT_EQ(dry.status, 0) << dry.err;
  for (const char* part : {"ceiling-results/small-<time>-<run id>/", "/run/ceiling/<run id>",
                           "/ceiling-<run id>/", "\n  /var/tmp/ceiling-<run id>/\n",
                           "only: pids.max 8 on the group of each frontend", "would remove"}) {
    EXPECT_THAT(dry.out, HasSubstr(part));
  }
  EXPECT_FALSE(std::filesystem::exists(folder() / "ceiling-results"));
  EXPECT_EQ(leftovers(), "");
}

std::string with_host_limit(std::string experiment) {
  const std::string limit = "pids.max: 8";
  return experiment.replace(experiment.find(limit), limit.size(), "kernel.threads-max: 1000000");
}

// Only looked at here: what it does to a host is for the guests of tests/vm.
TEST_F(HostTest, LimitsOfTheHostNeedAWordAndSayWhatTheyWouldSet) {
  const std::string host = file("host.yaml", with_host_limit(small_experiment(8, 12, "any")));
  const Ended refused = run_ceiling({"run", host});
  EXPECT_EQ(refused.status, 64);
  EXPECT_THAT(refused.err,
              HasSubstr("limits.kernel.threads-max: found a limit of the whole host: it needs "
                        "--host-limits"));
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(folder() / "ceiling-results"));

  const Ended dry = run_ceiling({"run", host, "--host-limits", "--dry-run"});
  EXPECT_EQ(dry.status, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("only: kernel.threads-max 1000000 on the whole host, in "
                                 "/proc/sys/kernel/threads-max, which says "));
  EXPECT_THAT(dry.out, HasSubstr("would restore\n  the settings of the host"));
  EXPECT_EQ(run_ceiling({"predict", host}).status, 0);
  EXPECT_EQ(leftovers(), "");
}

bool with_proc_sys_read_only() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("/proc/sys", "/proc/sys", nullptr, MS_BIND, nullptr) == 0 &&
         ::mount(nullptr, "/proc/sys", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0;
}

TEST_F(HostTest, LimitsOfTheHostThatMayNotBeSetAreSaidBeforehand) {
  How how;
  how.before_exec = with_proc_sys_read_only;
  cannot(
      {"run", file("host.yaml", with_host_limit(small_experiment(8, 12, "any"))), "--host-limits"},
      {"kernel.threads-max may not be set here: /proc/sys/kernel/threads-max: Read-only file "
       "system",
       "throw-away VM"},
      how);
}

TEST_F(HostTest, ALimitOnMapsKeepsAwayFromWhatOthersHaveMapped) {
  std::string experiment = small_experiment(8, 12, "any");
  const std::string limit = "pids.max: 8";
  experiment.replace(experiment.find(limit), limit.size(), "vm.max_map_count: 60");
  How how;
  how.before_exec = with_proc_sys_read_only;
  cannot({"run", file("maps.yaml", experiment), "--host-limits"},
         {"vm.max_map_count is to be 60, and "}, how);
}

TEST_F(HostTest, UnderSudoTheResultsBelongToTheCaller) {
  How sudo;
  sudo.environment = {{"SUDO_UID", "12345"}, {"SUDO_GID", "12346"}};
  ASSERT_EQ(run_ceiling({"run", small_}, sudo).status, 0);
  const std::filesystem::path results = folder() / "ceiling-results";
  std::vector<std::filesystem::path> all = {results};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(results))
    all.push_back(entry.path());
  EXPECT_GT(all.size(), 10U);
  for (const auto& path : all) {
    struct stat info {};
    ASSERT_EQ(::lstat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 12345U) << path;
    EXPECT_EQ(info.st_gid, 12346U) << path;
  }
}

}  // namespace
}  // namespace ceiling
