#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "harness/configs/origin.h"

namespace ceiling {

/// The line that set the sysctl `name` ("kernel.threads-max") to `value`, the value in force.
///
/// Read are /etc/sysctl.d, /run/sysctl.d, /usr/local/lib/sysctl.d, /usr/lib/sysctl.d and
/// /lib/sysctl.d as sysctl.d(5) has them, then /etc/sysctl.conf as sysctl(8) --system does; where
/// the value is that of the folders alone, as systemd-sysctl leaves it, that line is named. A line
/// with another value is named with both values and `in_force` false. Without a line: the kernel's
/// default where it is known and holds (kernel.threads-max by /proc/meminfo to within 2 %,
/// kernel.pid_max by /sys/devices/system/cpu/possible, vm.max_map_count, vm.overcommit_memory),
/// else nothing.
Origin sysctl_origin(const std::filesystem::path& root, std::string_view name, std::int64_t value);

}  // namespace ceiling
