#include "tests/support/fleet/test_site.h"

#include <sys/resource.h>
#include <unistd.h>

namespace ceiling {
namespace {

namespace fs = std::filesystem;

std::string run_prefix() {
  return "test" + std::to_string(::getpid()) + "x";
}

std::string next_run_id() {
  static int count = 0;
  return run_prefix() + std::to_string(++count);
}

/// The harness holds a handful of descriptors for every frontend.
void take_all_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

TestSite::TestSite(int frontends) : TestSite(frontends, next_run_id()) {}

TestSite::TestSite(int frontends, const std::string& run_id)
    : results_(ResultsFolder::create(folder_.path() / "results", "test", run_id)),
      keeper_(Keeper::start(Registry(),
                            {.run_id = run_id,
                             .groups = Cgroup::planned_folders(hierarchy_, Cgroup::kTag + run_id),
                             .uids = {},
                             .results = results_.path(),
                             .data = data_folder_for(run_id)},
                            Site::uids_needed(frontends))) {
  take_all_descriptors();
  group_ = std::make_unique<Cgroup>(Cgroup::create(hierarchy_, Cgroup::kTag + run_id));
  recorder_ = std::make_unique<Recorder>(results_.open_new("history.jsonl"));
  site_ = std::make_unique<Site>(keeper_.entry(), loop_, keeper_.launcher(), *group_, *recorder_,
                                 results_, find_programs());
}

void TestSite::finish() {
  site_.reset();
  group_->destroy();
  keeper_.finish();
}

std::string left_behind() {
  std::string found;
  const auto look = [&found](const fs::path& folder, const std::string& start) {
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(folder, gone)) {
      if (entry.path().filename().string().starts_with(start))
        found += entry.path().string() + "\n";
    }
  };
  for (const fs::path& planned : Cgroup::planned_folders(Hierarchy::detect(), "ceiling-any")) {
    look(planned.parent_path(), Cgroup::kTag + run_prefix());
  }
  look("/run/ceiling", run_prefix());
  look("/var/tmp", Cgroup::kTag + run_prefix());
  for (const pid_t child : child_processes(::getpid())) {
    found += "process " + std::to_string(child) + "\n";
  }
  return found;
}

}  // namespace ceiling
