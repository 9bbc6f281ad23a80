#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "tests/e2e/inject/inject_case.h"

namespace ceiling {
namespace {

using testing::HasSubstr;
using testing::Not;

class SweepTest : public InjectTest {
 protected:
  /// Forks three times; what it does when that is refused differs by the fork.
  static std::vector<std::string> program(const std::string& first, const std::string& second,
                                          const std::string& third) {
    const auto fork = [](const std::string& refused) {
      return fmt::format(
          "try:\n pid = os.fork()\n if pid == 0: os._exit(0)\n os.waitpid(pid, 0)\n"
          "except OSError:\n {}\n",
          refused);
    };
    return {"/usr/bin/python3", "-c",
            "import os, sys, time\nprint('begin')\n" + fork(first) + fork(second) + fork(third)};
  }

  std::string outcomes() const {
    std::string all;
    const auto said = summary();
    for (const auto& one : said.at("trials")) {
      all +=
          fmt::format("{} {}, ", one.at("number").get<int>(), one.at("outcome").get<std::string>());
    }
    return all;
  }
};

/// Bytes of the injector's files in memory: those of the inner guard, which is its only child.
std::uintmax_t kept_in_memory(pid_t outer) {
  const auto inner = read_text(fmt::format("/proc/{0}/task/{0}/children", outer));
  std::uintmax_t bytes = 0;
  for (const auto& open :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", std::stoi(inner)))) {
    const std::string target = std::filesystem::read_symlink(open.path());
    if (target.starts_with("/memfd:ceiling-output")) bytes += std::filesystem::file_size(open);
  }
  return bytes;
}

TEST_F(SweepTest, EachRefusalIsToldByWhatItCameTo) {
  const Ended ended =
      inject(with_summary({"--sweep", "once", "--timeout", "2"}),
             program("pass", "sys.stderr.write('no room\\n'); os.abort()", "time.sleep(60)"));
  EXPECT_EQ(outcomes(), "1 unnoticed, 2 crashed, 3 hung, ");
  EXPECT_EQ(schema_problems("sweep", summary().dump()), "");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, HasSubstr("3 creations in "));
  EXPECT_THAT(ended.out, HasSubstr(": 1 crashed, 1 hung, 1 unnoticed"));
  const auto crashed = ended.out.find("\n  crashed ");
  EXPECT_LT(crashed, ended.out.find("\n  hung "));
  EXPECT_LT(ended.out.find("\n  hung "), ended.out.find("\n  unnoticed "));
  EXPECT_THAT(ended.out.substr(crashed), HasSubstr("signal 6     no room"));
}

TEST_F(SweepTest, WhatIsNoticedIsWell) {
  const Ended ended = inject(with_summary({"--sweep", "once"}),
                             program("sys.exit(3)", "print('one less')", "sys.exit('no room')"));
  EXPECT_EQ(outcomes(), "1 failed, 2 degraded, 3 failed, ");
  EXPECT_EQ(ended.status, 0) << ended.out;
}

TEST_F(SweepTest, OnwardRefusesAllThatFollow) {
  inject(with_summary({"--sweep", "onward"}), {tree_testee(), "tpv"});
  EXPECT_EQ(outcomes(), "1 degraded, 2 degraded, 3 degraded, ");
  EXPECT_EQ(summary().at("trials")[0].at("refused"), 3);
  EXPECT_EQ(summary().at("trials")[2].at("last_line"), "++-");
}

TEST_F(SweepTest, OnlyWhatCountsIsRefused) {
  inject(with_summary({"--sweep", "once", "--kind", "process"}), {tree_testee(), "tptv"});
  EXPECT_EQ(summary().at("creations"), 2);
  EXPECT_EQ(summary().at("trials")[1].at("last_line"), "+++-");
}

/// A program of Python that knows how often it has been run, as `run`, from 1.
std::vector<std::string> counting(const std::string& then) {
  return {"/usr/bin/python3", "-c",
          "import os, sys\nopen('runs', 'a').write('x')\nrun = os.path.getsize('runs')\n"
          "def forks(count):\n for _ in range(count):\n  pid = os.fork()\n"
          "  if pid == 0: os._exit(0)\n  os.waitpid(pid, 0)\n" +
              then};
}

TEST_F(SweepTest, OneThatDoesAnotherThingEachTimeIsSaid) {
  const Ended ended = inject(with_summary({"--sweep", "once"}),
                             counting("forks(2 if run == 1 else 1)\nprint(run)"));
  EXPECT_EQ(outcomes(), "1 failed, 2 not-reached, ");
  EXPECT_EQ(schema_problems("sweep", summary().dump()), "");
  EXPECT_EQ(summary().at("creations"), 2);
  EXPECT_EQ(summary().at("creations_again"), 1);
  EXPECT_EQ(summary().at("output_compared"), false);
  EXPECT_EQ(summary().at("trials")[1].at("kind"), nullptr);
  EXPECT_THAT(ended.out, HasSubstr("\na second time it made 1 creations: "));
  EXPECT_THAT(ended.out, HasSubstr("\na second time its output was another: "));
  EXPECT_THAT(ended.out, HasSubstr("\n  not-reached       2                            status 0"));
  EXPECT_EQ(ended.status, 0);
}

TEST_F(SweepTest, OutputWithoutEndFillsNoMemory) {
  // 128 MiB: a line, then zeros. What is kept is a file in memory of the injector's.
  Running running(
      {"inject", "--sweep", "once", "--", "/usr/bin/python3", "-c",
       "import os\nprint('begin', flush=True)\nfor _ in range(2048): os.write(1, bytes(65536))\n"
       "open('written', 'w').close()\nwhile not os.path.exists('go'): pass"},
      folder(), {});
  while (!std::filesystem::exists(folder() / "written")) {
    ASSERT_FALSE(running.ended(std::chrono::milliseconds(10)));
  }
  EXPECT_LE(kept_in_memory(running.pid()), std::uintmax_t{16} << 20);
  std::ofstream(folder() / "go").close();
  const Ended ended = running.wait();
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("nothing to refuse"));
}

