#include "harness/configs/limits_conf.h"

#include <gtest/gtest.h>

#include "tests/unit/cgroups/fake_tree.h"

namespace ceiling {
namespace {

constexpr const char* kConf = "/etc/security/limits.conf";

Login alice() {
  return {"alice", 1000, 500, {{"staff", 500}, {"faculty", 700}}};
}
Login root_user() {
  return {"root", 0, 0, {{"root", 0}}};
}

std::size_t line_of(const std::string& conf, const Login& login, std::string_view item,
                    Amount value, LimitKind kind = LimitKind::hard) {
  FakeTree tree;
  tree.file(kConf, conf);
  const Origin origin = limits_conf_origin(tree.root(), login, item, value, kind);
  EXPECT_EQ(origin.text, origin.line == 0 ? "" : kConf + (":" + std::to_string(origin.line)));
  return origin.line;
}

TEST(LimitsConf, MatchesTheDomainsOfTheManPage) {
  const struct {
    const char* domain;
    bool meant;
  } cases[] = {
      {"alice", true},     {"bob", false},       {"*", true},      {"@faculty", true},
      {"@staff", true},    {"@students", false}, {"@", false},     {"1000:", true},
      {"1001:", false},    {":1000", true},      {":1001", false}, {"900:1000", true},
      {"900:999", false},  {"@500:", true},      {"@501:", false}, {"@400:600", true},
      {"@600:800", false}, {"@:700", true},      {"@:701", false}, {"%", false},
      {"%faculty", false}, {"%:700", false},     {":", false},     {"x:1000", false},
      {"900:x", false},    {"@:", false},        {"1000", false},  {"Alice", false},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(line_of(std::string(one.domain) + " hard nproc 20\n", alice(), "nproc", 20),
              one.meant ? 1u : 0u)
        << one.domain;
  }
}

// As pam_limits.so of Debian 12 sets them.
TEST(LimitsConf, RootIsMeantByItsNameAndByNumbersOnly) {
  for (const char* domain : {"*", "@root", "1:", "@1:", "@:1"}) {
    EXPECT_EQ(line_of(std::string(domain) + " - nproc 20\n", root_user(), "nproc", 20), 0u);
  }
  for (const char* domain : {"root", "0:", ":0", "0:1", "@0:", "@:0"}) {
    EXPECT_EQ(line_of(std::string(domain) + " - nproc 20\n", root_user(), "nproc", 20), 1u);
  }
  EXPECT_EQ(line_of("root - nproc 20\n* - nproc 30\n", root_user(), "nproc", 20), 1u);
  EXPECT_EQ(line_of("root - nproc 20\n@:0 - nproc 30\n", root_user(), "nproc", 30), 2u);
}

TEST(LimitsConf, UserBeatsGroupBeatsEverybodyAndLaterBeatsEarlier) {
  const struct {
    const char* conf;
    std::int64_t value;
    std::size_t line;
  } cases[] = {
      {"alice - nproc 1\n@staff - nproc 2\n* - nproc 3\n", 1, 1},
      {"* - nproc 3\n@staff - nproc 2\nalice - nproc 1\n", 1, 3},
      {"@staff - nproc 2\n* - nproc 3\n", 2, 1},
      {"@staff - nproc 2\n@faculty - nproc 4\n", 4, 2},
      {"alice - nproc 1\nalice - nproc 5\n", 5, 2},
      {"alice - nproc 1\n1000: - nproc 5\n@staff - nproc 2\n", 5, 2},
      {"* - nproc 3\n* - nproc 6\n", 6, 2},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(line_of(one.conf, alice(), "nproc", one.value), one.line) << one.conf;
  }
}

TEST(LimitsConf, SoftAndHardAreTwoLimits) {
  const std::string conf = "alice soft nproc 10\nalice hard nproc 20\n";
  EXPECT_EQ(line_of(conf, alice(), "nproc", 10, LimitKind::soft), 1u);
  EXPECT_EQ(line_of(conf, alice(), "nproc", 20, LimitKind::hard), 2u);
  EXPECT_EQ(line_of(conf, alice(), "nproc", 10, LimitKind::hard), 0u);
  EXPECT_EQ(line_of("alice - nproc 10\n", alice(), "nproc", 10, LimitKind::soft), 1u);
  EXPECT_EQ(line_of("alice SOFT NPROC 10\n", alice(), "nproc", 10, LimitKind::soft), 1u);
  EXPECT_EQ(line_of("alice both nproc 10\n", alice(), "nproc", 10, LimitKind::soft), 0u);
}

TEST(LimitsConf, ASoftLimitAboveTheHardOneIsTheHardOne) {
  const std::string conf = "alice soft nproc unlimited\nalice hard nproc 20\n";
  EXPECT_EQ(line_of(conf, alice(), "nproc", 20, LimitKind::soft), 2u);
}

TEST(LimitsConf, ADashThatLosesForTheSoftLimitIsNotTakenForTheHardOne) {
  const std::string conf = "alice soft nproc 10\n@staff hard nproc 20\n* - nproc 30\n";
  EXPECT_EQ(line_of(conf, alice(), "nproc", 20, LimitKind::hard), 2u);
  EXPECT_EQ(line_of("alice soft nproc 10\n* - nproc 30\n", alice(), "nproc", 30), 0u);
}

TEST(LimitsConf, ValuesAndUnits) {
  const struct {
    const char* item;
    const char* text;
    Amount value;
    bool found;
  } cases[] = {
      {"nproc", "20", 20, true},
      {"nproc", "20x", 20, true},
      {"nproc", "x20", 20, false},
      {"nproc", "unlimited", std::nullopt, true},
      {"nproc", "INFINITY", std::nullopt, true},
      {"nproc", "-1", std::nullopt, true},
      {"nproc", "-2", std::nullopt, false},
      {"nproc", "99999999999999999999", std::nullopt, true},
      {"nofile", "1024", 1024, true},
      {"nofile", "unlimited", 1048576, true},
      {"as", "64", 65536, true},
      {"data", "64", 65536, true},
      {"memlock", "64", 65536, true},
      {"stack", "64", 65536, true},
      {"as", "64", 64, false},
      {"as", "9223372036854775807", std::nullopt, true},
  };
  for (const auto& one : cases) {
    FakeTree tree;
    tree.file(kConf, "alice - " + std::string(one.item) + " " + one.text + "\n")
        .file("/proc/sys/fs/nr_open", "1048576\n");
    const Origin origin =
        limits_conf_origin(tree.root(), alice(), one.item, one.value, LimitKind::soft);
    EXPECT_EQ(origin.line, one.found ? 1u : 0u) << one.item << " " << one.text;
  }
}

TEST(LimitsConf, UnlimitedDescriptorsAreThoseOfNrOpenOrUnknown) {
  for (const Amount value : {Amount(), Amount(1048576)}) {
    EXPECT_EQ(line_of("alice - nofile unlimited\n", alice(), "nofile", value), 0u);
  }
}

TEST(LimitsConf, CommentsAndDamagedLinesArePassedOver) {
  const std::string conf =
      "# alice - nproc 20\nalice - nproc\nalice nproc 20\n\n\talice  -  nproc  20 # why\n";
  EXPECT_EQ(line_of(conf, alice(), "nproc", 20), 5u);
}

TEST(LimitsConf, ALineWithADashAloneFreesTheUserOfAllLimits) {
  EXPECT_EQ(line_of("alice - nproc 20\nalice -\n", alice(), "nproc", 20), 0u);
  EXPECT_EQ(line_of("alice - nproc 20\n@staff -\n", alice(), "nproc", 20), 0u);
  EXPECT_EQ(line_of("alice - nproc 20\n@students -\n", alice(), "nproc", 20), 1u);
  EXPECT_EQ(line_of("alice - nproc 20\n* -\n", alice(), "nproc", 20), 1u);
}

TEST(LimitsConf, TheFolderIsReadAfterTheFileInTheOrderOfTheCLocale) {
  FakeTree tree;
  tree.file(kConf, "alice - nproc 1\n")
      .file("/etc/security/limits.d/Z.conf", "alice - nproc 2\n")
      .file("/etc/security/limits.d/a.conf", "\nalice - nproc 3\n")
      .file("/etc/security/limits.d/z.off", "alice - nproc 4\n");
  const auto text = [&tree](std::int64_t value) {
    return limits_conf_origin(tree.root(), alice(), "nproc", value, LimitKind::soft).text;
  };
  EXPECT_EQ(text(3), "/etc/security/limits.d/a.conf:2");
  for (const std::int64_t other : {1, 2, 4}) EXPECT_EQ(text(other), "");
}

TEST(LoginOf, ReadsPasswdAndGroup) {
  FakeTree tree;
  tree.file("/etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nbroken\nalice:x:1000:500:A:/home/alice:/bin/sh\n")
      .file("/etc/group",
            "root:x:0:\nstaff:x:500:\nbad\nfaculty:x:700:bob,alice\nnot:x:701:alicent\n");
  const auto login = login_of(tree.root(), 1000);
  ASSERT_TRUE(login);
  EXPECT_EQ(login->user, "alice");
  EXPECT_EQ(login->gid, 500u);
  ASSERT_EQ(login->groups.size(), 2u);
  EXPECT_EQ(login->groups[0].name, "staff");
  EXPECT_EQ(login->groups[1].name, "faculty");
  EXPECT_EQ(login->groups[1].gid, 700u);
  EXPECT_FALSE(login_of(tree.root(), 1001));
}

TEST(LimitsConfItem, KnowsTheLimitsOfCheck) {
  EXPECT_EQ(limits_conf_item("RLIMIT_NPROC"), "nproc");
  EXPECT_EQ(limits_conf_item("RLIMIT_AS"), "as");
  EXPECT_EQ(limits_conf_item("pids.max"), std::nullopt);
  EXPECT_EQ(limits_conf_item("RLIMIT_CPU"), std::nullopt);
}

}  // namespace
}  // namespace ceiling
