#include "cgroups/unified.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cgroups/control_file.h"
#include "cgroups/error.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDelegate =
    "start in a group of its own: sudo systemd-run --scope -p Delegate=yes ceiling ...";

/// PPid by PPid up from `pid`, proc_pid_status(5). A process that is gone descends from nobody.
bool descends_from(const fs::path& proc, pid_t ancestor, pid_t pid) {
  while (pid > 1 && pid != ancestor) {
    const auto status = read_file_if_there(proc / std::to_string(pid) / "status");
    const auto parent = status ? value_of(*status, "PPid:") : std::nullopt;
    pid = parent ? static_cast<pid_t>(parse_count(*parent, "PPid").value_or(0)) : 0;
  }
  return pid == ancestor;
}

/// True where `folder` may hold no process itself when its children are to have those of `wanted`
/// that it has. The root group alone may, and it is the one without a cgroup.type.
bool must_be_empty(const fs::path& folder, const std::vector<std::string>& wanted) {
  const std::vector<std::string> available = words(read_file(folder / "cgroup.controllers"));
  const bool any = std::any_of(available.begin(), available.end(), [&](const std::string& name) {
    return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  });
  return any && fs::exists(folder / "cgroup.type");
}

/// The processes of `folder`, all of them the caller or its descendants, else HostError.
std::vector<std::string> own_processes(const fs::path& folder, const fs::path& proc) {
  std::vector<std::string> here = words(read_file(folder / "cgroup.procs"));
  const auto stranger = std::find_if(here.begin(), here.end(), [&](const std::string& process) {
    const auto pid = static_cast<pid_t>(parse_count(process, "cgroup.procs").value_or(0));
    return !descends_from(proc, ::getpid(), pid);
  });
  if (stranger == here.end()) return here;
  throw HostError("process " + *stranger + " stands in " + folder.string() +
                      ", so no controller can be enabled below it",
                  kDelegate);
}

}  // namespace

bool is_unified(const fs::path& folder) {
  return fs::exists(folder / "cgroup.controllers");
}

void check_below_caller(const fs::path& folder, const std::vector<std::string>& wanted,
                        const fs::path& proc) {
  if (must_be_empty(folder, wanted)) own_processes(folder, proc);
}

void enable_for_children(const fs::path& folder, const std::vector<std::string>& wanted) {
  const std::vector<std::string> available = words(read_file(folder / "cgroup.controllers"));
  const std::vector<std::string> enabled = words(read_file(folder / "cgroup.subtree_control"));
  const auto in = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  std::string change;
  for (const std::string& controller : wanted) {
    if (in(available, controller) && !in(enabled, controller)) change += "+" + controller + " ";
  }
  if (!change.empty()) write_file(folder / "cgroup.subtree_control", change);
}

void move_to_leaf(const fs::path& folder, const std::string& leaf, const fs::path& proc) {
  const std::vector<std::string> here = own_processes(folder, proc);
  if (here.empty()) return;
  if (::mkdir((folder / leaf).c_str(), 0755) != 0 && errno != EEXIST) {
    throw FileError("mkdir", folder / leaf, errno);
  }
  for (const std::string& process : here) {
    try {
      write_file(folder / leaf / "cgroup.procs", process);
    } catch (const FileError& error) {
      if (error.number() != ESRCH) throw;  // it ended meanwhile
    }
  }
}

void enable_below_caller(const fs::path& folder, const std::vector<std::string>& wanted,
                         const std::string& leaf, const fs::path& proc) {
  // A descendant may fork between the look and the move, so once is not always enough.
  for (int attempt = 0;; ++attempt) {
    try {
      // Not only when the kernel says EBUSY: threaded controllers, and pids is one, are enabled
      // beside processes without a word, and no process can enter the groups below then.
      if (must_be_empty(folder, wanted)) move_to_leaf(folder, leaf, proc);
      return enable_for_children(folder, wanted);
    } catch (const FileError& error) {
      if (error.number() == EACCES || error.number() == EPERM) {
        throw HostError(error.what(), kDelegate);
      }
      if (error.number() != EBUSY || attempt == 5) throw;
    }
  }
}

}  // namespace ceiling
