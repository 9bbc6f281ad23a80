#include "cgroups/control_file.h"

#include <gtest/gtest.h>

#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

TEST(ParseCount, ReadsWhatTheKernelWrites) {
  EXPECT_EQ(parse_count("50\n", "pids.max"), 50);
  EXPECT_EQ(parse_count("max\n", "pids.max"), std::nullopt);
  EXPECT_EQ(parse_count("unlimited", "limits"), std::nullopt);
}

TEST(ParseCount, NamesTheFileOfAnythingElse) {
  for (const char* bad : {"", "\n", "12x", "1 2", "-", "9999999999999999999999"}) {
    try {
      parse_count(bad, "some/pids.max");
      ADD_FAILURE() << "accepted '" << bad << "'";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("some/pids.max"), std::string::npos);
    }
  }
}

TEST(ValueOf, FindsTheKeyAtTheStartOfALineOnly) {
  EXPECT_EQ(value_of("Name:\tThreads: 9\nThreads:\t3\n", "Threads:"), "3");
  EXPECT_EQ(value_of("max 7", "max "), "7");
  EXPECT_EQ(value_of("", "max "), std::nullopt);
}

TEST(ReadFile, TellsGoneFromUnreadable) {
  FakeTree tree;
  tree.file("/there", "x\n");
  EXPECT_EQ(read_file_if_there(tree.at("/there")), "x\n");
  EXPECT_EQ(read_file_if_there(tree.at("/gone")), std::nullopt);
  EXPECT_THROW(read_file(tree.at("/gone")), FileError);
  EXPECT_THROW(read_file_if_there(tree.root()), FileError);
}

TEST(NumberedEntries, PassesOverEverythingElse) {
  FakeTree tree;
  tree.file("/proc/12/status", "").file("/proc/7/status", "").file("/proc/8x/status", "");
  EXPECT_EQ(numbered_entries(tree.at("/proc")).size(), 2u);
  EXPECT_TRUE(numbered_entries(tree.at("/none")).empty());
}

TEST(Descriptor, ClosesWhatAMoveAssignmentReplaces) {
  FakeTree tree;
  tree.file("/a", "");
  const auto open_count = [] { return numbered_entries("/proc/self/fd").size(); };
  const std::size_t before = open_count();
  {
    Descriptor first(::dup(2));
    first = Descriptor(::dup(2));
    EXPECT_EQ(open_count(), before + 1);
  }
  EXPECT_EQ(open_count(), before);
}

}  // namespace
}  // namespace ceiling
