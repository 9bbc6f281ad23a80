#include "harness/spawn/child.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

// Boost 1.81 forgets two of its own headers when it is asked for std::filesystem.
#include <boost/optional.hpp>
#include <boost/type_traits/decay.hpp>
#define BOOST_PROCESS_USE_STD_FS
#include <boost/process/v2/posix/default_launcher.hpp>

#include "harness/inject/confinement.h"

namespace ceiling {
namespace {

namespace process = boost::process::v2;

/// What the child writes before it gives up.
struct Report {
  Step step;
  int error;
};

/// Boost's launcher with the parts replaced that library-pitfalls are about: it keeps Boost's
/// argument building and hooks, starts an open program by execveat, hears from the child which step
/// failed, and reaps a child that did.
class ChildLauncher : public process::posix::default_launcher {
 public:
  Step step = Step::fork;  ///< set by the hooks, in the child
  int program = -1;        ///< both move when descriptors are placed, in the child
  int report = -1;
  bool stays = false;    ///< what was forked is all that is wanted
  bool by_path = false;  ///< scripts too

  template <typename... Inits>
  Started start(const std::string& path, const std::vector<std::string>& arguments,
                Inits&&... inits) {
    const std::filesystem::path executable(path);
    const char* const* argv = build_argv_(executable, arguments);
    pipe_guard reports;
    if (::pipe2(reports.p, O_CLOEXEC) != 0) {
      return {-1, Step::fork, errno};
    }
    pid = ::fork();
    if (pid < 0) {
      return {-1, Step::fork, errno};
    }
    if (pid == 0) {
      report = reports.p[1];
      become(executable, argv, inits...);
    }
    ::close(std::exchange(reports.p[1], -1));
    return outcome(reports.p[0]);
  }

 private:
  // Between fork and exec: async-signal-safe calls only.
  template <typename... Inits>
  [[noreturn]] void become(const std::filesystem::path& executable, const char* const*& argv,
                           Inits&... inits) {
    int error = process::posix::detail::on_exec_setup(*this, executable, argv, inits...).value();
    if (error == 0 && stays) {
      ::close_range(3, ~0U, 0);  // where an exec would have closed them
      for (;;) ::pause();
    }
    if (error == 0) {
      step = Step::exec;
      if (by_path) {
        ::execve(executable.c_str(), const_cast<char* const*>(argv), const_cast<char* const*>(env));
      } else {
        ::syscall(SYS_execveat, program, "", argv, env, AT_EMPTY_PATH);
      }
      error = errno;
    }
    const Report failure{step, error};
    const ssize_t written = ::write(report, &failure, sizeof failure);
    ::_exit(written == sizeof failure ? 127 : 126);
  }

  // The pipe closes at exec; until then only a failure speaks.
  Started outcome(int reports) const {
    Report failure{};
    ssize_t size = 0;
    do {
      size = ::read(reports, &failure, sizeof failure);
    } while (size < 0 && errno == EINTR);
    if (size != sizeof failure) {
      return {pid, Step::exec, 0};
    }
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return {-1, failure.step, failure.error};
  }
};

/// One step of the child as a Boost.Process initialiser. `run` returns 0 or an errno.
template <typename Run>
struct SetUp {
  Step step;
  Run run;

