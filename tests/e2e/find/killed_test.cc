#include <gmock/gmock.h>

#include <csignal>
#include <cstdio>
#include <random>
#include <thread>

#include "tests/e2e/find/find_case.h"

namespace ceiling {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class KilledFindTest : public FindTest {
 protected:
  /// A search that takes some seconds: daemons, probes that wait, hangs.
  Running searching() const {
    return start_ceiling({"find", "--ready-log", "^ready", "--range", "2:200", "--timeout", "2",
                          "--probe", "sleep 0.2", "--", "sh", "-c",
                          "setsid sleep 61 & setsid " + ceiling::find_testee() + " retry 40"});
  }
};

TEST_F(KilledFindTest, NothingSurvivesTwoSeconds) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  double longest = 0;
  for (int i = 0; i < 15; ++i) {
    Running running = searching();
    std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution<>(0, 1500)(random)));
    running.signal(SIGKILL);
    running.wait();
    const auto begin = steady_clock::now();
    std::string left = leftovers();
    while (!left.empty() && steady_clock::now() < begin + std::chrono::seconds(2)) {
      std::this_thread::sleep_for(milliseconds(10));
      left = leftovers();
    }
    EXPECT_EQ(left, "");
    longest = std::max(longest, std::chrono::duration<double>(steady_clock::now() - begin).count());
  }
  std::printf("all was gone after %.3f s at most\n", longest);
}

TEST_F(KilledFindTest, ASignalEndsItAndCleans) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    Running running = searching();
    const auto until = steady_clock::now() + std::chrono::seconds(20);
    while (running.err().find("no limit: healthy") == std::string::npos &&
           steady_clock::now() < until) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    running.signal(number);
    const Ended ended = running.wait();
    EXPECT_EQ(ended.status, 128 + number) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(leftovers(), "");
  }
}

}  // namespace
}  // namespace ceiling
