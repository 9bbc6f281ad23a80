#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "harness/keeper/host_settings.h"

namespace ceiling {

/// The files of all host settings below a folder, with the values of a small machine.
class FakeHostSettings {
 public:
  explicit FakeHostSettings(std::filesystem::path root) : root_(std::move(root)) {
    set("kernel.threads-max", 7702);
    set("kernel.pid_max", 32768);
    set("vm.max_map_count", 65530);
    set("vm.overcommit_memory", 0);
    set("vm.overcommit_kbytes", 0);
    set("vm.overcommit_ratio", 50);
  }

  void set(std::string_view name, std::int64_t value) const {
    const std::filesystem::path file = host_setting_file(name, root_);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << value << "\n";
  }
  std::int64_t get(std::string_view name) const { return read_host_setting(name, root_); }

 private:
  std::filesystem::path root_;
};

}  // namespace ceiling
