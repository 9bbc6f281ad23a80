#include "cgroups/clear.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "cgroups/control_file.h"
#include "cgroups/descriptor.h"
#include "cgroups/error.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

/// Processes signalled per group and pass: bounds our descriptors, the next pass takes the rest.
constexpr std::size_t kBatch = 256;

void add_tree(const fs::path& folder, std::vector<fs::path>& tree) {
  std::error_code gone;
  for (fs::directory_iterator entry(folder, gone), end; !gone && entry != end;
       entry.increment(gone)) {
    std::error_code unknown;
    if (entry->is_directory(unknown)) add_tree(entry->path(), tree);
  }
  if (fs::exists(folder)) tree.push_back(folder);
}

/// The groups and everything below, children before their parents.
std::vector<fs::path> tree_of(const std::vector<fs::path>& folders) {
  std::vector<fs::path> tree;
  for (const fs::path& folder : folders) add_tree(folder, tree);
  return tree;
}

std::vector<pid_t> processes_in(const fs::path& folder) {
  std::vector<pid_t> found;
  try {
    for (const std::string& word :
         words(read_file_if_there(folder / "cgroup.procs").value_or(""))) {
      found.push_back(static_cast<pid_t>(parse_count(word, "cgroup.procs").value_or(0)));
    }
  } catch (const FileError& error) {
    // A threaded group: its processes are listed in the domain group above.
    if (error.number() != EOPNOTSUPP) throw;
  }
  return found;
}

/// Writes where the file is; a kernel without it, or a group of another kind, is no error.
void write_if_there(const fs::path& file, std::string_view text) {
  try {
    write_file(file, text);
  } catch (const FileError& error) {
    const int number = error.number();
    if (number != ENOENT && number != ENODEV && number != EOPNOTSUPP) throw;
  }
}

/// SIGKILL to the processes of one group. A number may be reused between the list and the signal:
/// a number that is listed again after its pidfd was opened means the process that the pidfd means.
std::vector<Descriptor> signal_all(const fs::path& folder) {
  std::vector<std::pair<pid_t, Descriptor>> opened;
  for (const pid_t pid : processes_in(folder)) {
    if (opened.size() == kBatch) break;
    Descriptor descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (descriptor) opened.emplace_back(pid, std::move(descriptor));
  }
  std::vector<Descriptor> signalled;
  if (opened.empty()) return signalled;
  const std::vector<pid_t> list = processes_in(folder);
  const std::set<pid_t> still(list.begin(), list.end());
  for (auto& [pid, descriptor] : opened) {
    if (!still.contains(pid)) continue;
    ::syscall(SYS_pidfd_send_signal, descriptor.get(), SIGKILL, nullptr, 0);
    signalled.push_back(std::move(descriptor));
  }
  return signalled;
}

void await_end(const std::vector<Descriptor>& processes, Deadline until) {
  for (const Descriptor& process : processes) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    pollfd ended{process.get(), POLLIN, 0};
    ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
  }
}

void kill_once(const std::vector<fs::path>& folders, Deadline until) {
  for (const fs::path& folder : folders) write_if_there(folder / "cgroup.kill", "1");
  std::vector<Descriptor> signalled;
  for (const fs::path& group : tree_of(folders)) {
    std::vector<Descriptor> more = signal_all(group);
    std::move(more.begin(), more.end(), std::back_inserter(signalled));
    // Thawed after the signal, so that a v1 frozen task meets it first.
    write_if_there(group / "freezer.state", "THAWED");
    write_if_there(group / "cgroup.freeze", "0");
  }
  await_end(signalled, until);
}

std::vector<pid_t> all_processes(const std::vector<fs::path>& folders) {
  std::vector<pid_t> all;
  for (const fs::path& group : tree_of(folders)) {
    const std::vector<pid_t> here = processes_in(group);
    all.insert(all.end(), here.begin(), here.end());
  }
  return all;
}

/// True when it is gone; false when the kernel says that it is busy.
bool remove_once(const fs::path& folder) {
  if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) return true;
  if (errno != EBUSY) throw FileError("rmdir", folder, errno);
  return false;
}

}  // namespace

void end_all(const std::vector<fs::path>& folders, Deadline until) {
  const std::vector<pid_t> present = all_processes(folders);
  if (std::find(present.begin(), present.end(), ::getpid()) != present.end()) {
    throw Error("asked to end the group that the caller itself stands in: " +
                folders.front().string());
  }
  for (const fs::path& folder : folders) write_if_there(folder / "pids.max", "0");
  while (true) {
    kill_once(folders, until);
    const std::vector<pid_t> left = all_processes(folders);
    if (left.empty()) return;
    if (steady_clock::now() >= until) {
      throw Error(std::to_string(left.size()) + " processes would not end in " +
                  folders.front().string() + ", one of them " + std::to_string(left.front()));
    }
    std::this_thread::yield();
  }
}

void remove_all(const std::vector<fs::path>& folders, Deadline until) {
  while (true) {
    bool busy = false;
    for (const fs::path& group : tree_of(folders)) busy |= !remove_once(group);
    const auto left = std::find_if(folders.begin(), folders.end(),
                                   [](const fs::path& folder) { return fs::exists(folder); });
    if (left == folders.end()) return;
    if (steady_clock::now() >= until) {
      throw Error("control group " + left->string() + " could not be removed" +
                  (busy ? ": it is busy" : ""));
    }
    // An emptied group stays busy for a moment, and v1 has no event for its end.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace ceiling
