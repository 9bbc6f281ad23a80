#include <fmt/format.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <memory>

#include "cgroups/cgroup.h"
#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "cgroups/headroom.h"
#include "cgroups/read_facts.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/verb.h"
#include "harness/fleet/site.h"
#include "harness/keeper/registry.h"
#include "harness/keeper/uids.h"

namespace ceiling {
namespace {

/// One thing that a run needs. `remedy` is empty where it is there.
struct Check {
  std::string name;
  std::string found;
  std::string remedy;
};

/// `ask` returns what was found and throws where it is not there.
Check check(const std::string& name, const std::function<std::string()>& ask,
            const std::string& remedy) {
  try {
    return {name, ask(), ""};
  } catch (const HostError& error) {
    return {name, error.what(), error.remedy()};
  } catch (const std::exception& error) {
    return {name, error.what(), remedy};
  }
}

std::string kernel() {
  utsname host{};
  ::uname(&host);
  const std::string other = read_host(Hierarchy::none()).other_kernel;
  if (!other.empty()) throw Error(other + ": no Linux, with rules of its own");
  return fmt::format("{} {}", host.sysname, host.release);
}

std::string root() {
  if (::geteuid() != 0) throw Error(fmt::format("uid {}", ::geteuid()));
  return "uid 0";
}

std::string hierarchy() {
  const Hierarchy detected = Hierarchy::detect();
  const ControllerMount* pids = detected.controller("pids");
  if (pids == nullptr) throw Error("the pids controller is not mounted");
  return fmt::format("{}, pids on {} at {}", to_string(detected.mode()),
                     pids->version == CgroupVersion::v1 ? "v1" : "v2", pids->mount_point.string());
}

std::string groups() {
  const Hierarchy detected = Hierarchy::detect();
  Cgroup::check_place(detected);
  const auto folders = Cgroup::planned_folders(detected, "ceiling-doctor");
  return fmt::format("below {}", folders.front().parent_path().string());
}

std::string users() {
  std::vector<uid_t> taken;
  for (const RegistryEntry& entry : Registry().entries()) {
    taken.insert(taken.end(), entry.uids.begin(), entry.uids.end());
  }
  const std::vector<uid_t> uids = free_uids(41, taken);
  return fmt::format("{} and following are free", uids.front());
}

std::string seccomp() {
  const unsigned int action = SECCOMP_RET_ERRNO;
  if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0) {
    throw Error("the kernel has no seccomp filter that can answer with an errno");
  }
  return "filters are available";
}

std::string room() {
  const auto limits = shared_limits(Hierarchy::detect());
  std::string text;
  for (const Limit& limit : limits) {
    if (!limit.value) continue;
    text += fmt::format("{}{} {} of {} in use", text.empty() ? "" : ", ", limit.name, limit.used,
                        *limit.value);
  }
  return text;
}

int doctor() {
  const std::vector<Check> checks = {
      check("kernel", kernel, "run on a Linux kernel: a VM, or the host itself"),
      check("root", root, "sudo ceiling run ...  (predict, verify and doctor need no root)"),
      check("hierarchy", hierarchy, "mount -t cgroup2 none /sys/fs/cgroup, or leave the container"),
      check("groups", groups, "systemd-run --scope -p Delegate=yes ceiling run ..."),
      check("users", users, "map more uids into this user namespace (/etc/subuid)"),
      check("seccomp", seccomp, "boot a kernel with CONFIG_SECCOMP_FILTER"),
      check("room", room, "leave the group or raise the limit that is nearly full"),
      check(
          "programs", [] { return find_programs().string(); }, "build the target `programs`"),
  };
  bool all = true;
  for (const Check& one : checks) {
    fmt::print("{:<4}{:<11}{}\n", one.remedy.empty() ? "ok" : "NO", one.name, one.found);
    if (one.remedy.empty()) continue;
    fmt::print("    {:<11}to do: {}\n", "", one.remedy);
    all = false;
  }
  fmt::print("{}\n", all ? "this host can run experiments" : "this host cannot run experiments");
  return all ? kHolds : kHostCannot;
}

}  // namespace

Verb add_doctor(CLI::App& app) {
  app.footer("Example: sudo ceiling doctor");
  return [] { return doctor(); };
}

}  // namespace ceiling
