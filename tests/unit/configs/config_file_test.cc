#include "harness/configs/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

using ::testing::ElementsAre;

TEST(Resolve, FollowsLinksInsideTheRoot) {
  FakeTree tree;
  tree.file("/etc/sysctl.conf", "x")
      .link("/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf")
      .link("/lib", "usr/lib")
      .link("/absolute", "/etc/sysctl.conf")
      .link("/out", "../../../../etc/sysctl.conf")
      .link("/loop", "loop");
  EXPECT_EQ(resolve(tree.root(), "/etc/sysctl.d/99-sysctl.conf"), "/etc/sysctl.conf");
  EXPECT_EQ(resolve(tree.root(), "/lib/sysctl.d/a"), "/usr/lib/sysctl.d/a");
  EXPECT_EQ(resolve(tree.root(), "/absolute"), "/etc/sysctl.conf");
  EXPECT_EQ(resolve(tree.root(), "/out"), "/etc/sysctl.conf");
  EXPECT_EQ(resolve(tree.root(), "/loop"), std::nullopt);
  EXPECT_EQ(read_config(tree.root(), "/out"), "x");
  EXPECT_EQ(read_config(tree.root(), "/loop"), std::nullopt);
}

TEST(ReadConfig, TakesRegularFilesOfAtMostOneMebibyte) {
  FakeTree tree;
  tree.file("/most", std::string(kMaxConfigBytes, 'x'))
      .file("/more", std::string(kMaxConfigBytes + 1, 'x'))
      .file("/empty", "");
  ASSERT_EQ(::mkfifo(tree.at("/fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_config(tree.root(), "/most")->size(), kMaxConfigBytes);
  EXPECT_EQ(read_config(tree.root(), "/more"), std::nullopt);
  EXPECT_EQ(read_config(tree.root(), "/empty"), "");
  EXPECT_EQ(read_config(tree.root(), "/fifo"), std::nullopt);
  EXPECT_EQ(read_config(tree.root(), "/none"), std::nullopt);
  EXPECT_EQ(read_config(tree.root(), "/"), std::nullopt);
}

TEST(LinesOf, CountsEveryLine) {
  const auto lines = lines_of("a\n\nb");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1].text, "");
  EXPECT_EQ(lines[2].number, 3u);
  EXPECT_EQ(lines[2].text, "b");
  EXPECT_TRUE(lines_of("").empty());
}

TEST(ConfFiles, SortsByNameOverAllFoldersAndHidesByName) {
  FakeTree tree;
  const std::vector<std::string> folders{"/etc/d", "/run/d", "/usr/d"};
  tree.file("/usr/d/50-a.conf", "").file("/etc/d/50-a.conf", "").file("/usr/d/90-z.conf", "");
  tree.file("/run/d/10-b.conf", "").file("/etc/d/README", "").file("/usr/d/60-off.conf", "");
  tree.link("/etc/d/60-off.conf", "/dev/null");
  EXPECT_THAT(conf_files(tree.root(), folders),
              ElementsAre("/run/d/10-b.conf", "/etc/d/50-a.conf", "/usr/d/90-z.conf"));
}

}  // namespace
}  // namespace ceiling