TEST_F(SweepTest, OneThatDoesTheSameEachTimeIsCompared) {
  const Ended ended = inject(with_summary({"--sweep", "once"}), {tree_testee(), "t"});
  EXPECT_EQ(summary().at("creations_again"), 1);
  EXPECT_EQ(summary().at("output_compared"), true);
  EXPECT_THAT(ended.out, Not(HasSubstr("a second time")));
}

TEST_F(SweepTest, OneWhoseStatusIsNotTheSameIsNotSwept) {
  const Ended ended =
      inject(with_summary({"--sweep", "once"}), counting("forks(1)\nsys.exit(run % 2)"));
  EXPECT_EQ(ended.err,
            "ceiling: not the same without any refusal: it ended with status 1, then with status "
            "0\n");
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.status, 64);
  EXPECT_EQ(read_text(folder() / "runs"), "xx");
}

TEST_F(SweepTest, OneThatIsNotHealthyIsNotSwept) {
  const auto refused = [&](const std::vector<std::string>& options,
                           const std::vector<std::string>& command) {
    const Ended ended = inject(options, command);
    EXPECT_EQ(ended.out, "");
    return fmt::format("{} {}", ended.status, ended.err);
  };
  EXPECT_EQ(refused({"--sweep", "once"}, {"sh", "-c", "kill -9 $$"}),
            "64 ceiling: not healthy without any refusal: it ends by signal 9\n");
  EXPECT_EQ(refused({"--sweep", "once", "--timeout", "0.2"}, {"sleep", "60"}),
            "64 ceiling: not healthy without any refusal: it does not end by itself in time\n");
  EXPECT_EQ(refused({"--sweep", "once"}, {"no-such-program"}),
            "127 ceiling: no-such-program: No such file or directory\n");
  EXPECT_EQ(refused({"--sweep", "once", "--at", "1"}, {"true"}),
            "64 ceiling: --sweep chooses by itself: expected no --at, --after, --every, "
            "--probability\n");
  EXPECT_EQ(refused({"--sweep", "once", "--errno", "none"}, {"true"}),
            "64 ceiling: --sweep needs an errno, found none\n");
  EXPECT_EQ(refused({"--timeout", "3"}, {"true"}), "64 ceiling: --timeout goes with --sweep\n");
}

}  // namespace
}  // namespace ceiling
