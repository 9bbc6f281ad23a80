#include "cgroups/limits/rlimit_nproc.h"

#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "cgroups/namespaces.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

struct Owner {
  uid_t uid = 0;
  std::int64_t threads = 0;
  bool privileged = false;  ///< CAP_SYS_ADMIN or CAP_SYS_RESOURCE, in whatever user namespace
};

/// proc_pid_status(5); nothing where the process is gone.
std::optional<Owner> owner_of(const fs::path& process) {
  const std::optional<std::string> status = read_file_if_there(process / "status");
  if (!status) return std::nullopt;
  const auto uids = value_of(*status, "Uid:");
  const auto threads = value_of(*status, "Threads:");
  if (!uids || !threads) return std::nullopt;
  const std::string what = (process / "status").string();
  Owner owner;
  owner.uid = static_cast<uid_t>(parse_count(words(*uids).at(0), what).value_or(0));
  owner.threads = parse_count(*threads, what).value_or(0);
  const unsigned long long effective =
      std::stoull(value_of(*status, "CapEff:").value_or("0"), nullptr, 16);
  constexpr unsigned long long kExempt = 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SYS_RESOURCE;
  owner.privileged = (effective & kExempt) != 0;
  return owner;
}

std::int64_t visible_tasks_of(uid_t uid, const fs::path& proc) {
  std::int64_t tasks = 0;
  for (const int pid : numbered_entries(proc)) {
    const std::optional<Owner> owner = owner_of(proc / std::to_string(pid));
    if (owner && owner->uid == uid) tasks += owner->threads;
  }
  return tasks;
}

}  // namespace

Limit rlimit_nproc_limit(pid_t pid, std::optional<uid_t> uid, const fs::path& root) {
  const fs::path proc = root / "proc";
  const fs::path process = proc / (pid == 0 ? "self" : std::to_string(pid));
  const std::optional<Owner> owner = owner_of(process);
  const auto limits = read_file_if_there(process / "limits");
  if (!owner || !limits) throw Error("process " + std::to_string(pid) + " is gone");
  const auto nproc = value_of(*limits, "Max processes");
  if (!nproc) throw Error((process / "limits").string() + " has no line 'Max processes'");

  const uid_t counted = uid.value_or(owner->uid);
  const bool first = in_first_user_namespace(process);
  Limit row;
  row.name = "RLIMIT_NPROC";
  row.scope = "uid " + std::to_string(counted);
  row.where = (process / "limits").string();
  row.value = parse_count(words(*nproc).at(0), row.where);
  row.used = visible_tasks_of(counted, proc);
  row.refusal_errno = EAGAIN;
  row.applies = !(first && (counted == 0 || (!uid && owner->privileged)));
  if (row.applies && row.value) {
    row.threads_left = std::max<std::int64_t>(0, *row.value - row.used);
  }
  if (!row.applies) {
    row.note = counted == 0 ? "uid 0 is exempt" : "exempt by its capabilities";
  } else if (!first || !in_first_pid_namespace(process)) {
    row.exact = false;
    row.note = "tasks of this uid in other namespaces count too and cannot be seen";
  }
  return row;
}

}  // namespace ceiling
