#include "cgroups/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>

#include "cgroups/clear.h"
#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "cgroups/make_group.h"
#include "cgroups/unified.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience = std::chrono::seconds(2);

/// The group below which we create: the caller's own, or its parent where the caller had to move
/// down.
std::string base_group(const Hierarchy& hierarchy, const std::string& controller) {
  const fs::path own = hierarchy.group_of(0, controller);
  const bool moved = hierarchy.controller(controller)->version == CgroupVersion::v2 &&
                     own.filename() == Cgroup::kCallerLeaf;
  return (moved ? own.parent_path() : own).string();
}

void check_name(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find_first_of("/\n") != name.npos) {
    throw Error("'" + name + "' cannot name a control group");
  }
}

/// The caller's group in each hierarchy that carries one of `controllers`, the pids one first.
std::vector<fs::path> base_folders(const Hierarchy& hierarchy,
                                   const std::vector<std::string>& controllers) {
  std::vector<fs::path> bases = {hierarchy.folder("pids", base_group(hierarchy, "pids"))};
  for (const std::string& controller : controllers) {
    if (hierarchy.controller(controller) == nullptr) continue;
    const fs::path base = hierarchy.folder(controller, base_group(hierarchy, controller));
    if (std::find(bases.begin(), bases.end(), base) == bases.end()) bases.push_back(base);
  }
  return bases;
}

void check_writable(const fs::path& folder) {
  if (::access(folder.c_str(), W_OK) == 0) return;
  throw HostError("no control group can be made in " + folder.string() + ": " +
                      std::generic_category().message(errno),
                  errno == EROFS ? "mount it writable: a container needs a cgroup mount of its own"
                                 : "start as root: sudo ceiling ...");
}

void await_v1_frozen(const fs::path& state) {
  const Deadline until = steady_clock::now() + kPatience;
  // freezer.state has no event: the kernel looks at the tasks again when it is read.
  while (value_of(read_file(state), "FROZEN") == std::nullopt) {
    if (steady_clock::now() >= until) throw Error(state.string() + " does not reach FROZEN");
    std::this_thread::sleep_for(milliseconds(1));
  }
}

void await_v2_frozen(const fs::path& events) {
  const Deadline until = steady_clock::now() + kPatience;
  const Descriptor changes(::open(events.c_str(), O_RDONLY | O_CLOEXEC));
  if (!changes) throw FileError("open", events, errno);
  while (true) {
    // Reading through the polled descriptor is what arms its next event.
    char text[256] = {};
    if (::pread(changes.get(), text, sizeof text - 1, 0) < 0) {
      throw FileError("read", events, errno);
    }
    if (value_of(text, "frozen ") == "1") return;
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now()).count();
    if (left <= 0) throw Error(events.string() + " does not say frozen");
    pollfd changed{changes.get(), POLLPRI, 0};
    ::poll(&changed, 1, static_cast<int>(left));
  }
}

}  // namespace

void Cgroup::check_place(const Hierarchy& hierarchy, const std::vector<std::string>& controllers) {
  const std::vector<fs::path> bases = base_folders(hierarchy, controllers);
  for (const fs::path& base : bases) {
    check_writable(base);
    if (is_unified(base)) check_below_caller(base, controllers, hierarchy.root() / "proc");
  }
  if (!is_unified(bases.front())) return;
  const std::vector<std::string> had = words(read_file(bases.front() / "cgroup.controllers"));
  if (std::find(had.begin(), had.end(), "pids") != had.end()) return;
  throw HostError("the pids controller is not handed down to " + bases.front().string(),
                  "sudo systemd-run --scope -p Delegate=yes ceiling ...");
}

std::vector<fs::path> Cgroup::planned_folders(const Hierarchy& hierarchy, const std::string& name,
                                              const std::vector<std::string>& controllers) {
  check_name(name);
  std::vector<fs::path> folders;
  for (const fs::path& base : base_folders(hierarchy, controllers)) folders.push_back(base / name);
  return folders;
}

Cgroup Cgroup::create(const Hierarchy& hierarchy, const std::string& name,
                      const std::vector<std::string>& controllers) {
  const std::vector<fs::path> folders = planned_folders(hierarchy, name, controllers);
  check_place(hierarchy, controllers);
  Cgroup group;
  group.controllers_ = controllers;
  group.pids_group_ = (fs::path(base_group(hierarchy, "pids")) / name).string();
  for (const fs::path& folder : folders) {
    const fs::path base = folder.parent_path();
    if (is_unified(base)) {
      enable_below_caller(base, controllers, kCallerLeaf, hierarchy.root() / "proc");
    }
    make_group(folder, controllers);
    group.add(folder);
  }
  return group;
}

Cgroup Cgroup::adopt(const std::vector<fs::path>& folders) {
  Cgroup group;
  group.controllers_ = {"pids", "freezer", "memory"};
  for (const fs::path& folder : folders) {
    if (!folder.filename().string().starts_with(kTag)) {
      throw Error(folder.string() + " is not a group of ours");
    }
  }
  for (const fs::path& folder : folders) {
    const bool inside = fs::exists(folder.parent_path() / "cgroup.procs");
    if (inside && fs::exists(folder / "cgroup.procs")) group.add(folder);
  }
  return group;
}

