#include <gnu/libc-version.h>
#include <linux/capability.h>

#include <algorithm>

#include "cgroups/control_file.h"
#include "cgroups/namespaces.h"
#include "cgroups/read_facts.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

Reading read_number(const fs::path& file) {
  try {
    return seen(parse_count(read_file(file), file.string()));
  } catch (const Error& error) {
    return unseen(error.what());
  }
}

/// A line of /proc/meminfo, which says kB and means KiB.
Reading read_memory(const std::string& meminfo, const std::string& key) {
  const auto line = value_of(meminfo, key + ":");
  if (!line) return unseen("/proc/meminfo has no line " + key);
  return seen(parse_count(words(*line).at(0), key).value_or(0) * 1024);
}

/// proc_loadavg(5): the fourth field is runnable/all.
Reading read_tasks(const fs::path& file) {
  try {
    const std::vector<std::string> fields = words(read_file(file));
    const auto slash = fields.size() > 3 ? fields[3].find('/') : std::string::npos;
    if (slash == std::string::npos) return unseen(file.string() + " has no field 4 with a slash");
    return seen(parse_count(fields[3].substr(slash + 1), file.string() + " field 4"));
  } catch (const Error& error) {
    return unseen(error.what());
  }
}

/// gVisor shows the same line everywhere; WSL 1 has a capital M, WSL 2 is Linux.
std::string other_kernel(const std::string& version) {
  if (version.find("gVisor") != std::string::npos ||
      version.find("#1 SMP Sun Jan 10 15:06:54 PST 2016") != std::string::npos) {
    return "gVisor";
  }
  return version.find("-Microsoft ") != std::string::npos ? "WSL 1" : "";
}

/// The options hidepid and subset of proc(5), which bind who has no CAP_SYS_PTRACE.
std::string hidden_by(const std::string& mountinfo, const std::string& own_status) {
  const unsigned long long effective =
      std::stoull(value_of(own_status, "CapEff:").value_or("0"), nullptr, 16);
  if ((effective & 1ULL << CAP_SYS_PTRACE) != 0) return "";
  std::string hidden;
  for (std::size_t at = 0; at < mountinfo.size();) {
    const auto end = std::min(mountinfo.find('\n', at), mountinfo.size());
    const std::string line = mountinfo.substr(at, end - at);
    at = end + 1;
    if (line.find(" /proc ") == std::string::npos || line.find(" - proc ") == std::string::npos) {
      continue;
    }
    const auto option = line.find("hidepid=");
    const std::string value = option == std::string::npos ? "" : line.substr(option);
    const bool all =
        value.empty() || value.starts_with("hidepid=0") || value.starts_with("hidepid=off");
    hidden = all ? "" : value.substr(0, value.find_first_of(", "));
  }
  return hidden;
}

std::string hierarchy_name(const Hierarchy& hierarchy) {
  return hierarchy.mounted() ? std::string(to_string(hierarchy.mode())) : "none";
}

/// Every task has a number, and every process may be the last of a group and of a session whose
/// leaders have gone. /proc has a link for each process, proc_root_getattr() in fs/proc/root.c.
std::int64_t most_numbers_held(const fs::path& proc, std::int64_t tasks) {
  std::error_code unreadable;
  const auto links = fs::hard_link_count(proc, unreadable);
  const std::int64_t processes =
      unreadable ? tasks : std::min(tasks, static_cast<std::int64_t>(links));
  return tasks + 2 * processes;
}

}  // namespace

HostFacts read_host(const Hierarchy& hierarchy) {
  const fs::path proc = hierarchy.root() / "proc";
  const fs::path kernel = proc / "sys/kernel";
  HostFacts host;
  host.hierarchy = hierarchy_name(hierarchy);
  host.libc = std::string("glibc ") + ::gnu_get_libc_version();
  host.kernel = words(read_file_if_there(kernel / "osrelease").value_or("unknown")).at(0);
  host.other_kernel = other_kernel(read_file_if_there(proc / "version").value_or(""));
  host.hidden = hidden_by(read_file_if_there(proc / "self/mountinfo").value_or(""),
                          read_file_if_there(proc / "self/status").value_or(""));
  host.tasks = read_tasks(proc / "loadavg");
  host.threads_max = read_number(kernel / "threads-max");

  host.pid_max = read_number(kernel / "pid_max");
  host.last_pid = read_number(kernel / "ns_last_pid").number;
  host.first_pid_namespace = in_first_pid_namespace(proc / "self");
  host.pids_held = most_numbers_held(proc, host.tasks.number.value_or(0));

  const fs::path vm = proc / "sys/vm";
  const std::string meminfo = read_file_if_there(proc / "meminfo").value_or("");
  host.max_map_count = read_number(vm / "max_map_count");
  host.overcommit_memory = read_number(vm / "overcommit_memory");
  host.commit_limit = read_memory(meminfo, "CommitLimit");
  host.committed = read_memory(meminfo, "Committed_AS");
  host.memory = read_memory(meminfo, "MemTotal").number.value_or(0);
  host.user_reserve = read_number(vm / "user_reserve_kbytes").number.value_or(0) * 1024;
  host.admin_reserve = read_number(vm / "admin_reserve_kbytes").number.value_or(0) * 1024;
  return host;
}

}  // namespace ceiling
