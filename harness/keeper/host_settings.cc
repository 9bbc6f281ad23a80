#include "harness/keeper/host_settings.h"

#include <algorithm>
#include <utility>

#include "cgroups/control_file.h"
#include "cgroups/error.h"

namespace ceiling {
namespace {

/// "sets kernel.threads-max from 300 to 7702", or nothing where there is nothing to do.
void restore(const HostSetting& setting, bool dry_run, const std::filesystem::path& root,
             Restored& restored) {
  const std::int64_t now = read_host_setting(setting.name, root);
  if (now == setting.previous) return;
  const std::string before = std::to_string(setting.previous);
  if (!setting.may_be_ours(now)) {
    restored.left_alone.push_back(setting.name + " is " + std::to_string(now) +
                                  ", which the run did not set: left alone; it was " + before +
                                  " before the run");
    return;
  }
  if (!dry_run) write_host_setting(setting.name, setting.previous, root);
  restored.done.push_back((dry_run ? "would restore " : "restored ") + setting.name + " from " +
                          std::to_string(now) + " to " + before);
}

}  // namespace

bool HostSetting::may_be_ours(std::int64_t value) const {
  return (from <= value && value <= to) || std::find(ours.begin(), ours.end(), value) != ours.end();
}

const std::vector<std::string_view>& known_host_settings() {
  static const std::vector<std::string_view> names = {
      "kernel.threads-max",   "kernel.pid_max",       "vm.max_map_count",
      "vm.overcommit_memory", "vm.overcommit_kbytes", "vm.overcommit_ratio"};
  return names;
}

std::filesystem::path host_setting_file(std::string_view name, const std::filesystem::path& root) {
  const auto& known = known_host_settings();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw Error("\"" + std::string(name) + "\" is no setting that a run may change");
  }
  const std::size_t dot = name.find('.');
  return root / "proc/sys" / name.substr(0, dot) / name.substr(dot + 1);
}

std::int64_t read_host_setting(std::string_view name, const std::filesystem::path& root) {
  const std::filesystem::path file = host_setting_file(name, root);
  const auto value = parse_count(read_file(file), file.string());
  if (!value) throw Error(file.string() + " holds no number");
  return *value;
}

void write_host_setting(std::string_view name, std::int64_t value,
                        const std::filesystem::path& root) {
  const std::filesystem::path file = host_setting_file(name, root);
  write_file(file, std::to_string(value) + "\n");
  if (const std::int64_t now = read_host_setting(name, root); now != value) {
    throw Error("the kernel keeps " + file.string() + " at " + std::to_string(now) + " when told " +
                std::to_string(value));
  }
}

Restored restore_host_settings(const std::vector<HostSetting>& settings, bool dry_run,
                               const std::filesystem::path& root) {
  Restored restored;
  std::string failed;
  for (const HostSetting& setting : settings) {
    try {
      restore(setting, dry_run, root, restored);
    } catch (const Error& error) {
      failed += (failed.empty() ? "" : "; ") + std::string(error.what());
    }
  }
  if (!failed.empty()) throw Error("not restored: " + failed);
  return restored;
}

HeldHostSetting::HeldHostSetting(HostSetting setting, std::int64_t value)
    : setting_(std::move(setting)) {
  try {
    write_host_setting(setting_.name, value);
  } catch (...) {
    restore_host_settings({setting_});
    throw;
  }
}

HeldHostSetting::~HeldHostSetting() {
  try {
    restore();
  } catch (const std::exception&) {
    // The keeper tries again.
  }
}

void HeldHostSetting::restore() {
  restore_host_settings({setting_});
}

}  // namespace ceiling
