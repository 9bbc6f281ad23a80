#include "harness/fleet/pid_namespace.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "cgroups/error.h"
#include "cgroups/kernel_release.h"
#include "harness/keeper/host_settings.h"

namespace ceiling {
namespace {

constexpr std::string_view kPidMax = "kernel.pid_max";

ChildProcess start_init(Site& site, const std::string& label, const Cgroup& group,
                        std::int64_t pid_max) {
  const std::int64_t before = read_host_setting(kPidMax);
  ChildProcess init = site.start_namespace(label + "-pid-namespace", group, pid_max);
  const std::int64_t after = read_host_setting(kPidMax);
  if (after == before) return init;
  write_host_setting(kPidMax, before);
  throw HostError(
      fmt::format("{} of a pid namespace turned up on the host: {} instead of {}, which "
                  "is put back",
                  kPidMax, after, before),
      "set it on the whole host of a throw-away VM: without scope, --host-limits");
}

}  // namespace

void PidNamespace::check_kernel(const Experiment& experiment) {
  if (is_linux_from(6, 14)) return;
  utsname host{};
  ::uname(&host);
  for (const ArmPlan& arm : experiment.arms) {
    if (arm.limits.scope != LimitScope::pid_namespace) continue;
    throw HostError(
        fmt::format("arm {} sets {} of a pid namespace, which Linux has since 6.14; this "
                    "is {}",
                    arm.name, kPidMax, host.release),
        "set it on the whole host of a throw-away VM: without scope, --host-limits");
  }
}

PidNamespace::PidNamespace(Site& site, const std::string& label, const Cgroup& group,
                           std::int64_t pid_max)
    : pid_max_(pid_max), init_(start_init(site, label, group, pid_max)) {}

SampleEvent PidNamespace::sample(std::int64_t frontends) const {
  constexpr std::int64_t kZeroAndInit = 2;
  return {.scope = std::string(to_string(LimitScope::pid_namespace)),
          .limit = std::string(kPidMax),
          .where = fmt::format("/proc/sys/kernel/pid_max in the pid namespace of {}", init_.pid()),
          .value = pid_max_,
          .tasks = frontends + kZeroAndInit,
          .pids_events = std::nullopt};
}

}  // namespace ceiling
