// A program that says what it was born with. One word on the command line chooses what it does.
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

[[noreturn]] void wait_for_the_end() {
  for (;;) {
    ::pause();
  }
}

int descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) {
    const int number = std::atoi(entry->d_name);
    struct stat status {};
    if (entry->d_name[0] != '.' && number != ::dirfd(folder) && ::fstat(number, &status) == 0) {
      std::printf("%d %lu\n", number, static_cast<unsigned long>(status.st_ino));
    }
  }
  return 0;
}

// The lines of proc_pid_status(5) that spawning decides, and what stands elsewhere.
int state() {
  FILE* status = std::fopen("/proc/self/status", "r");
  std::array<char, 256> line{};
  while (std::fgets(line.data(), line.size(), status) != nullptr) {
    for (const char* key : {"Uid:", "Gid:", "Groups:", "Umask:", "SigBlk:", "SigIgn:", "SigCgt:",
                            "NoNewPrivs:", "Seccomp:", "CapEff:"}) {
      if (std::string_view(line.data()).starts_with(key)) {
        std::fputs(line.data(), stdout);
      }
    }
  }
  std::array<char, 4096> folder{};
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  std::printf("cwd: %s\nown session: %d\ndeath signal: %d\n",
              ::getcwd(folder.data(), folder.size()), ::getsid(0) == ::getpid(), death_signal);
  return 0;
}

int print_errno(long result) {
  std::printf("%d\n", result < 0 ? errno : 0);
  return 0;
}

int denied(std::string_view call) {
  if (call == "ptrace") {
    return print_errno(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr));
  }
  if (call == "mount") {
    return print_errno(::mount("none", "/tmp", "tmpfs", 0, nullptr));
  }
  if (call == "unshare") {
    return print_errno(::unshare(0));  // asks for nothing: always granted without the filter
  }
  if (call == "keyctl") {
    return print_errno(::syscall(SYS_keyctl, 0, -3, 0));  // KEYCTL_GET_KEYRING_ID, session keyring
  }
  return print_errno(::syscall(SYS_bpf, 0, nullptr, 0));
}

// A daemon as init scripts make it: its parent is gone, its session is its own.
int daemonise() {
  if (::fork() == 0) {
    ::setsid();
    const pid_t daemon = ::fork();
    if (daemon == 0) {
      wait_for_the_end();
    }
    std::printf("%d\n", daemon);
    std::fflush(stdout);
    ::_exit(0);
  }
  wait_for_the_end();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view verb = count > 1 ? arguments[1] : "";
  const std::string argument = count > 2 ? arguments[2] : "";
  if (verb == "descriptors") {
    return descriptors();
  }
  if (verb == "environment") {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      std::puts(*entry);
    }
    return 0;
  }
  if (verb == "arguments") {
    for (int i = 1; i < count; ++i) {
      std::puts(arguments[i]);
    }
    return 0;
  }
  if (verb == "state") {
    return state();
  }
  if (verb == "denied") {
    return denied(argument);
  }
  if (verb == "exit") {
    return std::atoi(argument.c_str());
  }
  if (verb == "daemon") {
    return daemonise();
  }
  if (verb == "wait") {
    wait_for_the_end();
  }
  return 99;
}
