#include "tests/support/spawn/support.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

#include "cgroups/control_file.h"

namespace ceiling {

ProcessSpec testee(std::vector<std::string> arguments) {
  ProcessSpec spec;
  spec.name = "testee";
  spec.program = SPAWN_TESTEE;
  spec.arguments = std::move(arguments);
  spec.confined = false;
  return spec;
}

TestLauncher::TestLauncher() {
  auto [ours, theirs] = LauncherChannel::make();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    Launcher::serve(std::move(theirs), parent);
  }
  launcher_.emplace(std::move(ours));
}

TestLauncher::~TestLauncher() {
  close();
}

int TestLauncher::close() {
  launcher_.reset();
  int status = 0;
  if (pid_ > 0) {
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
  }
  return status;
}

std::string output_of(Launcher& launcher, ProcessSpec spec) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("pipe2");
  }
  const Descriptor out(ends[0]);
  {
    const Descriptor in(ends[1]);
    spec.descriptors[1] = in.get();
    launcher.start(spec);
  }
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t size = 0; (size = ::read(out.get(), part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::vector<Exit> await_exits(Launcher& launcher, std::size_t count) {
  std::vector<Exit> exits;
  while (exits.size() < count && readable(launcher.descriptor(), std::chrono::seconds(5))) {
    for (Exit& exit : launcher.exits()) {
      exits.push_back(std::move(exit));
    }
  }
  return exits;
}

bool all_reaped(std::chrono::milliseconds patience) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  const auto until = std::chrono::steady_clock::now() + patience;
  bool ended = false;
  for (;;) {
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    ended = pid < 0 && errno == ECHILD;
    const auto left = until - std::chrono::steady_clock::now();
    if (ended || left <= left.zero()) {
      break;
    }
    const timespec wait{left / std::chrono::seconds(1), (left % std::chrono::seconds(1)).count()};
    ::sigtimedwait(&set, nullptr, &wait);
  }
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  return ended;
}

bool readable(int descriptor, std::chrono::milliseconds patience) {
  pollfd ready{descriptor, POLLIN, 0};
  return ::poll(&ready, 1, static_cast<int>(patience.count())) == 1;
}

std::vector<pid_t> child_processes(pid_t pid) {
  std::vector<pid_t> children;
  for (const int candidate : numbered_entries("/proc")) {
    const auto status =
        read_file_if_there("/proc/" + std::to_string(candidate) + "/status").value_or("");
    if (value_of(status, "PPid:") == std::to_string(pid)) {
      children.push_back(candidate);
    }
  }
  return children;
}

std::optional<char> state_of(pid_t pid) {
  const auto status = read_file_if_there("/proc/" + std::to_string(pid) + "/status");
  return status ? std::optional(value_of(*status, "State:").value_or("?").front()) : std::nullopt;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "ceiling-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("mkdtemp");
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string missing_privilege() {
  if (::geteuid() == 0) {
    return "";
  }
  const char* required = std::getenv("CEILING_REQUIRE_PRIVILEGED");
  if (required != nullptr && std::string(required) == "1") {
    throw std::runtime_error("needs root, and CEILING_REQUIRE_PRIVILEGED=1");
  }
  return "needs root";
}

}  // namespace ceiling
