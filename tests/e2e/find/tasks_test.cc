#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

#include "tests/e2e/find/find_case.h"

namespace ceiling {
namespace {

class FindTasksTest : public FindTest {
 protected:
  void expect_found(int tasks) {
    const Ended ended = find_testee("strict", tasks, {"--range", "1:2500"});
    ASSERT_EQ(ended.status, 0) << tasks << "\n" << ended.err;
    const auto result = result_of(ended);
    EXPECT_EQ(result.at("smallest_healthy"), tasks);
    EXPECT_EQ(result.at("below"), "refused-to-start");
    EXPECT_EQ(result.at("unlimited").at("peak"), tasks);
    EXPECT_EQ(outcomes(result),
              tasks == 2
                  ? "1 refused-to-start 1, 2 healthy 0, "
                  : fmt::format("1 refused-to-start 1, {} refused-to-start 1, {} healthy 0, ",
                                tasks - 1, tasks));
  }
};

TEST_F(FindTasksTest, TheAnswerIsWhatTheProgramNeeds) {
  for (const int tasks : {2, 3, 61, 2000}) expect_found(tasks);
}

TEST_F(FindTasksTest, AlsoOfRandomPrograms) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 6; ++i) expect_found(std::uniform_int_distribution<>(2, 2000)(random));
}

TEST_F(FindTasksTest, WithoutARangeItSearchesAroundWhatWasUsed) {
  const auto result = result_of(find_testee("strict", 20));
  EXPECT_EQ(result.at("range"), (nlohmann::json{1, 40}));
  EXPECT_EQ(result.at("smallest_healthy"), 20);
}

TEST_F(FindTasksTest, OneThatEndsByItselfNeedsNoSignOfBeingReady) {
  const Ended ended = find({}, {ceiling::find_testee(), "end", "9"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("smallest_healthy"), 9);
  EXPECT_EQ(result.at("trials")[1].at("status"), 3);
  EXPECT_EQ(result.at("trials")[1].at("why"), "ended with status 3");
  EXPECT_EQ(result.at("trials")[1].at("last_line"), "no thread: Resource temporarily unavailable");
}

TEST_F(FindTasksTest, OneTaskIsTheLeastThereIs) {
  const Ended ended = find({}, {"true"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("answer"), "healthy-everywhere");
  EXPECT_EQ(result.at("smallest_healthy"), 1);
  EXPECT_EQ(result.at("below"), nullptr);
}

TEST_F(FindTasksTest, ItIsReadyWhenItsPortIs) {
  const std::string server =
      "import socket, sys\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, "
      "socket.SO_REUSEADDR, 1)\ns.bind(('127.0.0.1', int(sys.argv[1])))\nimport threading\n"
      "for i in range(6): threading.Thread(target=threading.Event().wait).start()\n"
      "s.listen()\n"
      "while True: s.accept()[0].send(b'hello')\n";
  const Ended ended = find({"--ready-tcp", "26391"}, {"/usr/bin/python3", "-c", server, "26391"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(result_of(ended).at("smallest_healthy"), 7);
}

TEST_F(FindTasksTest, TextAndFolderSayTheSame) {
  const Ended ended =
      run_ceiling({"find", "--ready-log", "^ready", "--", ceiling::find_testee(), "strict", "12"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, testing::HasSubstr("healthy from pids.max 12, refused-to-start at 11\n"));
  EXPECT_THAT(ended.out, testing::HasSubstr("said: no thread: Resource temporarily unavailable"));
  const auto stored = read_text(only_run() / "result.json");
  EXPECT_EQ(schema_problems("find", stored), "");
  const auto result = nlohmann::json::parse(stored);
  EXPECT_EQ(result.at("smallest_healthy"), 12);
  for (const auto& trial : result.at("trials")) {
    EXPECT_TRUE(std::filesystem::exists(only_run() / trial.at("log").get<std::string>()));
  }
}

}  // namespace
}  // namespace ceiling
