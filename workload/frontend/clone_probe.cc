#include "workload/frontend/clone_probe.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ceiling::frontend {

int clone_probe() {
  const long child = ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) ::_exit(0);
  if (child < 0) return errno;
  while (::waitpid(static_cast<pid_t>(child), nullptr, 0) < 0 && errno == EINTR) {
  }
  return 0;
}

}  // namespace ceiling::frontend
