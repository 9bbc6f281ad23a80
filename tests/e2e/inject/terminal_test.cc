#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "tests/e2e/inject/inject_case.h"

namespace ceiling {
namespace {

/// A `ceiling inject` in the foreground of a terminal of its own.
class TerminalTest : public InjectTest {
 protected:
  TerminalTest() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (!master_ || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0) {
      throw std::runtime_error("no terminal");
    }
  }

  Running start(const std::string& options, const std::vector<std::string>& command) const {
    std::vector<std::string> arguments{"inject", "--quiet"};
    if (!options.empty()) arguments.insert(arguments.end(), {"--sweep", options});
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), command.begin(), command.end());
    const std::string name = ::ptsname(master_.get());
    How how;
    how.before_exec = [name] {
      // The first terminal that the leader of a session opens is its own.
      return ::setsid() > 0 && ::open(name.c_str(), O_RDWR | O_CLOEXEC) >= 0;
    };
    return {arguments, folder(), how};
  }

  void press_ctrl_c() const { ASSERT_EQ(::write(master_.get(), "\x03", 1), 1); }

 private:
  Descriptor master_;
};

constexpr std::chrono::milliseconds kMoment{10};

TEST_F(TerminalTest, CtrlCIsTheCommandsAffair) {
  Running running = start("", {"sh", "-c",
                               "trap 'echo got; exit 4' INT; echo up; "
                               "while :; do sleep 0.05; done"});
  while (running.out().empty()) ASSERT_FALSE(running.ended(kMoment));
  press_ctrl_c();
  const Ended ended = running.wait();
  EXPECT_EQ(ended.out, "up\ngot\n");
  EXPECT_EQ(ended.status, 4);
}

TEST_F(TerminalTest, CtrlCEndsWhatACommandThatHasEndedLeftRunning) {
  // A daemon gets no signal of the terminal. It says when the command is gone.
  Running running = start("", {"sh", "-c",
                               "setsid sh -c \"while kill -0 $$; do sleep 0.01; done 2> /dev/null; "
                               "echo alone; exec sleep 1000\" &"});
  while (running.out().empty()) ASSERT_FALSE(running.ended(kMoment));
  press_ctrl_c();
  const Ended ended = running.wait();
  EXPECT_EQ(ended.out, "alone\n");
  EXPECT_EQ(ended.status, 128 + SIGINT);
}

TEST_F(TerminalTest, CtrlCEndsASweep) {
  // The third run is the first with a refusal. It ends with 0 whatever comes.
  Running running = start("once", {"/usr/bin/python3", "-c",
                                   "import os, time\ntry:\n if os.fork() == 0: os._exit(0)\n"
                                   "except OSError: pass\ntry:\n open('runs', 'a').write('x')\n"
                                   " while os.path.getsize('runs') == 3: time.sleep(0.01)\n"
                                   "except KeyboardInterrupt: pass\n"});
  while (!std::filesystem::exists(folder() / "runs") || read_text(folder() / "runs") != "xxx") {
    ASSERT_FALSE(running.ended(kMoment));
  }
  press_ctrl_c();
  const Ended ended = running.wait();
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err, "ceiling: ended by signal 2, nothing is left running\n");
  EXPECT_EQ(ended.status, 128 + SIGINT);
}

}  // namespace
}  // namespace ceiling
