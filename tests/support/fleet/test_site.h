#pragma once

#include <memory>
#include <string>

#include "harness/fleet/event_loop.h"
#include "harness/fleet/site.h"
#include "harness/keeper/keeper.h"
#include "tests/support/spawn/support.h"

namespace ceiling {

/// What a Fleet stands on, as `ceiling run` makes it (harness/cli/run_host.h): keeper, registry
/// entry, group, event loop, recorder. Results go to a folder that goes with it. The programs are
/// those beside the test program. Needs root.
class TestSite {
 public:
  /// For fleets of at most `frontends`. The caller must be single-threaded. Throws Error.
  explicit TestSite(int frontends);

  Site& operator*() { return *site_; }
  const ResultsFolder& results() const { return results_; }
  const Cgroup& group() const { return *group_; }
  /// Takes everything down; throws Error with what was left.
  void finish();

 private:
  explicit TestSite(int frontends, const std::string& run_id);

  TemporaryFolder folder_;
  Hierarchy hierarchy_ = Hierarchy::detect();
  ResultsFolder results_;
  Keeper keeper_;
  EventLoop loop_;
  std::unique_ptr<Cgroup> group_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Site> site_;
};

/// Groups of this test process and processes that it started which are still there, a line each.
/// Empty: nothing was left.
std::string left_behind();

}  // namespace ceiling
