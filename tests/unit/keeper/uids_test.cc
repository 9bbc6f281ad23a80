// Private uids: nobody else's tasks may be charged to them.
#include "harness/keeper/uids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cgroups/error.h"
#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class UidsTest : public testing::Test {
 protected:
  void map(const std::string& text) { write("proc/self/uid_map", text); }
  void process(int pid, const std::string& uids) {
    write("proc/" + std::to_string(pid) + "/status",
          "Name:\tx\nState:\tZ (zombie)\nUid:\t" + uids + "\nGid:\t0\t0\t0\t0\n");
  }
  std::vector<uid_t> pick(int count, const std::vector<uid_t>& taken = {}) {
    return free_uids(count, taken, folder.path());
  }

 private:
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((folder.path() / file).parent_path());
    std::ofstream(folder.path() / file) << text;
  }
  TemporaryFolder folder;
};

TEST_F(UidsTest, HighRangeWhereAllIsMapped) {
  map("         0          0 4294967295\n");
  EXPECT_THAT(pick(2), ElementsAre(1'999'999'999, 1'999'999'998));
  EXPECT_THAT(pick(0), IsEmpty());
}

TEST_F(UidsTest, TakenAndLiveUidsAreSkipped) {
  map("0 0 4294967295\n");
  process(1, "0\t0\t0\t0");
  process(9, "1999999999\t1999999998\t1999999997\t1999999996");
  EXPECT_THAT(pick(2, {1'999'999'995}), ElementsAre(1'999'999'994, 1'999'999'993));
}

TEST_F(UidsTest, SmallNamespaceIsUsedFromItsTop) {
  map("0 100000 65536\n");
  EXPECT_THAT(pick(2), ElementsAre(65533, 65532));  // not the overflow uid, not (uid16_t)-1
}

TEST_F(UidsTest, PartOfTheHighRangeIsPreferred) {
  map("0 1000 1\n1900000000 5000 2\n");
  EXPECT_THAT(pick(2), ElementsAre(1'900'000'001, 1'900'000'000));
  EXPECT_THROW(pick(3), HostError);
}

TEST_F(UidsTest, RootIsNeverGiven) {
  map("0 1000 1\n");
  EXPECT_THROW(pick(1), HostError);
  map("0 1000 2\n");
  EXPECT_THAT(pick(1), ElementsAre(1));
  process(5, "1\t1\t1\t1");
  EXPECT_THROW(pick(1), HostError);
}

TEST_F(UidsTest, WhatIsNotReallyAUidIsNeverGiven) {
  map("4294967290 0 6\n");
  EXPECT_THAT(pick(4), ElementsAre(4'294'967'293, 4'294'967'292, 4'294'967'291, 4'294'967'290));
  EXPECT_THROW(pick(5), HostError);
}

}  // namespace
}  // namespace ceiling
