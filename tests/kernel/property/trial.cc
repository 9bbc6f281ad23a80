#include "tests/kernel/property/trial.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "cgroups/cgroup.h"
#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "harness/prove/measure.h"
#include "harness/prove/testee.h"
#include "tests/kernel/property/host_values.h"

namespace ceiling {
namespace {

// Far from what distributions hand out, and from the private uids of a run; each process its own.
uid_t private_uid() {
  return 1'800'000'000 + 2 * static_cast<uid_t>(::getpid());
}
uid_t other_uid() {
  return private_uid() + 1;
}

constexpr int kLevels = 3;
constexpr std::int64_t kMost = 2600;  // threads that a testee is asked for
constexpr std::int64_t kMapsOfOthers = 400;
constexpr std::int64_t kBeyond = 40;  // of what is predicted

std::string level_name(const char* name, int level) {
  return name + std::to_string(level);
}

std::int64_t status_of(pid_t pid, const std::string& key) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  return parse_count(words(value_of(status, key + ":").value_or("")).at(0), key).value_or(0);
}

std::int64_t maps_of(pid_t pid) {
  const std::string maps = read_file("/proc/" + std::to_string(pid) + "/maps");
  const bool shown_only = maps.find("[vsyscall]") != std::string::npos;
  return std::count(maps.begin(), maps.end(), '\n') - (shown_only ? 1 : 0);
}

/// A setting for one combination: nested groups, the tasks of others in them, and the testee.
class Setting {
 public:
  Setting(Bench& bench, const Combination& combination);

  void fill();
  void set_limits();
  /// Nothing of it is counted any more. What an exception leaves ends with the groups.
  void end();
  Testee& testee() { return *testee_; }

 private:
  ProcessSpec spec(const std::string& name, Cgroup* group, std::optional<uid_t> uid) const;
  void add_others();
  void fill_maps();
  void settle();
  void set_memory_limit();
  void limit(const char* name, int resource, std::int64_t used);

