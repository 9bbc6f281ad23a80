// Places from which not everything can be seen: the answer is a bound or unknown with its cause,
// never a number that is wrong. Each is real, in a child of the test that enters it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "cgroups/headroom.h"
#include "tests/kernel/cgroups/testee.h"

namespace ceiling {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

void need(bool done, const char* what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
}

/// What `say` says in a child of ours; what went wrong there otherwise.
std::string said_in_child(const std::function<std::string()>& say) {
  std::array<int, 2> ends{};
  need(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::string text;
    try {
      text = say();
    } catch (const std::exception& error) {
      text = std::string("failed: ") + error.what();
    }
    ::_exit(::write(in.get(), text.data(), text.size()) < 0 ? 1 : 0);
  }
  in = {};
  std::string text;
  std::array<char, 4096> chunk{};
  for (ssize_t got = 0; (got = ::read(out.get(), chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  ::waitpid(child, nullptr, 0);
  return text;
}

/// "at most 49, upper bound: ..." for each row of that name.
std::string rows(const std::string& name) {
  std::string text;
  for (const Limit& row : headroom(Hierarchy::detect(), Target{}, {.count = true}).limits) {
    if (row.name != name) continue;
    text += std::string(to_string(row.certainty)) + " " +
            (row.threads_left ? std::to_string(*row.threads_left) : "-") + ", " + row.note + "\n";
  }
  return text;
}

/// A mount namespace of the caller's own, in which mounting is nobody else's matter.
void own_mounts() {
  need(::unshare(CLONE_NEWNS) == 0, "unshare mounts");
  need(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
}

class Namespaces : public Privileged {
 protected:
  /// Enters a group with pids.max 50, in one with 30.
  void enter_nested() {
    outer_.emplace(make_group());
    inner_.emplace(outer_->child("inner"));
    outer_->set_pids_max(30);
    inner_->set_pids_max(50);
  }
  void join_inner() const {
    for (const int procs : inner_->join_descriptors()) {
      need(::write(procs, "0", 1) == 1, "join");
    }
  }
  bool pids_on_v2() const { return hierarchy_.controller("pids")->version == CgroupVersion::v2; }

  std::optional<Cgroup> outer_;
  std::optional<Cgroup> inner_;
};

TEST_F(Namespaces, AncestorsBehindACgroupNamespaceMakeAnUpperBound) {
  if (!pids_on_v2()) GTEST_SKIP() << "pids is on v1 here, where no namespace can mount it anew";
  enter_nested();
  const std::string said = said_in_child([&] {
    join_inner();
    need(::unshare(CLONE_NEWCGROUP) == 0, "unshare cgroups");
    own_mounts();
    const std::string& at = hierarchy_.controller("pids")->mount_point.string();
    // In the mount namespace of this child alone; over itself it cannot be mounted.
    need(::umount2(at.c_str(), MNT_DETACH) == 0, "umount cgroup2");
    need(::mount("none", at.c_str(), "cgroup2", 0, nullptr) == 0, "mount cgroup2");
    return rows("pids.max");
  });
  EXPECT_THAT(said, StartsWith("at most 49, upper bound: ")) << "its ancestor allows 29";
}

TEST_F(Namespaces, AGroupOutsideOfWhatIsMountedIsUnknown) {
  enter_nested();
  const std::string said = said_in_child([&] {
    join_inner();
    need(::unshare(CLONE_NEWCGROUP) == 0, "unshare cgroups");
    return rows("pids.max");
  });
  EXPECT_THAT(said, StartsWith("unknown -, unknown: group / is outside of what "));
}

TEST_F(Namespaces, AProcessOfSomebodyElseIsKnownToBeInOurs) {
  Testee other({}, "threads");
  const auto kernel_pid_max = [&] {
    for (const Limit& row : headroom(hierarchy_, {.pid = other.pid()}, {.count = true}).limits) {
      if (row.name == "kernel.pid_max") return std::string(to_string(row.certainty));
    }
    return std::string();
  };
  EXPECT_EQ(said_in_child([&] {
              need(::setresuid(65534, 65534, 65534) == 0, "setresuid");
              return kernel_pid_max();
            }),
            "exact");
}

TEST_F(Namespaces, HiddenProcessesOfOneUidMakeAnUpperBound) {
  const uid_t uid = 1'900'000'000u + static_cast<uid_t>(::getpid());
  Testee other({}, "threads", uid);
  EXPECT_EQ(other.make(7), (Testee::Answer{7, 0}));
  const std::string said = said_in_child([uid] {
    own_mounts();
    need(::mount("proc", "/proc", "proc", 0, "hidepid=2") == 0, "mount proc");
    need(::setresgid(uid, uid, uid) == 0 && ::setresuid(uid, uid, uid) == 0, "setresuid");
    ::prctl(PR_SET_DUMPABLE, 1);  // else /proc/self is root's
    return rows("RLIMIT_NPROC");
  });
  EXPECT_THAT(said, StartsWith("at most "));
  EXPECT_THAT(said, HasSubstr("hidepid=invisible hides processes; --probe counts them"));
}

TEST_F(Namespaces, RootOfAUserNamespaceIsCountedWithItsUidOutside) {
  const std::string said = said_in_child([] {
    need(::unshare(CLONE_NEWUSER) == 0, "unshare users");
    return rows("RLIMIT_NPROC");
  });
  EXPECT_THAT(said, StartsWith("at most "));
  EXPECT_THAT(said, HasSubstr("tasks of this uid in other namespaces count too"));
}

/// Threads that the caller can make, at most `most`.
std::int64_t threads_made(std::int64_t most) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65'536);
  const auto sleep = [](void*) -> void* {
    for (;;) ::pause();
  };
  std::int64_t made = 0;
  pthread_t thread{};
  while (made < most && ::pthread_create(&thread, &attributes, sleep, nullptr) == 0) ++made;
  return made;
}

/// Since 6.14; before, the file is the host's.
bool pid_namespaces_have_limits() {
  utsname names{};
  ::uname(&names);
  int major = 0;
  int minor = 0;
  return std::sscanf(names.release, "%d.%d", &major, &minor) == 2 &&
         std::pair(major, minor) >= std::pair(6, 14);
}

TEST_F(Namespaces, APidNamespaceKeepsItsUpperBound) {
  const std::string said = said_in_child([] {
    need(::unshare(CLONE_NEWPID) == 0, "unshare pids");
    return said_in_child([] {  // the first process of the namespace
      own_mounts();
      need(::mount("proc", "/proc", "proc", 0, nullptr) == 0, "mount proc");
      if (!pid_namespaces_have_limits()) return rows("kernel.pid_max");
      write_file("/proc/sys/kernel/pid_max", "400");
      const std::string before = rows("kernel.pid_max");
      return before + "made " + std::to_string(threads_made(1000)) + "\n";
    });
  });
  EXPECT_THAT(said, StartsWith("at most "));
  EXPECT_THAT(said, HasSubstr("pid namespaces have limits of their own"));
  if (const auto made = said.find("made "); made != said.npos) {
    EXPECT_LE(std::stoll(said.substr(made + 5)), std::stoll(said.substr(8))) << said;
  }
}

}  // namespace
}  // namespace ceiling
