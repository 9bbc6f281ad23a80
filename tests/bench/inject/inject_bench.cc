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
#include <vector>

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

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Medians: a bare thread that happens to start on its creator's processor takes half of the time,
// so that the best of some rounds says more about the scheduler than about either of them.
TEST(InjectBench, AThreadUnderInjectBesideABareOneAndStrace) {
  const std::string strace =
      "strace -f --seccomp-bpf -o /dev/null -e trace=clone,clone3,fork,vfork "
      "-e inject=clone,clone3,fork,vfork:error=EAGAIN:when=65535";
  std::vector<double> bare_us;
  std::vector<double> injected_us;
  std::vector<double> traced_us;
  for (int round = 0; round < kRounds; ++round) {  // side by side: the machine may be busy
    bare_us.push_back(thread_under(""));
    injected_us.push_back(thread_under(CEILING_PROGRAM " inject --quiet --"));
    traced_us.push_back(thread_under(strace));
  }
  const double bare = median(bare_us);
  const double injected = median(injected_us);
  const double traced = median(traced_us);
  fmt::print("bare {:.1f} us, inject {:.1f} ({:.2f} times), strace {:.1f} ({:.1f} times inject)\n",
             bare, injected, injected / bare, traced, traced / injected);
  EXPECT_LT(injected, 4 * bare);
  EXPECT_GT(traced, 2 * injected);
}

}  // namespace
