#include "harness/inject/confinement.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include "cgroups/error.h"
#include "harness/inject/exported.h"

namespace ceiling {
namespace {

// By name: libseccomp knows which of them this architecture has.
constexpr std::array kDenied = {
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
    // mounts
    "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "swapon", "swapoff", "quotactl",
    "quotactl_fd",
    // kernel code, keys and instrumentation
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "add_key",
    "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd", "open_by_handle_at",
    "name_to_handle_at", "lookup_dcookie", "acct", "syslog", "iopl", "ioperm",
    // the host's state
    "reboot", "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "adjtimex",
    "sethostname", "setdomainname", "vhangup",
    // namespaces
    "unshare", "setns"};

}  // namespace

std::vector<sock_filter> confinement_filter() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> context(seccomp_init(SCMP_ACT_ALLOW),
                                                                 seccomp_release);
  if (!context) {
    throw Error("seccomp filter: cannot be made");
  }
  // A call by another ABI of the same machine (x32, i386) is numbered differently: refuse it whole.
  require_seccomp(seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)),
                  "foreign ABI");
  for (const char* name : kDenied) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number < 0) {  // not on this architecture, or newer than libseccomp
      continue;
    }
    require_seccomp(seccomp_rule_add(context.get(), SCMP_ACT_ERRNO(EPERM), number, 0), name);
  }
  return exported(context.get());
}

int load_filter(std::span<const sock_filter> filter) noexcept {
  sock_fprog program{};
  program.len = static_cast<unsigned short>(filter.size());
  program.filter = const_cast<sock_filter*>(filter.data());
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

}  // namespace ceiling
