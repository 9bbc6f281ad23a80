#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// A setting of the whole host that a run changes, by its name in sysctl(8). Stands in the run's
/// registry entry before it is changed.
struct HostSetting {
  std::string name;                ///< one of known_host_settings()
  std::vector<std::int64_t> ours;  ///< every value that the run may leave there
  std::int64_t previous = 0;       ///< before the run; Registry::add() reads it
  /// Every value between these as well, both inclusive: of a search, which does not know
  /// beforehand.
  std::int64_t from = 1;
  std::int64_t to = 0;

  bool may_be_ours(std::int64_t value) const;
};

/// The settings that a run may change, proc_sys_kernel(5) and proc_sys_vm(5). Nothing else is ever
/// written, whatever stands in a registry entry.
const std::vector<std::string_view>& known_host_settings();

/// The file of a setting, as in /proc/sys/kernel/threads-max. `root` is "/" or a fake tree. Throws
/// Error for a name that is not known.
std::filesystem::path host_setting_file(std::string_view name,
                                        const std::filesystem::path& root = "/");

/// Throws Error.
std::int64_t read_host_setting(std::string_view name, const std::filesystem::path& root = "/");
/// Throws Error, also where the kernel takes the value and keeps another.
void write_host_setting(std::string_view name, std::int64_t value,
                        const std::filesystem::path& root = "/");

/// What was, or would be, done about settings, a line each.
struct Restored {
  std::vector<std::string> done;
  std::vector<std::string> left_alone;  ///< somebody else changed it meanwhile
};

/// Puts back the value from before the run, in order, where one of the run's own stands; a value
/// that is neither is left alone. Idempotent. Needs no new process or thread, because the setting
/// may be the one that refuses them. All are tried; throws Error with those that failed.
Restored restore_host_settings(const std::vector<HostSetting>& settings, bool dry_run = false,
                               const std::filesystem::path& root = "/");

/// A value that is in force until restore() or the end of the scope. Taking it back needs no task;
/// where this process cannot any more, the keeper does.
class HeldHostSetting {
 public:
  /// `setting`: of the run's registry entry, with the value from before. Throws Error.
  HeldHostSetting(HostSetting setting, std::int64_t value);
  HeldHostSetting(const HeldHostSetting&) = delete;
  HeldHostSetting& operator=(const HeldHostSetting&) = delete;
  ~HeldHostSetting();  ///< as restore(), errors ignored

  /// A value of somebody else is left alone; the keeper's end tells it. Throws Error.
  void restore();

 private:
  HostSetting setting_;
};

}  // namespace ceiling
