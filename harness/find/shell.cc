#include "harness/find/shell.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/find/command_output.h"

namespace ceiling {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{20};

}  // namespace

std::string ShellEnd::how() const {
  if (!in_time) return "did not end within its time limit";
  return fmt::format("ended with status {}{}{}", status, last_line.empty() ? "" : ": ", last_line);
}

ShellEnd run_shell(const std::string& command, ProcessSpec like, Cgroup& group, Launcher& launcher,
                   Waiter& waiter, milliseconds patience, const std::function<void()>& tick) {
  CommandOutput output(std::nullopt, like.uid);
  const Listening listening(waiter, output);
  like.name = "sh";
  like.program = "/bin/sh";
  like.arguments = {"-c", command};
  like.join = group.join_descriptors();
  like.descriptors = {{STDOUT_FILENO, output.writing()}, {STDERR_FILENO, output.writing()}};
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
  output.finish();
  end.last_line = output.last_line();
  return end;
}

}  // namespace ceiling
