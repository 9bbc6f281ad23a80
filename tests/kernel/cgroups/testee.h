#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cgroups/cgroup.h"
#include "cgroups/descriptor.h"

namespace ceiling {

constexpr const char* kTestGroup = "ceiling-cgroups-test-";

/// A tests/support/cgroups/testee.cc, born in the groups whose cgroup.procs are `join`. Ended and
/// reaped, with all that descends from it, at the end of its life.
class Testee {
 public:
  struct Answer {
    int made = 0;
    int error = 0;
    bool operator==(const Answer&) const = default;
  };

  Testee(const std::vector<int>& join, const std::string& mode,
         std::optional<uid_t> uid = std::nullopt, std::optional<rlim_t> nproc = std::nullopt);
  Testee(Testee&& other) noexcept = default;
  ~Testee();

  /// Makes up to `count` more tasks, until the first refusal.
  Answer make(int count);
  pid_t pid() const { return pid_.get(); }
  /// True when it has ended within `patience`; ends and reaps what descends from it then.
  bool ended(std::chrono::milliseconds patience);

 private:
  void end();

  /// A pid that is ours to reap; moved from, it is 0.
  struct Pid {
    pid_t number = 0;
    explicit Pid(pid_t value) : number(value) {}
    Pid(Pid&& other) noexcept : number(std::exchange(other.number, 0)) {}
    pid_t get() const { return number; }
  };
  Pid pid_{0};
  Descriptor handle_;  ///< pidfd
  Descriptor commands_;
  Descriptor answers_;
};

/// Makes the test process a child subreaper. Skips without root, or fails where
/// CEILING_REQUIRE_PRIVILEGED=1.
class Privileged : public testing::Test {
 protected:
  void SetUp() override;

  /// A group of this test's, in the hierarchies of pids and freezer.
  Cgroup make_group(const std::vector<std::string>& controllers = {"pids", "freezer"});

  const Hierarchy hierarchy_ = Hierarchy::detect();
};

/// Waits until `holds`, at most two seconds: for counts that the kernel settles after the event.
bool eventually(const std::function<bool()>& holds);

}  // namespace ceiling
