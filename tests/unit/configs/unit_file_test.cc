#include "harness/configs/unit_file.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

TEST(Assignments, AreReadAsSystemdDoes) {
  const std::string text =
      "TasksMax=1\n"
      "[Unit]\n"
      "TasksMax=2\n"
      "[Service]\n"
      "# TasksMax=3\n"
      " ; TasksMax=4\n"
      "  TasksMax =  5  \n"
      "TasksMax=\\\n"
      "# between\n"
      "  6\n"
      "ExecStart=/bin/x \\\n"
      "TasksMax=7\n"
      "tasksmax=8\n"
      "no assignment\n"
      "TasksMax=\n"
      "[X-Mine]\n"
      "TasksMax=9\n"
      "[Service]\r\n"
      "TasksMax=10\r\n"
      "Other=a\\\\\n"
      "TasksMax=11";
  const auto found = assignments(text, "Service", "TasksMax");
  const std::vector<std::pair<std::size_t, std::string>> expected{
      {7, "5"}, {8, "6"}, {15, ""}, {19, "10"}, {21, "11"}};
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].line, expected[i].first);
    EXPECT_EQ(found[i].value, expected[i].second);
  }
}

TEST(Assignments, ADamagedSectionHeaderEndsTheFile) {
  const auto found =
      assignments("[Service]\nTasksMax=1\n[Service\nTasksMax=2\n", "Service", "TasksMax");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].value, "1");
}

TEST(Assignments, AByteOrderMarkAndALastLineThatIsContinued) {
  const auto found = assignments("\xef\xbb\xbf[Service]\nTasksMax=1 \\", "Service", "TasksMax");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].value, "1");
}

TEST(DirectiveValue, TakesWhatSystemdTakes) {
  const Whole whole{32767, std::int64_t{24684084} * 1024};
  const Amount unlimited;
  const struct {
    const char* directive;
    const char* text;
    bool taken;
    Amount soft;
    Amount hard;
  } cases[] = {
      {"TasksMax", "40", true, 40, 40},
      {"TasksMax", "15%", true, 4915, 4915},
      {"TasksMax", "12.5%", true, 4095, 4095},
      {"TasksMax", "100%", true, 32767, 32767},
      {"TasksMax", "101%", false, {}, {}},
      {"TasksMax", "12.345%", false, {}, {}},
      {"TasksMax", "infinity", true, unlimited, unlimited},
      {"TasksMax", "0", false, {}, {}},
      {"TasksMax", "0x28", true, 40, 40},
      {"TasksMax", "+40", true, 40, 40},
      {"LimitNPROC", "010", true, 8, 8},
      {"LimitNPROC", "7 : 8", false, {}, {}},
      {"MemoryMax", "1G 5M", true, 1078984704, 1078984704},
      {"LimitAS", "1G1K", true, 1073742848, 1073742848},
      {"LimitAS", "1K1G", false, {}, {}},
      {"LimitAS", "1.5.5G", false, {}, {}},
      {"LimitAS", ".5G", false, {}, {}},
      {"TasksMax", "-1", false, {}, {}},
      {"TasksMax", "40M", false, {}, {}},
      {"TasksMax", "10:20", false, {}, {}},
      {"DefaultTasksMax", "15%", true, 4915, 4915},
      {"MemoryMax", "64M", true, 67108864, 67108864},
      {"MemoryMax", "64 M", true, 67108864, 67108864},
      {"MemoryMax", "5000", true, 4096, 4096},
      {"MemoryMax", "50%", true, 12638248960, 12638248960},
      {"MemoryMax", "infinity", true, unlimited, unlimited},
      {"MemoryMax", "0", false, {}, {}},
      {"MemoryMax", "64m", false, {}, {}},
      {"LimitNPROC", "100", true, 100, 100},
      {"LimitNPROC", "100:200", true, 100, 200},
      {"LimitNPROC", "100:infinity", true, 100, unlimited},
      {"LimitNPROC", "200:100", false, {}, {}},
      {"LimitNPROC", "infinity:100", false, {}, {}},
      {"LimitNPROC", "1K", false, {}, {}},
      {"LimitNPROC", "10%", false, {}, {}},
      {"LimitAS", "4G:16G", true, std::int64_t{4} << 30, std::int64_t{16} << 30},
      {"LimitAS", "1.5G", true, 1610612736, 1610612736},
      {"LimitDATA", "8388608", true, 8388608, 8388608},
      {"LimitMEMLOCK", "64K", true, 65536, 65536},
      {"LimitMEMLOCK", "1B", true, 1, 1},
      {"LimitNOFILE", "1024:524288", true, 1024, 524288},
      {"DefaultLimitNOFILE", "1024:524288", true, 1024, 524288},
      {"LimitAS", ":", false, {}, {}},
      {"LimitAS", "", false, {}, {}},
      {"CPUQuota", "20%", false, {}, {}},
  };
  for (const auto& one : cases) {
    const auto value = directive_value(one.directive, one.text, whole);
    ASSERT_EQ(value.has_value(), one.taken) << one.directive << "=" << one.text;
    if (!value) continue;
    EXPECT_EQ(value->soft, one.soft) << one.directive << "=" << one.text;
    EXPECT_EQ(value->hard, one.hard) << one.directive << "=" << one.text;
  }
}

TEST(DirectiveValue, APercentageOfSomethingUnknownHasNone) {
  EXPECT_FALSE(directive_value("TasksMax", "15%", {}));
  EXPECT_FALSE(directive_value("MemoryMax", "15%", {}));
}

}  // namespace
}  // namespace ceiling
