#include "harness/check/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/experiment/experiment.h"
#include "harness/experiment/tree.h"

namespace ceiling {
namespace {

constexpr std::int64_t kLastPid = 4'194'304;      // PID_MAX_LIMIT
constexpr std::int64_t kLastUid = 4'294'967'294;  // -1 is no uid
constexpr std::int64_t kLeastStack = 16'384;      // PTHREAD_STACK_MIN on x86-64
constexpr std::int64_t kMostStack = 1LL << 47;    // TASK_SIZE on x86-64
constexpr std::size_t kLongestUnit = 255;         // UNIT_NAME_MAX
constexpr std::size_t kLongestPath = 4096;        // PATH_MAX

[[noreturn]] void refuse(const std::string& option, const std::string& text) {
  throw BadInput(option, {Finding{.line = 0, .column = 0, .text = text}});
}

void check_range(std::int64_t number, std::int64_t least, std::int64_t most,
                 const std::string& option) {
  if (number >= least && number <= most) return;
  refuse(option, fmt::format("found {}, expected {} to {}", number, least, most));
}

/// systemd.unit(5).
constexpr std::array<std::string_view, 11> kSuffixes = {
    ".service", ".socket", ".device", ".mount", ".automount", ".swap",
    ".target",  ".path",   ".timer",  ".slice", ".scope"};

bool has_suffix(const std::string& name) {
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

bool is_unit_name(const std::string& name) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
  return !name.empty() && name.size() <= kLongestUnit &&
         name.find_first_not_of(kLetters) == std::string::npos;
}

/// Absolute, and without "//", "." and "..", which the kernel never shows.
bool is_group_path(const std::string& path) {
  if (path.empty() || path.front() != '/' || path.size() > kLongestPath) return false;
  if (path == "/") return true;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view part = std::string_view(path).substr(at + 1, end - at - 1);
    if (part.empty() || part == "." || part == "..") return false;
    at = end;
  }
  return path.find('\0') == std::string::npos;
}

}  // namespace

std::string Selector::text() const {
  const std::string as = uid ? fmt::format(" as uid {}", *uid) : "";
  switch (kind) {
    case Kind::self:
      return "self" + as;
    case Kind::pid:
      return fmt::format("pid {}{}", pid, as);
    case Kind::unit:
      return "unit " + name + as;
    case Kind::cgroup:
      break;
  }
  return "cgroup " + name + as;
}

Selector pid_selector(std::int64_t pid, const std::string& option) {
  check_range(pid, 1, kLastPid, option);
  return {.kind = Selector::Kind::pid, .pid = pid, .name = ""};
}

Selector unit_selector(const std::string& name, const std::string& option) {
  if (!is_unit_name(name)) {
    refuse(option, "found " + ceiling::quoted(name) +
                       ", expected the name of a unit of systemd, as in demo.service");
  }
  return {.kind = Selector::Kind::unit, .name = has_suffix(name) ? name : name + ".service"};
}

Selector cgroup_selector(const std::string& path, const std::string& option) {
  const bool slash_at_end = path.size() > 1 && path.back() == '/';
  const std::string group = slash_at_end ? path.substr(0, path.size() - 1) : path;
  if (!is_group_path(group)) {
    refuse(option, "found " + ceiling::quoted(path) +
                       ", expected the path of a group as in /proc/PID/cgroup: /, or /a/b");
  }
  return {.kind = Selector::Kind::cgroup, .name = group};
}

void check_uid(std::int64_t uid, const std::string& option) {
  check_range(uid, 0, kLastUid, option);
}

void check_stack(std::int64_t bytes, const std::string& option) {
  if (bytes >= kLeastStack && bytes <= kMostStack) return;
  refuse(option, fmt::format("found {} bytes, expected {} (PTHREAD_STACK_MIN) to {}", bytes,
                             kLeastStack, kMostStack));
}

}  // namespace ceiling
