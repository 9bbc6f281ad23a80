#pragma once

#include "harness/check/answer.h"

namespace ceiling {

/// The members of the values in a snapshot, once for writing and for reading. `visit(name, member)`
/// is called for each; names end in their unit where it is bytes.

template <typename Group, typename Visit>
void group_fields(Group& group, const Visit& visit) {
  visit("group", group.group);
  visit("file", group.file);
  visit("max", group.max);
  visit("current", group.current);
}

template <typename Heap, typename Visit>
void heap_fields(Heap& heap, const Visit& visit) {
  visit("free_at_least_bytes", heap.free_at_least);
  visit("free_at_most_bytes", heap.free_at_most);
  visit("per_thread_bytes", heap.per_thread);
  visit("first_use_bytes", heap.first_use);
}

template <typename Host, typename Visit>
void host_fields(Host& host, const Visit& visit) {
  visit("kernel", host.kernel);
  visit("hierarchy", host.hierarchy);
  visit("libc", host.libc);
  visit("other_kernel", host.other_kernel);
  visit("hidden", host.hidden);
  visit("tasks", host.tasks);
  visit("threads_max", host.threads_max);
  visit("pid_max", host.pid_max);
  visit("last_pid", host.last_pid);
  visit("pids_held", host.pids_held);
  visit("pids_counted", host.pids_counted);
  visit("first_pid_namespace", host.first_pid_namespace);
  visit("max_map_count", host.max_map_count);
  visit("overcommit_memory", host.overcommit_memory);
  visit("commit_limit_bytes", host.commit_limit);
  visit("committed_bytes", host.committed);
  visit("memory_bytes", host.memory);
  visit("user_reserve_bytes", host.user_reserve);
  visit("admin_reserve_bytes", host.admin_reserve);
}

template <typename Place, typename Visit>
void place_fields(Place& place, const Visit& visit) {
  visit("kind", place.kind);
  visit("name", place.name);
  visit("pid", place.pid);
  visit("uid", place.uid);
  visit("caps_exempt_nproc", place.caps_exempt_nproc);
  visit("caps_exempt_memlock", place.caps_exempt_memlock);
  visit("caps_admin", place.caps_admin);
  visit("first_user_namespace", place.first_user_namespace);
  visit("first_pid_namespace", place.first_pid_namespace);
  visit("pids_group", place.pids_group);
  visit("memory_group", place.memory_group);
  visit("pids", place.pids);
  visit("memory", place.memory);
  visit("no_pids", place.no_pids);
  visit("no_memory", place.no_memory);
  visit("ancestors_hidden", place.ancestors_hidden);
  visit("oom_kills", place.oom_kills);
  visit("nproc", place.nproc);
  visit("as_bytes", place.as);
  visit("data_bytes", place.data);
  visit("memlock_bytes", place.memlock);
  visit("nofile", place.nofile);
  visit("stack_bytes", place.stack);
  visit("uid_tasks", place.uid_tasks);
  visit("uid_tasks_from", place.uid_tasks_from);
  visit("vm_size_bytes", place.vm_size);
  visit("vm_data_bytes", place.vm_data);
  visit("vm_locked_bytes", place.vm_locked);
  visit("maps", place.maps);
  visit("has_heap", place.has_heap);
  visit("heap", place.heap);
  visit("descriptors", place.descriptors);
}

/// Origin::source is written by its name, by who calls this.
template <typename Setting, typename Visit>
void setting_fields(Setting& setting, const Visit& visit) {
  visit("limit", setting.limit);
  visit("scope", setting.scope);
  visit("source", setting.origin.source);
  visit("in_force", setting.origin.in_force);
  visit("file", setting.origin.file);
  visit("line", setting.origin.line);
  visit("text", setting.origin.text);
}

}  // namespace ceiling
