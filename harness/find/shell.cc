#include "harness/find/shell.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "cgroups/descriptor.h"
#include "cgroups/error.h"

namespace ceiling {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{20};
constexpr std::size_t kLongestLine = 400;

}  // namespace

std::string last_line_of(int file) {
  const Descriptor reading(
      ::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (!reading || ::fstat(reading.get(), &about) != 0) return "";
  std::array<char, 4096> tail{};
  const off_t from = std::max<off_t>(0, about.st_size - static_cast<off_t>(tail.size()));
  const ssize_t got = ::pread(reading.get(), tail.data(), tail.size(), from);
  std::string text(tail.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  const auto end = text.find_last_not_of(" \t\r\n");
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text.substr(text.find_last_of('\n') + 1).substr(0, kLongestLine);
}

ShellEnd run_shell(const std::string& command, ProcessSpec like, Cgroup& group, Launcher& launcher,
                   Waiter& waiter, milliseconds patience, const std::function<void()>& tick) {
  const Descriptor output(::memfd_create("ceiling-output", MFD_CLOEXEC));
  if (!output) throw Error("memfd_create: " + std::generic_category().message(errno));
  like.name = "sh";
  like.program = "/bin/sh";
  like.arguments = {"-c", command};
  like.join = group.join_descriptors();
  like.descriptors = {{STDOUT_FILENO, output.get()}, {STDERR_FILENO, output.get()}};
  const ChildProcess shell = launcher.start(like);
  const auto until = Clock::now() + patience;
  while (!waiter.status_of(shell.pid()) && Clock::now() < until) {
    waiter.wait(kTick);
    tick();
  }
  ShellEnd end;
  if (const auto status = waiter.status_of(shell.pid())) {
    end.in_time = true;
    end.status = WIFSIGNALED(*status) ? 128 + WTERMSIG(*status) : WEXITSTATUS(*status);
  }
  waiter.forget(shell.pid());
  group.kill();
  end.last_line = last_line_of(output.get());
  return end;
}

}  // namespace ceiling