  process::error_code on_exec_setup(ChildLauncher& launcher, const std::filesystem::path&,
                                    const char* const*&) {
    launcher.step = step;
    return {run(), process::system_category()};
  }
};
template <typename Run>
SetUp(Step, Run) -> SetUp<Run>;

int error_of(long result) {
  return result < 0 ? errno : 0;
}

int join_groups(std::span<const Descriptor> groups) {
  for (const Descriptor& group : groups) {
    if (::write(group.get(), "0", 1) != 1) {
      return errno;
    }
  }
  return 0;
}

// Ignored signals and the mask outlive exec, see signal(7).
int new_session() {
  for (int number = 1; number < NSIG; ++number) {
    ::signal(number,
             SIG_DFL);  // refused for SIGKILL, SIGSTOP and glibc's own, which nobody ignores
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  return error_of(::setsid());
}

/// Room for moving descriptors, made before fork.
struct Placement {
  std::vector<std::pair<int, int>> moves;  ///< number in the child, ours
  int above = 3;                           ///< first number that no move ends on

  explicit Placement(const std::vector<std::pair<int, Descriptor>>& descriptors) {
    std::map<int, int> wanted{{0, 0}, {1, 1}, {2, 2}};
    for (const auto& [number, ours] : descriptors) {
      wanted[number] = ours.get();
    }
    moves.assign(wanted.begin(), wanted.end());
    above = moves.back().first + 1;
  }
};

// First everything out of the way, so that no move overwrites what a later one needs.
int place_descriptors(Placement& placement, ChildLauncher& launcher) {
  const auto out_of_the_way = [&placement](int& number) {
    const int moved = ::fcntl(number, F_DUPFD_CLOEXEC, placement.above);
    number = moved < 0 ? number : moved;
    return moved >= 0;
  };
  if (!out_of_the_way(launcher.report) || (!launcher.stays && !out_of_the_way(launcher.program))) {
    return errno;
  }
  for (auto& [number, ours] : placement.moves) {
    if (!out_of_the_way(ours)) {
      return errno;
    }
  }
  if (::close_range(0, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    return errno;
  }
  for (const auto& [number, ours] : placement.moves) {
    if (::dup2(ours, number) < 0) {
      return errno;
    }
  }
  return 0;
}

// Raw calls: glibc's wrappers signal the other threads of a process, which a forked child has not.
int take_groups(const std::vector<gid_t>& groups) {
  return error_of(::syscall(SYS_setgroups, groups.size(), groups.data()));
}
int take_gid(gid_t id) {
  return error_of(::syscall(SYS_setresgid, id, id, id));
}
int take_uid(const std::optional<uid_t>& id) {
  return id ? error_of(::syscall(SYS_setresuid, *id, *id, *id)) : 0;
}

int set_rlimits(std::span<const std::pair<int, rlim_t>> rlimits) {
  for (const auto& [resource, value] : rlimits) {
    const rlimit limit{value, value};
    if (::syscall(SYS_prlimit64, 0, resource, &limit, nullptr) != 0) {
      return errno;
    }
  }
  return 0;
}

/// Where children are born, from enter() to the end of the scope: setns(2) turns only them.
class Birthplace {
 public:
  /// Of a process, or a new one; 0 or an errno.
  int enter(int pidfd) {
    return turn([pidfd] { return ::setns(pidfd, CLONE_NEWPID); });
  }
  int enter_new() {
    return turn([] { return ::unshare(CLONE_NEWPID); });
  }
  ~Birthplace() {
    if (away_ && ::setns(own_.get(), CLONE_NEWPID) != 0) ::abort();
  }

 private:
  template <typename Away>
  int turn(Away away) {
    own_ = Descriptor(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
    if (!own_) return errno;  // there would be no way back
    const int error = error_of(away());
    away_ = error == 0;
    return error;
  }

  Descriptor own_;
  bool away_ = false;
};

/// Of the pid namespace that we are in, since 6.14; before, of the host.
int set_pid_max(const std::string& value) {
  const int file = ::open("/proc/sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t written = ::write(file, value.data(), value.size());
  const int error = written < 0 ? errno : 0;
  ::close(file);
  return error;
}

// After the ids: changing them clears it, see PR_SET_PDEATHSIG(2const). From within another pid
// namespace `parent` is 0 whoever it is, so one that died a moment ago is not noticed there.
int die_with(pid_t parent) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
    return errno;
  }
  return ::getppid() == parent ? 0 : ESRCH;
}

}  // namespace

std::string_view to_string(Step step) {
  static constexpr std::array<std::string_view, 17> kNames = {"receive descriptors",
                                                              "open program",
                                                              "enter pid namespace",
                                                              "fork",
                                                              "join group",
                                                              "new session",
                                                              "place descriptors",
                                                              "chdir",
                                                              "drop groups",
                                                              "set gid",
                                                              "set uid",
                                                              "set rlimit",
                                                              "set parent death signal",
                                                              "set no_new_privs",
                                                              "seccomp filter",
                                                              "set pid_max",
                                                              "exec"};
  return kNames.at(static_cast<std::size_t>(step));
}

Started start_child(const ChildPlan& plan, std::span<const sock_filter> filter) {
  // (uid_t)-1 means "leave it" to setresuid: the child would stay root.
  if (plan.uid == static_cast<uid_t>(-1)) {
    return {-1, Step::uid, EINVAL};
  }
  const Descriptor program(::open(plan.program.c_str(), O_PATH | O_CLOEXEC));
  if (!program) {
    return {-1, Step::open, errno};
  }
  std::vector<std::string> assignments;
  for (const auto& [name, value] : plan.environment) {
    assignments.push_back(name + "=" + value);
  }
  std::vector<const char*> environment;
  for (const std::string& assignment : assignments) {
    environment.push_back(assignment.c_str());
  }
  environment.push_back(nullptr);

  const Surroundings around = plan.surroundings.value_or(Surroundings{});
  Placement placement(plan.descriptors);
  Birthplace birthplace;
  if (plan.pid_namespace) {
    if (const int error = birthplace.enter(plan.pid_namespace.get())) {
      return {-1, Step::pid_namespace, error};
    }
  }
  const pid_t parent = plan.pid_namespace ? 0 : ::getpid();
  ChildLauncher launcher;
  launcher.env = environment.data();
  launcher.program = program.get();
  launcher.by_path = plan.surroundings.has_value();
  return launcher.start(
      plan.program, plan.arguments,  //
      SetUp{Step::join, [&] { return join_groups(plan.join); }},
      SetUp{Step::session, [] { return new_session(); }},
      SetUp{Step::descriptors, [&] { return place_descriptors(placement, launcher); }},
      SetUp{Step::folder,
            [&] {
              ::umask(around.umask);
              return error_of(::chdir(around.folder.c_str()));
            }},
      SetUp{Step::groups, [&] { return plan.uid ? take_groups(around.groups) : 0; }},
      SetUp{Step::gid, [&] { return plan.uid ? take_gid(around.gid.value_or(*plan.uid)) : 0; }},
      SetUp{Step::uid, [&] { return take_uid(plan.uid); }},
      SetUp{Step::rlimit, [&] { return set_rlimits(plan.rlimits); }},
      SetUp{Step::death_signal, [&] { return die_with(parent); }},
      SetUp{Step::no_new_privs,
            [&] { return plan.confined ? error_of(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) : 0; }},
      SetUp{Step::seccomp, [&] { return plan.confined ? load_filter(filter) : 0; }});
}

Started start_namespace(const NamespacePlan& plan) {
  const std::string pid_max = std::to_string(plan.pid_max);
  Placement placement({});
  Birthplace birthplace;
  if (const int error = birthplace.enter_new()) return {-1, Step::pid_namespace, error};
  ChildLauncher launcher;
  launcher.stays = true;
  return launcher.start(
      "ceiling-pidns", {},  //
      SetUp{Step::join, [&] { return join_groups(plan.join); }},
      SetUp{Step::session,
            [] {
              const int error = new_session();
              ::signal(SIGCHLD, SIG_IGN);  // orphans of the namespace are reaped by the kernel
              ::prctl(PR_SET_NAME, "ceiling-pidns");
              return error;
            }},
      SetUp{Step::descriptors, [&] { return place_descriptors(placement, launcher); }},
      SetUp{Step::folder, [] { return error_of(::chdir("/")); }},
      SetUp{Step::death_signal, [] { return die_with(0); }},
      SetUp{Step::pid_max, [&] { return set_pid_max(pid_max); }});
}

}  // namespace ceiling
