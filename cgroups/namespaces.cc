#include "cgroups/namespaces.h"

#include <string>
#include <vector>

#include "cgroups/control_file.h"

namespace ceiling {

bool in_first_pid_namespace(const std::filesystem::path& process) {
  std::error_code unreadable;
  const auto link = std::filesystem::read_symlink(process / "ns/pid", unreadable);
  return !unreadable && link == "pid:[4026531836]";
}

bool in_first_user_namespace(const std::filesystem::path& process) {
  const std::vector<std::string> map = words(read_file_if_there(process / "uid_map").value_or(""));
  return map == std::vector<std::string>{"0", "0", "4294967295"};
}

}  // namespace ceiling
