// What a thread costs under `ceiling inject` with nothing refused, beside the bare thread and
// beside strace with the expression that comes nearest.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

constexpr int kRounds = 9;

/// Microseconds a thread, as the program says; `below` is what it runs under.
double thread_under(const std::string& below) {
  const std::string command = fmt::format("{} {} 5000", below, THREAD_MAKER);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  char text[64] = "";
  if (!pipe || std::fgets(text, sizeof text, pipe.get()) == nullptr) {
    throw std::runtime_error(command + " said nothing");
  }
  return std::atof(text);
}

TEST(InjectBench, AThreadUnderInjectBesideABareOneAndStrace) {
  const std::string strace =
      "strace -f --seccomp-bpf -o /dev/null -e trace=clone,clone3,fork,vfork "
      "-e inject=clone,clone3,fork,vfork:error=EAGAIN:when=65535";
  double bare = 1e9;
  double injected = 1e9;
  double traced = 1e9;
  for (int round = 0; round < kRounds; ++round) {  // side by side: the machine may be busy
    bare = std::min(bare, thread_under(""));
    injected = std::min(injected, thread_under(CEILING_PROGRAM " inject --quiet --"));
    if (round % 3 == 0) traced = std::min(traced, thread_under(strace));
  }
  fmt::print("bare {:.1f} us, inject {:.1f} ({:.2f} times), strace {:.1f} ({:.1f} times inject)\n",
             bare, injected, injected / bare, traced, traced / injected);
  EXPECT_LT(injected, 5 * bare);
  EXPECT_GT(traced, injected);
}

}  // namespace
