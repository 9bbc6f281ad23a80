#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/e2e/find/find_case.h"

namespace ceiling {
namespace {

struct Known {
  std::string name;
  std::string program;  ///< that has to be there
};

class KnownProgramTest : public FindTest, public testing::WithParamInterface<Known> {};

TEST_P(KnownProgramTest, HasACeilingThatIsFoundInAMinute) {
  const Known& known = GetParam();
  if (::access(known.program.c_str(), X_OK) != 0) {
    GTEST_SKIP() << known.program << " is not installed: ci/README.md has the packages";
  }
  const Ended ended =
      run_ceiling({"find", "--format", "json", "--program", shipped("programs/" + known.name)},
                  {.patience = std::chrono::seconds(300)});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  const auto& trials = result.at("trials");
  std::printf("%s: %zu trials in %.1f s, healthy from %s, below: %s\n", known.name.c_str(),
              trials.size(), ended.seconds, result.at("smallest_healthy").dump().c_str(),
              result.at("below").dump().c_str());
  EXPECT_LT(ended.seconds, 5 * 60);
  EXPECT_GE(result.at("smallest_healthy").get<int>(), 2);
  EXPECT_NE(result.at("below"), nullptr);
  for (const auto& trial : trials) {
    if (trial.at("value") >= result.at("smallest_healthy")) continue;
    EXPECT_GE(trial.at("refusals").get<int>(), 1) << trial;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Debian, KnownProgramTest,
    testing::Values(Known{"redis-server", "/usr/bin/redis-server"},
                    Known{"nginx", "/usr/sbin/nginx"}, Known{"memcached", "/usr/bin/memcached"},
                    Known{"postgresql", "/usr/lib/postgresql/15/bin/postgres"},
                    Known{"java", "/usr/bin/java"}, Known{"node", "/usr/bin/node"},
                    Known{"python3", "/usr/bin/python3"}, Known{"stress-ng", "/usr/bin/stress-ng"}),
    [](const auto& about) {
      std::string name = about.param.name;
      std::erase(name, '-');
      return name;
    });

}  // namespace
}  // namespace ceiling
