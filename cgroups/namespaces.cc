#include "cgroups/namespaces.h"

#include <string>
#include <vector>

#include "cgroups/control_file.h"

namespace ceiling {

namespace {

bool is_first(const std::filesystem::path& pid_namespace, std::error_code& unreadable) {
  return std::filesystem::read_symlink(pid_namespace, unreadable) == "pid:[4026531836]";
}

/// It has a number in the reader's namespace and in none below.
bool in_the_readers(const std::filesystem::path& process) {
  const auto status = read_file_if_there(process / "status");
  return words(value_of(status.value_or(""), "NSpid:").value_or("")).size() == 1;
}

}  // namespace

bool in_first_pid_namespace(const std::filesystem::path& process) {
  std::error_code unreadable;
  const bool first = is_first(process / "ns/pid", unreadable);
  if (unreadable != std::errc::permission_denied) return first;
  return in_the_readers(process) && is_first(process.parent_path() / "self/ns/pid", unreadable);
}

bool in_first_user_namespace(const std::filesystem::path& process) {
  const std::vector<std::string> map = words(read_file_if_there(process / "uid_map").value_or(""));
  return map == std::vector<std::string>{"0", "0", "4294967295"};
}

}  // namespace ceiling
