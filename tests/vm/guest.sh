#!/bin/sh
# Runs in the bare guest, by busybox.
# usage: guest.sh KERNEL FOLDER-OF-PROGRAMS
kernel=$1 bin=$2
. tests/vm/steps.sh
. tests/vm/host_limits.sh
. tests/vm/find.sh
wrapper=

# As a service manager does it: the command alone in a group of its own.
in_scope() {
  mkdir /sys/fs/cgroup/demo.scope && sh -c 'echo $$ >/sys/fs/cgroup/demo.scope/cgroup.procs && exec "$@"' - "$@"
}

run() {
  "$bin/ceiling" run "harness/experiments/$1.yaml" --quiet
}

step doctor unified
for program in cgroups spawn keeper prove; do
  step "${program}_kernel_test" "$bin/${program}_kernel_test" --gtest_brief=1
done
step limits_property "$bin/limits_property" --count 100 --host-limits
step kinesis-2020 kinesis_2020 in_scope
# Where nobody has enabled a controller yet, the run does.
echo '-pids -memory' >/sys/fs/cgroup/cgroup.subtree_control
step nproc run nproc
for experiment in fleet-wide descriptors memory; do step $experiment run $experiment; done
step no-pid-namespace no_pid_namespace
for experiment in threads-max pid-max max-map-count; do step $experiment host_limit $experiment; done
step overcommit judged_host_limit overcommit
for what in pids memory maps killed raised left; do step "find-$what" "find_$what"; done
step harness-killed harness_killed
step harness-and-keeper-killed harness_and_keeper_killed
step nothing-left nothing_left