  Bench& bench_;
  const Combination& wanted_;
  std::vector<Cgroup> levels_;  ///< the testee's own first
  std::vector<Cgroup> beside_;  ///< groups of others
  std::vector<Testee> others_;
  std::unique_ptr<Testee> testee_;
};

Setting::Setting(Bench& bench, const Combination& combination)
    : bench_(bench), wanted_(combination) {
  int depth = 1;
  for (int level = 1; level < kLevels; ++level) {
    if (wanted_.has(level_name("pids", level)) || wanted_.has(level_name("others", level))) {
      depth = level + 1;
    }
  }
  levels_.push_back(Cgroup::create(bench.hierarchy, trial_group(++bench.trials)));
  while (static_cast<int>(levels_.size()) < depth) levels_.push_back(levels_.back().child("below"));
  std::reverse(levels_.begin(), levels_.end());
}

void Setting::end() {
  for (Testee& other : others_) other.end(bench_.launcher);
  if (testee_) testee_->end(bench_.launcher);
  levels_.back().destroy();
}

ProcessSpec Setting::spec(const std::string& name, Cgroup* group, std::optional<uid_t> uid) const {
  ProcessSpec made = testee_spec(name);
  if (group != nullptr) made.join = group->join_descriptors();
  made.uid = uid;
  return made;
}

void Setting::add_others() {
  const auto add = [this](const std::string& name, Cgroup* group, uid_t uid) {
    if (wanted_.get(name) <= 0) return;
    Testee& other = others_.emplace_back(bench_.launcher, spec(name, group, uid));
    other.tell("stack", 16384);
    if (other.make(wanted_.get(name) - 1).error != 0) throw Error(name + " were refused");
  };
  for (int level = 0; level < static_cast<int>(levels_.size()); ++level) {
    Cgroup& group = levels_[static_cast<std::size_t>(level)];
    const std::string name = level_name("others", level);
    if (wanted_.get(name) <= 0) continue;
    // On v2 a group that has groups below holds no process itself.
    if (level > 0) beside_.push_back(group.child("others"));
    add(name, level > 0 ? &beside_.back() : &group, other_uid());
  }
  add("uid_tasks", nullptr, private_uid());
}

void Setting::fill_maps() {
  if (!wanted_.has("maps")) return;
  const std::int64_t limit =
      parse_count(read_file("/proc/sys/vm/max_map_count"), "max_map_count").value_or(0);
  const std::int64_t wanted = limit - wanted_.get("maps") - maps_of(testee_->pid());
  if (wanted > 0) testee_->tell("maps", wanted);
}

/// A thread that was joined may still be counted for a moment.
void Setting::settle() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  const std::int64_t expected =
      1 + std::max<std::int64_t>(0, wanted_.get("others0")) + wanted_.get("threads");
  while (levels_.front().pids().current != expected) {
    if (std::chrono::steady_clock::now() > until) throw Error("the count does not settle");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Setting::fill() {
  add_others();
  const bool root = wanted_.get("root") != 0;
  testee_ = std::make_unique<Testee>(bench_.launcher,
                                     spec("testee", &levels_.front(), root ? 0 : private_uid()));
  testee_->tell("stack", wanted_.get("stack", 65536));
  if (wanted_.get("heap") != 0) testee_->tell("heap", 0);
  if (wanted_.has("lock")) testee_->tell("lock", 0);
  testee_->tell("tasks", wanted_.get("threads"));
  testee_->tell("ended", wanted_.get("ended"));
  fill_maps();
  // vm.max_map_count will bind everybody: more than others have.
  if (wanted_.has("map_count")) testee_->tell("maps", kMapsOfOthers);
  settle();
}

void Setting::set_memory_limit() {
  if (!wanted_.has("memory")) return;
  const auto folder = levels_.front().folder("memory");
  if (!folder) return;
  const bool v1 = std::filesystem::exists(*folder / "memory.limit_in_bytes");
  write_file(*folder / (v1 ? "memory.limit_in_bytes" : "memory.max"),
             std::to_string(wanted_.get("memory") << 20));
}

void Setting::limit(const char* name, int resource, std::int64_t used) {
  if (!wanted_.has(name)) return;
  testee_->limit(resource, std::max<std::int64_t>(0, used + wanted_.get(name)));
}

void Setting::set_limits() {
  set_memory_limit();
  const pid_t pid = testee_->pid();
  constexpr std::int64_t kKiB = 1024;
  limit("as", RLIMIT_AS, status_of(pid, "VmSize") * kKiB);
  limit("data", RLIMIT_DATA, status_of(pid, "VmData") * kKiB);
  limit("lock", RLIMIT_MEMLOCK, status_of(pid, "VmLck") * kKiB);
  limit("nproc", RLIMIT_NPROC, 1 + wanted_.get("threads") + wanted_.get("uid_tasks"));
  for (int level = 0; level < static_cast<int>(levels_.size()); ++level) {
    const std::string name = level_name("pids", level);
    if (!wanted_.has(name)) continue;
    Cgroup& group = levels_[static_cast<std::size_t>(level)];
    group.set_pids_max(std::max<std::int64_t>(0, group.pids().current + wanted_.get(name)));
  }
}

const Limit* row_of(const Measurement& measured, const Attribution& by) {
  for (const Limit& row : measured.predicted) {
    if (row.name == by.limit && row.where == by.where) return &row;
  }
  return nullptr;
}

std::string evidence(const Judgement& judged) {
  std::string text;
  for (const auto& [name, fact] : judged.attribution.evidence) {
    text += "\n    " + name + ": " + fact;
  }
  return text;
}

}  // namespace

ProcessSpec testee_spec(const std::string& name) {
  ProcessSpec spec;
  spec.name = name;
  spec.program = std::filesystem::canonical("/proc/self/exe").parent_path() / "ceiling-testee";
  spec.confined = false;
  return spec;
}

std::string trial_group(int trial) {
  return "ceiling-property-" + std::to_string(::getpid()) + "-" + std::to_string(trial);
}

namespace {

/// Tasks of the host that came or went besides those that were made.
std::int64_t strangers(const Measurement& measured) {
  const auto tasks = [](const std::vector<Limit>& rows) {
    const auto row = std::find_if(rows.begin(), rows.end(), [](const Limit& candidate) {
      return candidate.name == "kernel.threads-max";
    });
    return row == rows.end() ? 0 : row->used;
  };
  return tasks(measured.after) - tasks(measured.predicted) - measured.made;
}

Measurement skewed(Measurement measured, std::int64_t by) {
  for (Limit& row : measured.predicted) {
    if (row.threads_left) *row.threads_left += by;
  }
  return measured;
}

Measurement measure_in(Bench& bench, const Combination& combination) {
  Setting setting(bench, combination);
  setting.fill();
  setting.set_limits();
  const Drive drive{.stack = combination.get("stack", 65536),
                    .most = kMost,
                    .beyond = kBeyond,
                    .has_ended_threads = combination.get("ended") > 0};
  Measurement measured = [&] {
    const HostValues host(bench.hierarchy, combination, setting.testee().pid());
    return measure(bench.hierarchy, setting.testee(), drive, bench.meaning);
  }();
  setting.end();
  return skewed(std::move(measured), bench.skew);
}

}  // namespace

Trial try_out(Bench& bench, const Combination& combination) {
  Measurement measured = measure_in(bench, combination);
  Judgement judged = judge(measured);
  // The kernel's own threads come and go: what they moved is not ours to judge.
  constexpr int kQuietMoments = 5;
  for (int again = 0; again < kQuietMoments; ++again) {
    if (judged.verdict == Verdict::confirmed || !HostValues::in(combination)) break;
    if (strangers(measured) == 0) break;
    measured = measure_in(bench, combination);
    judged = judge(measured);
  }
  Trial found;
  found.made = measured.made;
  found.limit = judged.attribution.limit;
  const Limit* row = row_of(measured, judged.attribution);
  found.exact = row != nullptr && row->exact();
  // A combination without a limit that could refuse so many says nothing, and holds.
  const bool none = measured.error == 0 && at_least(measured.predicted).value_or(kMost) >= kMost;
  if (judged.verdict == Verdict::confirmed || none) return found;
  found.wrong = judged.reason + evidence(judged);
  return found;
}

}  // namespace ceiling