void Cgroup::add(const fs::path& folder) {
  folders_.push_back(folder);  // first, so that it is removed whatever fails next
  const fs::path procs = folder / "cgroup.procs";
  Descriptor opened(::open(procs.c_str(), O_WRONLY | O_CLOEXEC));
  if (!opened) throw FileError("open", procs, errno);
  procs_.push_back(std::move(opened));
}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  // What we held ends here and now, not when `other` does.
  Cgroup taken(std::move(other));
  Cgroup ended(std::move(*this));
  folders_ = std::move(taken.folders_);
  procs_ = std::move(taken.procs_);
  controllers_ = std::move(taken.controllers_);
  pids_group_ = std::move(taken.pids_group_);
  taken.folders_.clear();
  return *this;
}

Cgroup::~Cgroup() {
  try {
    destroy();
  } catch (const std::exception&) {  // who cares about the outcome calls destroy()
  }
}

Cgroup Cgroup::child(const std::string& name) {
  check_name(name);
  Cgroup group;
  group.controllers_ = controllers_;
  if (!pids_group_.empty()) group.pids_group_ = (fs::path(pids_group_) / name).string();
  for (const fs::path& folder : folders_) {
    if (is_unified(folder)) enable_for_children(folder, controllers_);
    make_group(folder / name, controllers_);
    group.add(folder / name);
  }
  return group;
}

std::optional<fs::path> Cgroup::folder(const std::string& controller) const {
  for (const fs::path& folder : folders_) {
    if (controller == "freezer" && fs::exists(folder / "cgroup.freeze")) return folder;
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(folder, gone)) {
      if (entry.path().filename().string().starts_with(controller + ".")) return folder;
    }
  }
  return std::nullopt;
}

void Cgroup::set_pids_max(std::optional<std::int64_t> tasks) {
  write_file(folders_.at(0) / "pids.max", tasks ? std::to_string(*tasks) : "max");
}

PidsState Cgroup::pids() const {
  return read_pids(folders_.at(0), pids_group_);
}

std::optional<fs::path> Cgroup::folder_with(const char* unified, const char* legacy) const {
  for (const fs::path& folder : folders_) {
    // Other files of a controller, memory.pressure or cpu.stat, are there without it.
    if (fs::exists(folder / unified) || fs::exists(folder / legacy)) return folder;
  }
  return std::nullopt;
}

void Cgroup::set_cpu_percent(int percent) {
  const std::optional<fs::path> cpu = folder_with("cpu.max", "cpu.cfs_quota_us");
  if (!cpu) {
    throw HostError("the cpu controller is not available here",
                    "leave limits.cpu_percent out, or take a host that has it: ceiling doctor");
  }
  constexpr int kPeriodUs = 100'000;
  const std::string period = std::to_string(kPeriodUs);
  const std::string quota = std::to_string(kPeriodUs / 100 * percent);
  if (is_unified(*cpu)) return write_file(*cpu / "cpu.max", quota + " " + period);
  write_file(*cpu / "cpu.cfs_period_us", period);
  write_file(*cpu / "cpu.cfs_quota_us", quota);
}

void Cgroup::set_memory_max(std::int64_t bytes) {
  const std::optional<fs::path> memory = folder_with("memory.max", "memory.limit_in_bytes");
  if (!memory) {
    throw HostError("the memory controller is not available here",
                    "take another limit, or a host that has it: ceiling doctor");
  }
  const bool unified = is_unified(*memory);
  write_file(*memory / (unified ? "memory.max" : "memory.limit_in_bytes"), std::to_string(bytes));
  // v1 counts memory and swap together, v2 swap alone.
  const fs::path swap = *memory / (unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes");
  if (fs::exists(swap)) write_file(swap, unified ? "0" : std::to_string(bytes));
}

std::optional<MemoryState> Cgroup::memory() const {
  const std::optional<fs::path> memory = folder_with("memory.max", "memory.limit_in_bytes");
  return memory ? std::optional(read_memory(*memory)) : std::nullopt;
}

std::vector<int> Cgroup::join_descriptors() const {
  std::vector<int> numbers;
  for (const Descriptor& procs : procs_) numbers.push_back(procs.get());
  return numbers;
}

void Cgroup::join(pid_t pid) {
  for (const fs::path& folder : folders_) write_file(folder / "cgroup.procs", std::to_string(pid));
}

void Cgroup::freeze() {
  const std::optional<fs::path> freezer = folder("freezer");
  if (!freezer) throw HostError("this host has no freezer", "mount the v1 freezer, or use v2");
  const bool unified = is_unified(*freezer);
  try {
    write_file(*freezer / (unified ? "cgroup.freeze" : "freezer.state"), unified ? "1" : "FROZEN");
    unified ? await_v2_frozen(*freezer / "cgroup.events")
            : await_v1_frozen(*freezer / "freezer.state");
  } catch (const Error&) {
    thaw();  // half frozen is what nobody expects
    throw;
  }
}

void Cgroup::thaw() {
  const std::optional<fs::path> freezer = folder("freezer");
  if (!freezer) return;
  const bool unified = is_unified(*freezer);
  write_file(*freezer / (unified ? "cgroup.freeze" : "freezer.state"), unified ? "0" : "THAWED");
}

void Cgroup::kill(milliseconds patience) {
  if (folders_.empty()) return;
  const bool limited = fs::exists(folders_.front() / "pids.max");
  const auto max = limited ? pids().max : std::nullopt;
  end_all(folders_, steady_clock::now() + patience);
  if (limited) set_pids_max(max);
}

void Cgroup::destroy(milliseconds patience) {
  if (folders_.empty()) return;
  const Deadline until = steady_clock::now() + patience;
  end_all(folders_, until);
  remove_all(folders_, until);
  folders_.clear();
  procs_.clear();
}

}  // namespace ceiling
