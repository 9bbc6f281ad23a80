#!/bin/sh
# Runs in the guest, by busybox: every step leaves its output and exit status in ceiling-results.
# usage: guest.sh KERNEL FOLDER-OF-PROGRAMS
kernel=$1 bin=$2
export CEILING_REQUIRE_PRIVILEGED=1 NO_COLOR=1
mkdir -p ceiling-results

step() {  # step NAME COMMAND...
  name=$1
  shift
  began=$(cut -d. -f1 /proc/uptime)
  "$@" >"ceiling-results/$name.log" 2>&1
  status=$?
  echo "$status" >"ceiling-results/$name.status"
  echo "$name: exit status $status after $(($(cut -d. -f1 /proc/uptime) - began)) s"
}

# As a service manager does it: the command alone in a group of its own.
in_scope() {
  mkdir "/sys/fs/cgroup/$1" && sh -c "echo \$\$ >/sys/fs/cgroup/$1/cgroup.procs && exec \"\$@\"" "$@"
}

run() {
  experiment=$1
  shift
  "$@" "$bin/ceiling" run "harness/experiments/$experiment.yaml" --quiet $smaller
}

unified() {
  "$bin/ceiling" doctor >/tmp/doctor && cat /tmp/doctor &&
    grep -q "ok  kernel     Linux $kernel\." /tmp/doctor &&
    grep -q 'unified, pids on v2 at /sys/fs/cgroup' /tmp/doctor
}

nothing_left() {
  find /sys/fs/cgroup -type d -name 'ceiling*' ! -name ceiling-caller >/tmp/left
  find /run/ceiling -mindepth 1 >>/tmp/left
  for comm in /proc/[0-9]*/comm; do grep -H -E '^(ceiling|testee|.*_testee)' "$comm"; done >>/tmp/left 2>/dev/null
  cat /tmp/left
  [ ! -s /tmp/left ]
}

step doctor unified
for program in cgroups spawn keeper; do
  step "${program}_kernel_test" "$bin/${program}_kernel_test" --gtest_brief=1
done
# 23 frontends are a thousand requests a sweep, too much for an emulated machine: 11 of them tell it.
smaller='--set limits.pids.max=12'
step kinesis-2020 run kinesis-2020 in_scope demo.scope
smaller=''
# Where nobody has enabled a controller yet, the run does.
echo '-pids -memory' >/sys/fs/cgroup/cgroup.subtree_control
step nproc run nproc
step fleet-wide run fleet-wide
step nothing-left nothing_left
