// A tree of threads and processes by a plan, one creation after the other, so that the n-th is the
// same each time. usage: tree_testee PLAN
//
//   PLAN  = STEP...      STEP = t[(PLAN)]  a thread that follows PLAN, joined
//                               p[(PLAN)]  a process likewise (fork), waited for
//                               v          a process by vfork that ends at once
//                               c[(PLAN)]  a process by a raw clone3
//                               d[(PLAN)]  a daemon: a process whose child, which counts too,
//                                          goes on by itself after 100 ms
//                               s          a seccomp filter of its own that refuses getppid
// For each creation it writes "+" or, where it is refused, "-" and goes on with the next step.

#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <string_view>

namespace {

void follow(std::string_view plan);

void say(char made) {
  if (::write(STDOUT_FILENO, &made, 1) != 1) ::_exit(3);
}

/// Says "+" itself, so that it comes before what is made from there.
void* thread_main(void* plan) {
  say('+');
  follow(*static_cast<const std::string_view*>(plan));
  return nullptr;
}

void thread(std::string_view plan) {
  pthread_t made{};
  if (::pthread_create(&made, nullptr, thread_main, &plan) != 0) return say('-');
  ::pthread_join(made, nullptr);
}

pid_t raw_clone3() {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

void process(pid_t pid, std::string_view plan) {
  if (pid < 0) return say('-');
  if (pid == 0) {
    say('+');
    follow(plan);
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
}

void vforked() {
  const pid_t pid = ::vfork();
  if (pid == 0) ::_exit(0);
  if (pid < 0) return say('-');
  say('+');
  ::waitpid(pid, nullptr, 0);
}

void daemon(std::string_view plan) {
  const pid_t pid = ::fork();
  if (pid < 0) return say('-');
  if (pid > 0) {
    ::waitpid(pid, nullptr, 0);
    return;
  }
  say('+');
  ::setsid();
  const pid_t second = ::fork();
  if (second < 0) say('-');
  if (second == 0) {
    say('+');
    ::usleep(100000);  // whoever started it is gone by then
    follow(plan);
  }
  ::_exit(0);
}

void filter_getppid() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter{4, program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0 || ::getppid() != -1) {
    ::_exit(4);
  }
}

/// Takes "(...)" from the front of `plan`, and gives what is inside.
std::string_view take_inside(std::string_view& plan) {
  if (plan.empty() || plan.front() != '(') return {};
  std::size_t end = 0;
  for (int depth = 0;; ++end) {
    if (plan[end] == '(') ++depth;
    if (plan[end] == ')' && --depth == 0) break;
  }
  const std::string_view inside = plan.substr(1, end - 1);
  plan.remove_prefix(end + 1);
  return inside;
}

void follow(std::string_view plan) {
  while (!plan.empty()) {
    const char step = plan.front();
    plan.remove_prefix(1);
    const std::string_view inside = take_inside(plan);
    switch (step) {
      case 't':
        thread(inside);
        break;
      case 'p':
        process(::fork(), inside);
        break;
      case 'c':
        process(raw_clone3(), inside);
        break;
      case 'v':
        vforked();
        break;
      case 'd':
        daemon(inside);
        break;
      case 's':
        filter_getppid();
        break;
      default:
        ::_exit(2);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  follow(argv[1]);
  return 0;
}
