#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "cgroups/limits/rlimit_nproc.h"
#include "cgroups/namespaces.h"

namespace ceiling {
namespace {

/// What the probing child found. `step` is where it failed, kNone where it did not.
struct Finding {
  enum Step { kNone, kBecome, kLimit, kFork } step = kNone;
  int error = 0;
  rlim_t smallest = 0;  ///< soft limit at which fork works
};

/// From here to probe(): in the child of a process that may have threads, so async-signal-safe
/// only.

/// 0, or the errno of the refusal.
int try_fork(rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0) return errno;
  const pid_t pid = ::_Fork();
  if (pid < 0) return errno;
  if (pid == 0) ::_exit(0);
  // Reaped at once: a zombie is still counted.
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
  return 0;
}

Finding bisect(uid_t uid) {
  if (::getuid() != uid && (::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0)) {
    return {Finding::kBecome, errno, 0};
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NPROC, &limit) != 0) return {Finding::kLimit, errno, 0};
  const rlim_t hard = limit.rlim_max;
  // The kernel never has more tasks than PID_MAX_LIMIT, 2^22.
  rlim_t works = std::min<rlim_t>(hard, rlim_t{1} << 22);
  if (const int error = try_fork(works, hard); error != 0) return {Finding::kFork, error, works};
  rlim_t refused = 1;  // ourselves: with a limit of 1 there is no room for a child
  if (try_fork(refused, hard) == 0) return {Finding::kNone, 0, 0};
  while (works - refused > 1) {
    const rlim_t middle = refused + (works - refused) / 2;
    (try_fork(middle, hard) == 0 ? works : refused) = middle;
  }
  return {Finding::kNone, 0, works};
}

[[noreturn]] void probe(uid_t uid, int answer) {
  ::signal(SIGCHLD, SIG_DFL);
  const Finding finding = bisect(uid);
  const ssize_t written = ::write(answer, &finding, sizeof finding);
  ::_exit(written == sizeof finding ? 0 : 1);
}

}  // namespace

std::int64_t count_by_fork_probe(uid_t uid) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const pid_t child = ::_Fork();
  if (child < 0) throw Error("the fork probe could not start: " + std::string(strerror(errno)));
  if (child == 0) probe(uid, write_end.get());
  write_end = {};
  Finding finding;
  const ssize_t got = ::read(read_end.get(), &finding, sizeof finding);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) continue;
  if (got != sizeof finding) throw Error("the fork probe ended without an answer");

  const std::string who = "uid " + std::to_string(uid);
  const std::string why = std::generic_category().message(finding.error);
  if (finding.step == Finding::kBecome) {
    throw HostError("cannot count as " + who + ": " + why, "start as root, or as that user");
  }
  if (finding.step != Finding::kNone) {
    throw Error("cannot count for " + who + ": fork is refused at the hard limit too (" + why +
                ")");
  }
  if (finding.smallest == 0) {
    throw HostError(who + " is exempt from RLIMIT_NPROC here", "count for an unprivileged uid");
  }
  // The limit that lets one more in, less that one, less the probing process.
  return static_cast<std::int64_t>(finding.smallest) - 2;
}

}  // namespace ceiling
