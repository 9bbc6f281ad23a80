#include <gmock/gmock.h>

#include "tests/e2e/find/find_case.h"

namespace ceiling {
namespace {

using FindLimitsTest = FindTest;

TEST_F(FindLimitsTest, NprocIsCountedForAUidOfItsOwn) {
  const Ended ended = find_testee("strict", 30, {"--limit", "RLIMIT_NPROC", "--range", "1:100"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("smallest_healthy"), 30);
  EXPECT_EQ(outcomes(result), "1 refused-to-start -, 29 refused-to-start -, 30 healthy -, ");
  EXPECT_EQ(result.at("user"), "a uid of its own");
}

TEST_F(FindLimitsTest, ProbesDoNotCountForThatUid) {
  const Ended ended = find_testee(
      "strict", 30, {"--limit", "RLIMIT_NPROC", "--range", "1:100", "--probe", "sleep 0.1 & wait"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(result_of(ended).at("smallest_healthy"), 30);
}

TEST_F(FindLimitsTest, Descriptors) {
  const Ended ended =
      find_testee("descriptors", 40, {"--limit", "RLIMIT_NOFILE", "--range", "25:300"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  EXPECT_EQ(result.at("smallest_healthy"), 40);
  EXPECT_EQ(result.at("below"), "refused-to-start");
}

TEST_F(FindLimitsTest, AddressSpaceToItsStep) {
  const Ended ended = find_testee("address-space", 64, {"--limit", "RLIMIT_AS"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  const auto found = result.at("smallest_healthy").get<std::int64_t>();
  const auto used = result.at("unlimited").at("peak").get<std::int64_t>();
  EXPECT_GT(used, 64 << 20);
  EXPECT_GE(found, used);
  EXPECT_LE(found, used + result.at("step").get<std::int64_t>());
  EXPECT_EQ(result.at("below"), "refused-to-start");
}

TEST_F(FindLimitsTest, MemoryEndsInTheOomKiller) {
  const Ended ended = find_testee("memory", 64, {"--limit", "memory.max", "--range", "16M:256M"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  const auto result = result_of(ended);
  const auto found = result.at("smallest_healthy").get<std::int64_t>();
  EXPECT_GE(found, 64 << 20);
  EXPECT_LE(found, 80 << 20);
  EXPECT_EQ(result.at("below"), "crashed");
  for (const auto& trial : result.at("trials")) {
    if (trial.at("value").get<std::int64_t>() >= found) continue;
    EXPECT_EQ(trial.at("signal"), 9);
    EXPECT_EQ(trial.at("refusals"), 1);
  }
  EXPECT_LE(result.at("trials").size(), 10U);  // 241 values: eight halvings and two
}

}  // namespace
}  // namespace ceiling
