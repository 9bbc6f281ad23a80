#include "harness/configs/remedy.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

RemedyQuestion group(const std::string& limit, const std::string& scope) {
  RemedyQuestion question;
  question.limit = limit;
  question.scope = scope;
  question.where = "/sys/fs/cgroup/pids" + scope + "/" + limit;
  question.needed = 200;
  return question;
}

Origin set_in(Origin::Source source, const std::string& file, std::size_t line) {
  return {source, true, file, line, ""};
}

TEST(Remedy, OfAGroup) {
  const struct {
    std::string scope;
    std::string text;
  } cases[] = {
      {"/x", "echo 200 > /sys/fs/cgroup/pids/x/pids.max"},
      {"/it's", "echo 200 > '/sys/fs/cgroup/pids/it'\\''s/pids.max'"},
      {"/system.slice/demo.service", "systemctl set-property demo.service TasksMax=200"},
      {"/a.slice/a-b\\x2dc.slice", "systemctl set-property 'a-b\\x2dc.slice' TasksMax=200"},
      {"/system.slice/demo.service/in",
       "echo 200 > /sys/fs/cgroup/pids/system.slice/demo.service/in/pids.max"},
      {"/user.slice/user-1.slice/user@1.service/app.slice/a.service",
       "systemctl --user set-property a.service TasksMax=200"},
      {"/docker/" + kId, "docker update --pids-limit=200 0123456789ab"},
      {"/system.slice/docker-" + kId + ".scope", "docker update --pids-limit=200 0123456789ab"},
      {"/machine.slice/libpod-" + kId + ".scope", "podman update --pids-limit=200 0123456789ab"},
      {"/docker/not-an-id", "echo 200 > /sys/fs/cgroup/pids/docker/not-an-id/pids.max"},
      {"/kubepods/burstable/pod1/" + kId,
       "set `podPidsLimit: 200` in the kubelet's configuration file; systemctl restart kubelet; "
       "start the pod anew"},
      {"/kubepods.slice/kubepods-pod1.slice",
       "set `podPidsLimit: 200` in the kubelet's configuration file; systemctl restart kubelet; "
       "start the pod anew"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(remedy(group("pids.max", one.scope)), one.text) << one.scope;
  }
}

TEST(Remedy, ADropInThatIsReadAfterSetPropertyIsEditedAsWell) {
  RemedyQuestion question = group("pids.max", "/system.slice/demo.service");
  const std::string now = "systemctl set-property demo.service TasksMax=200";
  const std::string folder = "/etc/systemd/system/demo.service.d/";
  question.origin = set_in(Origin::Source::unit_file, folder + "10-a.conf", 2);
  EXPECT_EQ(remedy(question), now);
  question.origin.file = "/etc/systemd/system/demo.service";
  EXPECT_EQ(remedy(question), now);
  question.origin.file = folder + "50-tasks.conf";
  EXPECT_EQ(remedy(question), now + "; to keep it: sed -i '2s|.*|TasksMax=200|' " + folder +
                                  "50-tasks.conf && systemctl daemon-reload");
}

TEST(Remedy, OfMemory) {
  EXPECT_EQ(remedy(group("memory.max", "/system.slice/demo.service")),
            "systemctl set-property demo.service MemoryMax=200");
  EXPECT_EQ(remedy(group("memory.max", "/docker/" + kId)),
            "docker update --memory=200 --memory-swap=400 0123456789ab");
  EXPECT_EQ(remedy(group("memory.max", "/kubepods/pod1")),
            "set resources.limits.memory of the container to \"200\" in the pod's manifest; "
            "kubectl apply it");
}

TEST(Remedy, OfASysctl) {
  RemedyQuestion question;
  question.limit = "kernel.threads-max";
  question.needed = 5000;
  const std::string now = "sysctl -w kernel.threads-max=5000; to keep it: ";
  const std::string write = now +
                            "echo 'kernel.threads-max = 5000' > "
                            "/etc/sysctl.d/zz-threads-max.conf";
  EXPECT_EQ(remedy(question), write);
  question.origin = set_in(Origin::Source::sysctl, "/etc/sysctl.d/99-sysctl.conf", 3);
  EXPECT_EQ(remedy(question), write);
  question.origin.file = "/etc/sysctl.conf";
  EXPECT_EQ(remedy(question), now + "sed -i '3s|.*|kernel.threads-max = 5000|' /etc/sysctl.conf");
  question.origin.file = "/etc/sysctl.d/zzz.conf";
  EXPECT_EQ(remedy(question),
            now + "sed -i '3s|.*|kernel.threads-max = 5000|' /etc/sysctl.d/zzz.conf");
}

TEST(Remedy, OfTheOtherSysctls) {
  RemedyQuestion question;
  question.needed = 70000;
  for (const std::string name : {"kernel.pid_max", "vm.max_map_count"}) {
    question.limit = name;
    EXPECT_EQ(remedy(question).rfind("sysctl -w " + name + "=70000; to keep it: ", 0), 0u);
  }
  question.limit = "vm.overcommit_memory";
  EXPECT_EQ(remedy(question),
            "sysctl -w vm.overcommit_memory=0; to keep it: echo 'vm.overcommit_memory = 0' > "
            "/etc/sysctl.d/zz-overcommit-memory.conf");
}

TEST(Remedy, OfALimitOfALogin) {
  RemedyQuestion question;
  question.limit = "RLIMIT_NPROC";
  question.needed = 200;
  question.user = "alice";
  const std::string keep =
      "echo 'alice - nproc 200' >> /etc/security/limits.d/zz-nproc.conf, and log in anew";
  EXPECT_EQ(remedy(question), keep);
  question.pid = 42;
  EXPECT_EQ(remedy(question), "prlimit --pid 42 --nproc=200:200; to keep it: " + keep);
  question.limit = "RLIMIT_AS";
  question.needed = 1025;
  question.unit = "session-1.scope";
  EXPECT_EQ(remedy(question),
            "prlimit --pid 42 --as=1025:1025; to keep it: echo 'alice - as 2' >> "
            "/etc/security/limits.d/zz-as.conf, and log in anew");
}

TEST(Remedy, OfALimitOfAService) {
  RemedyQuestion question;
  question.limit = "RLIMIT_NPROC";
  question.needed = 200;
  question.unit = "demo.service";
  const std::string folder = "/etc/systemd/system/demo.service.d";
  const std::string apply = " && systemctl daemon-reload && systemctl restart demo.service";
  const std::string write = "mkdir -p " + folder + " && printf '[Service]\\nLimitNPROC=200\\n' > " +
                            folder + "/zz-LimitNPROC.conf" + apply;
  EXPECT_EQ(remedy(question), write);
  question.origin = set_in(Origin::Source::unit_file, folder + "/50-a.conf", 2);
  EXPECT_EQ(remedy(question), write);
  question.origin.file = folder + "/zzz.conf";
  EXPECT_EQ(remedy(question), "sed -i '2s|.*|LimitNPROC=200|' " + folder + "/zzz.conf" + apply);
}

TEST(Remedy, EveryLimitOfCheckHasOneAndNothingElseHas) {
  RemedyQuestion question;
  question.needed = 1;
  for (const char* limit : {"pids.max", "RLIMIT_NPROC", "kernel.threads-max", "kernel.pid_max",
                            "vm.max_map_count", "RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_MEMLOCK",
                            "vm.overcommit_memory", "memory.max", "RLIMIT_NOFILE"}) {
    question.limit = limit;
    const std::string text = remedy(question);
    EXPECT_NE(text, "") << limit;
    EXPECT_EQ(text.find('\n'), std::string::npos) << limit;
  }
  question.limit = "pids.min";
  EXPECT_EQ(remedy(question), "");
}

}  // namespace
}  // namespace ceiling
