#include "harness/check/subject.h"

#include <fmt/format.h>
#include <pwd.h>

#include <charconv>
#include <system_error>

#include "cgroups/control_file.h"
#include "cgroups/read_facts.h"
#include "harness/check/set_by.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

/// A process as long as it lives: its number may be given to another one. Field 22 of
/// /proc/PID/stat, after the name in parentheses.
std::optional<std::string> start_of(const fs::path& process) {
  const auto stat = read_file_if_there(process / "stat");
  if (!stat) return std::nullopt;
  const std::vector<std::string> fields = words(stat->substr(stat->rfind(')') + 1));
  return fields.size() > 19 ? fields[19] : "";
}

void check_process(const fs::path& process, std::int64_t pid) {
  const auto status = read_file_if_there(process / "status");
  if (!status) throw NoSuchTarget(fmt::format("there is no process {}", pid));
  const std::string leader = value_of(*status, "Tgid:").value_or(std::to_string(pid));
  if (leader != std::to_string(pid)) {
    throw NoSuchTarget(
        fmt::format("{} is a thread of process {}, expected a process", pid, leader));
  }
  const std::string state = value_of(*status, "State:").value_or("");
  if (state.starts_with('Z') || state.starts_with('X')) {
    throw NoSuchTarget(fmt::format("process {} has ended and waits to be reaped", pid));
  }
}

/// Reads while something stands there: `still_there` tells afterwards whether it did all the time.
template <typename Read, typename StillThere>
PlaceFacts read_while_there(const std::string& what, const Read& read,
                            const StillThere& still_there) {
  try {
    PlaceFacts place = read();
    if (still_there()) return place;
  } catch (const Error&) {
    if (still_there()) throw;
  }
  throw Vanished(what + " went while it was read");
}

PlaceFacts read_process_place(const Hierarchy& hierarchy, Target target) {
  const fs::path process = hierarchy.root() / "proc" / std::to_string(target.pid);
  const auto start = start_of(process);
  check_process(process, target.pid);
  return read_while_there(
      fmt::format("process {}", target.pid), [&] { return read_place(hierarchy, target); },
      [&] { return start && start_of(process) == start; });
}

PlaceFacts read_group_place(const Hierarchy& hierarchy, const Target& target) {
  if (hierarchy.controller("pids") == nullptr) {
    throw HostError("the pids controller is not available here, so no group of it is",
                    "name a process with --pid, or see ceiling doctor");
  }
  fs::path folder;
  try {
    folder = hierarchy.folder("pids", *target.group);
  } catch (const HostError& outside) {
    throw NoSuchTarget(outside.what());
  }
  const auto there = [&] {
    std::error_code unreadable;
    return fs::is_directory(folder, unreadable);
  };
  if (!there()) {
    throw NoSuchTarget(
        fmt::format("there is no group {}: no folder {}", *target.group, folder.string()));
  }
  return read_while_there(
      "group " + *target.group, [&] { return read_place(hierarchy, target); }, there);
}

/// User= of a unit is a name or a number. Nothing for a user that is made when the unit starts.
std::optional<uid_t> uid_of(const std::string& user) {
  if (user.empty()) return 0;
  uid_t number = 0;
  const auto [end, error] = std::from_chars(user.data(), user.data() + user.size(), number);
  if (error == std::errc{} && end == user.data() + user.size()) return number;
  const passwd* entry = ::getpwnam(user.c_str());
  return entry == nullptr ? std::nullopt : std::optional<uid_t>(entry->pw_uid);
}

PlaceFacts read_unit_at_start(const Hierarchy& hierarchy, const UnitState& unit,
                              const std::optional<uid_t>& wanted_uid) {
  const std::string group = existing_group(unit);
  PlaceFacts place = read_group_place(hierarchy, {.group = group});
  place_at_start(unit, hierarchy.folder("pids", group).string(), place);
  const auto uid = wanted_uid ? wanted_uid : uid_of(unit.user);
  constexpr uid_t kFirstDynamicUid = 61184;  // systemd.exec(5), DynamicUser=
  place.uid = uid.value_or(kFirstDynamicUid);
  if (!uid) place.nproc = unseen("user " + unit.user + " of the unit is not there yet");
  return place;
}

void check_unit(const UnitState& unit) {
  if (unit.load_state != "loaded") {
    throw NoSuchTarget(fmt::format("unit {} is not loaded: {}", unit.name, unit.load_state));
  }
  if (!unit.has_group) {
    throw NoSuchTarget(fmt::format(
        "unit {} has no processes, expected a service, scope, slice, socket, mount or swap",
        unit.name));
  }
}

PlaceFacts read_unit_place(const Hierarchy& hierarchy, const UnitState& unit, Target target) {
  check_unit(unit);
  PlaceFacts place;
  if (unit.main_pid != 0) {
    target.pid = static_cast<pid_t>(unit.main_pid);
    place = read_process_place(hierarchy, target);
  } else if (!unit.control_group.empty()) {
    target.group = unit.control_group;
    place = read_group_place(hierarchy, target);
  } else {
    place = read_unit_at_start(hierarchy, unit, target.uid);
  }
  place.kind = "unit";
  place.name = unit.name;
  return place;
}

}  // namespace

Subject read_subject(const Hierarchy& hierarchy, const Selector& selector, const ReadHow& how,
                     const AskUnit& ask_unit) {
  Target target;
  if (selector.uid) target.uid = static_cast<uid_t>(*selector.uid);
  Subject subject{.selector = selector, .facts = {read_host(hierarchy), {}}};
  UnitFiles files;
  switch (selector.kind) {
    case Selector::Kind::self:
      subject.facts.place = read_place(hierarchy, target);
      break;
    case Selector::Kind::pid:
      target.pid = static_cast<pid_t>(selector.pid);
      subject.facts.place = read_process_place(hierarchy, target);
      break;
    case Selector::Kind::cgroup:
      target.group = selector.name;
      subject.facts.place = read_group_place(hierarchy, target);
      break;
    case Selector::Kind::unit: {
      const UnitState unit = ask_unit(selector.name);
      subject.facts.place = read_unit_place(hierarchy, unit, target);
      files = {unit.name, unit.fragment, unit.drop_ins};
      break;
    }
  }
  const Question question{.stack = how.stack,
                          .probe = how.probe,
                          .count = how.count_all,
                          .needed = how.needed,
                          .threads_per_peer = how.threads_per_peer};
  const Headroom found = headroom(hierarchy, subject.facts, question);
  subject.facts = found.facts;
  find_settings(hierarchy.root(), found, files, subject);
  return subject;
}

}  // namespace ceiling
