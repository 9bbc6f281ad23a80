#include "harness/check/what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/experiment/experiment.h"
#include "tests/unit/check/facts.h"

namespace ceiling::test {
namespace {

using testing::HasSubstr;

/// What is said of a change that is refused; "" where it is taken.
std::string refusal(const std::string& text) {
  try {
    Subject subject = subject_of(facts_of_a_process());
    Need need;
    apply(parse_change(text), subject, need);
    return "";
  } catch (const BadInput& wrong) {
    return wrong.what();
  }
}

Answer with(const std::string& text, Facts facts = facts_of_a_process()) {
  Subject subject = subject_of(std::move(facts));
  Need need;
  apply(parse_change(text), subject, need);
  return answer(subject, need);
}

TEST(WhatIf, SizesAreBinary) {
  EXPECT_EQ(bytes_of("0"), 0);
  EXPECT_EQ(bytes_of("64K"), 65'536);
  EXPECT_EQ(bytes_of("3M"), 3 * kMiB);
  EXPECT_EQ(bytes_of("1T"), std::int64_t{1} << 40);
  EXPECT_EQ(bytes_of("4611686018427387904"), std::int64_t{1} << 62);
  for (const char* wrong : {"", "K", "-1", "1k", "1KB", "1.5M", " 1", "0x10", "+1",
                            "4611686018427387905", "4398046511105M", "99999999999999999999"}) {
    EXPECT_EQ(bytes_of(wrong), std::nullopt) << wrong;
  }
}

TEST(WhatIf, EveryRowTakesAValue) {
  for (const auto& [text, value] :
       std::vector<std::pair<std::string, std::int64_t>>{{"pids.max=7", 7},
                                                         {"RLIMIT_NPROC=60", 60},
                                                         {"kernel.threads-max=400", 400},
                                                         {"kernel.pid_max=500", 500},
                                                         {"vm.max_map_count=64", 64},
                                                         {"RLIMIT_AS=1G", 1024 * kMiB},
                                                         {"RLIMIT_DATA=64M", 64 * kMiB},
                                                         {"RLIMIT_MEMLOCK=1M", kMiB}}) {
    const Answer changed = with(text);
    const std::string name = text.substr(0, text.find('='));
    EXPECT_EQ(row_of(changed, name).limit.value, value) << text;
    EXPECT_EQ(row_of(changed, name).set_by, "--set " + text);
  }
  EXPECT_EQ(with("pids.max=7").threads_left, 3);
  EXPECT_EQ(with("RLIMIT_NPROC=52").threads_left, 2);
  EXPECT_TRUE(row_of(with("vm.overcommit_memory=2"), "vm.overcommit_memory").limit.applies);
  EXPECT_EQ(with("stack=64K").thread.stack, 65'536);
  EXPECT_EQ(with("RLIMIT_STACK=1M").thread.stack, kMiB);
}

TEST(WhatIf, AGroupOfThePathIsNamedAlsoWhereItWasUnlimited) {
  const Answer changed = with("pids.max:/a=8");
  EXPECT_EQ(changed.threads_left, 1);
  EXPECT_EQ(changed.rows.front().limit.scope, "/a");
  EXPECT_EQ(row_of(changed, "pids.max", "/a/b").limit.value, 10);
  EXPECT_EQ(with("pids.max=max").rows.front().limit.name, "RLIMIT_NPROC");
}

TEST(WhatIf, AnUnseenLimitIsSeenFromThenOn) {
  Facts facts = facts_of_a_process();
  facts.place.nproc = unseen("hidden");
  EXPECT_EQ(row_of(with("RLIMIT_NPROC=51", facts), "RLIMIT_NPROC").limit.threads_left, 1);
}

TEST(WhatIf, WhatCannotBeIsRefusedInOneLine) {
  EXPECT_THAT(refusal("pids.mx=5"), HasSubstr("--set pids.mx=5: found the unknown name "
                                              "\"pids.mx\", nearest known name: pids.max"));
  EXPECT_THAT(refusal("kernel.threads=5"), HasSubstr("nearest known name: kernel.threads-max"));
  EXPECT_THAT(refusal("pids.max"), HasSubstr("expected NAME=VALUE"));
  EXPECT_THAT(refusal("=5"), HasSubstr("nearest known name"));
  EXPECT_THAT(refusal("pids.max="), HasSubstr("found \"\", expected a whole number, or max"));
  EXPECT_THAT(refusal("pids.max=-1"), HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal("pids.max=64K"), HasSubstr("expected a whole number"));
  EXPECT_THAT(refusal("RLIMIT_AS=64KB"), HasSubstr("expected a number of bytes"));
  EXPECT_THAT(refusal("vm.overcommit_memory=3"), HasSubstr("expected 0, 1 or 2"));
  EXPECT_THAT(refusal("vm.overcommit_memory=max"), HasSubstr("expected 0, 1 or 2"));
  EXPECT_THAT(
      refusal("pids.max:/b=5"),
      HasSubstr("found the group \"/b\", expected one on the path of the target: /a/b, /a"));
  EXPECT_THAT(refusal("pids.max:=5"), HasSubstr("found a group"));
  EXPECT_THAT(refusal("RLIMIT_AS:/a=5"), HasSubstr("found a group"));
  EXPECT_THAT(refusal("memory.max=1G"), HasSubstr("none on its path has a memory.max"));
  EXPECT_THAT(refusal("stack=16383"), HasSubstr("16384 (PTHREAD_STACK_MIN)"));
  EXPECT_THAT(refusal("stack=max"), HasSubstr("PTHREAD_STACK_MIN"));
  EXPECT_EQ(refusal("stack=16384"), "");
}

}  // namespace
}  // namespace ceiling::test
