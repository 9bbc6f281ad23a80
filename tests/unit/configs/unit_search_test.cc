#include "harness/configs/unit_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kEtc = "/etc/systemd/system/";
constexpr const char* kRun = "/run/systemd/system/";
constexpr const char* kUsr = "/usr/lib/systemd/system/";

std::string etc(const std::string& name) {
  return kEtc + name;
}
std::string run(const std::string& name) {
  return kRun + name;
}
std::string usr(const std::string& name) {
  return kUsr + name;
}

TEST(FindUnit, AnEarlierFolderOverridesAndDropInsComeInOrderOfTheirNames) {
  FakeTree tree;
  tree.file(usr("demo.service"), "[Service]\n").file(etc("demo.service"), "[Service]\n");
  tree.file(usr("demo.service.d/10-a.conf"), "").file(etc("demo.service.d/50-b.conf"), "");
  tree.file(run("demo.service.d/40-c.conf"), "").file(run("demo.service.d/50-b.conf"), "");
  tree.file("/etc/systemd/system.control/demo.service.d/50-TasksMax.conf", "");
  const UnitFiles files = find_unit(tree.root(), "demo.service");
  EXPECT_EQ(files.fragment, etc("demo.service"));
  EXPECT_THAT(files.drop_ins,
              ElementsAre(usr("demo.service.d/10-a.conf"), run("demo.service.d/40-c.conf"),
                          "/etc/systemd/system.control/demo.service.d/50-TasksMax.conf",
                          etc("demo.service.d/50-b.conf")));
}

TEST(FindUnit, AnInstanceTakesItsTemplateAndBothFoldersOfDropIns) {
  FakeTree tree;
  tree.file(usr("web@.service"), "[Service]\n");
  tree.file(etc("web@.service.d/10.conf"), "").file(etc("web@.service.d/20.conf"), "");
  tree.file(etc("web@one.service.d/20.conf"), "").file(etc("web@two.service.d/30.conf"), "");
  const UnitFiles files = find_unit(tree.root(), "web@one.service");
  EXPECT_EQ(files.fragment, usr("web@.service"));
  EXPECT_THAT(files.drop_ins,
              ElementsAre(etc("web@.service.d/10.conf"), etc("web@one.service.d/20.conf")));
  tree.file(etc("web@one.service"), "[Service]\n");
  EXPECT_EQ(find_unit(tree.root(), "web@one.service").fragment, etc("web@one.service"));
}

TEST(FindUnit, PrefixesThatEndInADashCountAndTheLongerOneHides) {
  FakeTree tree;
  tree.file(etc("foo-bar-baz.slice.d/10.conf"), "").file(etc("foo-bar-.slice.d/10.conf"), "");
  tree.file(etc("foo-bar-.slice.d/20.conf"), "").file(etc("foo-.slice.d/20.conf"), "");
  tree.file(etc("foo-.slice.d/30.conf"), "").file(etc("foo.slice.d/40.conf"), "");
  tree.file(etc("foo-.service.d/50.conf"), "");
  const UnitFiles files = find_unit(tree.root(), "foo-bar-baz.slice");
  EXPECT_EQ(files.fragment, "");
  EXPECT_THAT(files.drop_ins,
              ElementsAre(etc("foo-bar-baz.slice.d/10.conf"), etc("foo-bar-.slice.d/20.conf"),
                          etc("foo-.slice.d/30.conf")));
}

// As `systemd --test` of version 252 lists them.
TEST(FindUnit, TheNamesOfAnInstanceFromSpecificToGeneral) {
  const std::vector<std::string> names{"a-b@i.service", "a-b@.service", "a-.service",
                                       "a-@i.service",  "a-@.service",  "service"};
  for (std::size_t first = 0; first < names.size(); ++first) {
    FakeTree tree;
    for (std::size_t i = first; i < names.size(); ++i) tree.file(etc(names[i] + ".d/10.conf"), "");
    EXPECT_THAT(find_unit(tree.root(), "a-b@i.service").drop_ins,
                ElementsAre(etc(names[first] + ".d/10.conf")));
  }
}

