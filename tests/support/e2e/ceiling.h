#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/cgroup.h"
#include "cgroups/descriptor.h"
#include "tests/support/spawn/support.h"

namespace ceiling {

/// How a `ceiling` that ended did so.
struct Ended {
  int status = -1;  ///< as a shell says it: the exit status, or 128+N for an end by signal N
  std::string out;
  std::string err;
  double seconds = 0;
};

/// What is special about a call. By default: no input, everything captured, the test's own user.
struct How {
  std::map<std::string, std::string> environment = {};      ///< laid over the test's own
  std::function<bool()> before_exec = [] { return true; };  ///< in the child; false: end with 126
  const Cgroup* group = nullptr;  ///< to be called in; null: of a CeilingTest its own, else ours
  std::chrono::seconds patience{60};
};

/// A `ceiling` that runs. Killed and reaped when it goes out of scope.
class Running {
 public:
  Running(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
          const How& how);
  Running(Running&&) noexcept = default;
  Running& operator=(Running&&) = delete;
  ~Running();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// True once it has ended and waits to be reaped.
  bool ended(std::chrono::milliseconds patience = {}) const;
  /// What it has said so far.
  std::string out() const;
  std::string err() const;
  /// Waits for its end; when `how.patience` passes first, kills it and fails the test.
  Ended wait();

 private:
  pid_t pid_ = -1;
  Descriptor pidfd_;
  Descriptor out_;
  Descriptor err_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::seconds patience_;
};

/// Removes a test's group, and ends what is in it, when the test's program is killed before it can:
/// a process of its own that waits for that. Ended with it.
class GroupGuard {
 public:
  explicit GroupGuard(const Cgroup& group);
  GroupGuard(const GroupGuard&) = delete;
  GroupGuard& operator=(const GroupGuard&) = delete;
  ~GroupGuard();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

/// A test of the programs as a user runs them: in a folder and in control groups of its own, which
/// are empty again when it ends, and so are the registry and the process table of all that it
/// started.
class CeilingTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// `ceiling ARGUMENTS...` with the test's folder as working directory.
  Ended run_ceiling(const std::vector<std::string>& arguments, const How& how = {}) const;
  Running start_ceiling(const std::vector<std::string>& arguments, How how = {}) const;

  const std::filesystem::path& folder() const { return folder_.path(); }
  const Cgroup& group() const { return *group_; }
  /// Writes a file into the test's folder and returns its path.
  std::string file(const std::string& name, std::string_view text) const;
  /// A folder of programs as --programs wants it: the real ones, and `variant` as `name`.
  std::string programs_with(const std::string& name, const std::string& variant) const;
  /// The folders of the runs in `results`, oldest name first.
  std::vector<std::filesystem::path> runs(const std::string& results = "ceiling-results") const;
  std::filesystem::path only_run() const;

  /// One line for everything that a run of this test left outside its results folder: processes,
  /// zombies, groups, registry entries, abstract sockets. `uids`: more users whose processes count.
  std::string leftovers(const std::vector<uid_t>& uids = {}) const;
  /// The registry entries of this test's runs.
  std::vector<nlohmann::json> registered() const;

 private:
  std::optional<Cgroup> group_;
  std::optional<GroupGuard> guard_;
  TemporaryFolder folder_;
};

std::string shipped(const std::string& experiment);  ///< path of harness/experiments/NAME.yaml
std::string read_text(const std::filesystem::path& path);
std::string schema_problems(const std::string& schema, const std::string& text,
                            bool every_line = false);

/// A small experiment of about a second: frontends of 3 tasks + 1 a peer, from 3 to `end` of them
/// under `pids_max` tasks each, one arm.
std::string small_experiment(int pids_max, int end, const std::string& expect,
                             const std::string& guardrails = "[]");

}  // namespace ceiling
