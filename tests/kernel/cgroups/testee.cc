#include "tests/kernel/cgroups/testee.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <thread>

namespace ceiling {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

/// In the child: only what is async-signal-safe, ends in exec or _exit.
[[noreturn]] void become(int program, const char* mode, const std::vector<int>& join,
                         std::optional<uid_t> uid, std::optional<rlim_t> nproc, int in, int out) {
  ::setpgid(0, 0);  // by which we find its orphans
  for (const int procs : join) {
    if (::write(procs, "0", 1) != 1) ::_exit(101);
  }
  if (uid && (::setresgid(*uid, *uid, *uid) != 0 || ::setresuid(*uid, *uid, *uid) != 0)) {
    ::_exit(102);
  }
  const rlimit limit{nproc.value_or(0), nproc.value_or(0)};
  if (nproc && ::setrlimit(RLIMIT_NPROC, &limit) != 0) ::_exit(103);
  ::dup2(in, 0);
  ::dup2(out, 1);
  char* const arguments[] = {const_cast<char*>("testee"), const_cast<char*>(mode), nullptr};
  char* const environment[] = {nullptr};
  ::fexecve(program, arguments, environment);
  ::_exit(104);
}

}  // namespace

Testee::Testee(const std::vector<int>& join, const std::string& mode, std::optional<uid_t> uid,
               std::optional<rlim_t> nproc) {
  const Descriptor program(::open(CEILING_TESTEE, O_RDONLY | O_CLOEXEC));
  if (!program) throw std::system_error(errno, std::generic_category(), CEILING_TESTEE);
  Pipe commands = make_pipe();
  Pipe answers = make_pipe();
  pid_.number = ::fork();
  if (pid() == 0) {
    become(program.get(), mode.c_str(), join, uid, nproc, commands.read.get(), answers.write.get());
  }
  if (pid() < 0) throw std::system_error(errno, std::generic_category(), "fork");
  handle_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid(), 0)));
  commands_ = std::move(commands.write);
  answers_ = std::move(answers.read);
  if (mode != "bomb") make(0);  // returns when exec has happened
}

Testee::~Testee() {
  end();
}

void Testee::end() {
  if (pid() == 0) return;
  // The group while its unreaped leader holds the number.
  ::kill(pid(), SIGKILL);
  ::kill(-pid(), SIGKILL);
  ::waitpid(pid(), nullptr, 0);
  // Its children come to us, the subreaper. Unreaped they would still count for their uid and
  // group.
  while (::waitpid(-pid(), nullptr, 0) > 0) continue;
  pid_.number = 0;
}

Testee::Answer Testee::make(int count) {
  const std::string line = std::to_string(count) + "\n";
  if (::write(commands_.get(), line.data(), line.size()) < 0) return {-1, errno};
  char text[64] = {};
  if (::read(answers_.get(), text, sizeof text - 1) <= 0) return {-1, EPIPE};
  Answer answer;
  std::sscanf(text, "%d %d", &answer.made, &answer.error);
  return answer;
}

bool Testee::ended(milliseconds patience) {
  if (pid() == 0) return true;
  pollfd closing{handle_.get(), POLLIN, 0};
  if (::poll(&closing, 1, static_cast<int>(patience.count())) != 1) return false;
  end();
  return true;
}

void Privileged::SetUp() {
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (::geteuid() == 0) return;
  const char* required = std::getenv("CEILING_REQUIRE_PRIVILEGED");
  if (required != nullptr && std::string(required) == "1") FAIL() << "needs root";
  GTEST_SKIP() << "needs root";
}

Cgroup Privileged::make_group(const std::vector<std::string>& controllers) {
  static int count = 0;
  return Cgroup::create(hierarchy_,
                        kTestGroup + std::to_string(::getpid()) + "-" + std::to_string(++count),
                        controllers);
}

bool eventually(const std::function<bool()>& holds) {
  const auto until = steady_clock::now() + std::chrono::seconds(2);
  while (!holds()) {
    if (steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

}  // namespace ceiling
