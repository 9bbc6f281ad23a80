#include "harness/keeper/processes.h"

#include <string>

#include "cgroups/control_file.h"

namespace ceiling {
namespace {

// Read whole, because a process may end at any moment; ESRCH then.
std::optional<std::vector<std::string>> stat_fields(pid_t pid) {
  const auto text = read_file_if_there("/proc/" + std::to_string(pid) + "/stat");
  // Field 2 is the name, in parentheses that it may itself contain.
  const std::size_t name_end = text ? text->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) {
    return std::nullopt;
  }
  return words(std::string_view(*text).substr(name_end + 1));
}

}  // namespace

std::optional<ProcessStat> stat_of(pid_t pid) {
  constexpr std::size_t kState = 3 - 3;
  constexpr std::size_t kStarted = 22 - 3;
  const auto fields = stat_fields(pid);
  if (!fields || fields->size() <= kStarted) {
    return std::nullopt;
  }
  return ProcessStat{fields->at(kState).front(), std::stoull(fields->at(kStarted))};
}

bool lives(pid_t pid, std::uint64_t started) {
  const auto stat = stat_of(pid);
  return pid > 0 && stat && stat->started == started && stat->state != 'Z' && stat->state != 'X';
}

std::vector<pid_t> children_of(pid_t pid) {
  constexpr std::size_t kParent = 4 - 3;
  std::vector<pid_t> children;
  for (const int candidate : numbered_entries("/proc")) {
    const auto fields = stat_fields(candidate);
    if (fields && fields->size() > kParent && fields->at(kParent) == std::to_string(pid)) {
      children.push_back(candidate);
    }
  }
  return children;
}

}  // namespace ceiling