TEST(FindUnit, TheFolderOfTheTypeIsTheWeakestEvenInEtc) {
  FakeTree tree;
  tree.file(usr("demo.service"), "[Service]\n");
  tree.file(etc("service.d/10.conf"), "").file(usr("demo.service.d/10.conf"), "");
  tree.file(etc("service.d/05.conf"), "").file(etc("slice.d/06.conf"), "");
  EXPECT_THAT(find_unit(tree.root(), "demo.service").drop_ins,
              ElementsAre(etc("service.d/05.conf"), usr("demo.service.d/10.conf")));
}

TEST(FindUnit, AMaskedUnitHasNoFilesAndAMaskedDropInIsLeftOut) {
  FakeTree tree;
  tree.file(usr("demo.service"), "[Service]\n").file(usr("demo.service.d/10.conf"), "");
  tree.file(usr("demo.service.d/20.conf"), "").link(etc("demo.service.d/10.conf"), "/dev/null");
  EXPECT_THAT(find_unit(tree.root(), "demo.service").drop_ins,
              ElementsAre(usr("demo.service.d/20.conf")));
  tree.link(etc("demo.service"), "/dev/null");
  EXPECT_EQ(find_unit(tree.root(), "demo.service").fragment, "");
  EXPECT_THAT(find_unit(tree.root(), "demo.service").drop_ins, IsEmpty());
  tree.file(etc("empty.service"), "").file(usr("empty.service"), "[Service]\n");
  EXPECT_EQ(find_unit(tree.root(), "empty.service").fragment, "");
}

TEST(FindUnit, AnAliasLeadsToItsUnitAndTakesTheDropInsOfBothNames) {
  FakeTree tree;
  tree.file(usr("real.service"), "[Service]\n").link(etc("also.service"), usr("real.service"));
  tree.file(etc("real.service.d/20.conf"), "").file(etc("also.service.d/10.conf"), "");
  const UnitFiles files = find_unit(tree.root(), "also.service");
  EXPECT_EQ(files.fragment, usr("real.service"));
  EXPECT_THAT(files.drop_ins,
              ElementsAre(etc("also.service.d/10.conf"), etc("real.service.d/20.conf")));
  tree.file(etc("also.service.d/20.conf"), "");
  EXPECT_THAT(find_unit(tree.root(), "also.service").drop_ins,
              ElementsAre(etc("also.service.d/10.conf"), etc("real.service.d/20.conf")));
  tree.file("/opt/linked.service", "[Service]\n")
      .link(etc("linked.service"), "/opt/linked.service");
  EXPECT_EQ(find_unit(tree.root(), "linked.service").fragment, "/opt/linked.service");
}

TEST(FindUnit, WhatIsNoUnitHasNothing) {
  FakeTree tree;
  tree.file(etc("service.d/10.conf"), "");
  for (const std::string name : {"", "demo", ".service", "../x.service", "a.conf"}) {
    EXPECT_THAT(find_unit(tree.root(), name).drop_ins, IsEmpty()) << name;
  }
  EXPECT_THAT(find_unit(tree.root(), std::string(300, 'a') + ".service").drop_ins, IsEmpty());
  EXPECT_EQ(find_unit(tree.root(), std::string(240, '-') + ".service").drop_ins.size(), 1u);
  EXPECT_EQ(find_unit(tree.root(), "a-b-c-d-e-f@x-y.service").drop_ins.size(), 1u);
}

TEST(LimitsSection, FollowsTheType) {
  EXPECT_EQ(limits_section("demo.service"), "Service");
  EXPECT_EQ(limits_section("a-b.slice"), "Slice");
  EXPECT_EQ(limits_section("run-1.scope"), "Scope");
  EXPECT_EQ(limits_section("x.timer"), "");
  EXPECT_EQ(limits_section("x"), "");
}

}  // namespace
}  // namespace ceiling
