#!/bin/sh
# Runs in the systemd guest, as root in a delegated scope. The units are those of ci/vm-units.
# usage: systemd.sh KERNEL FOLDER-OF-PROGRAMS
kernel=$1 bin=$2
. tests/vm/steps.sh
. tests/vm/find.sh

scope='systemd-run --quiet --scope -p Delegate=yes'

# What a user types after a login: the run starts in a session's scope, where sudo stands as well.
as_demo() {
  runuser -l demo -c "cd '$PWD' && $*"
}

# Every group that is not a scope, with what a run could have changed in it.
own_groups() {
  find /sys/fs/cgroup -name '*.scope' -prune -o -type d -print | sort | while read -r group; do
    echo "$group: $(cat "$group/cgroup.type" 2>/dev/null)" \
         "subtree_control $(cat "$group/cgroup.subtree_control")," \
         "pids.max $(cat "$group/pids.max" 2>/dev/null)," \
         "memory.max $(cat "$group/memory.max" 2>/dev/null)"
  done
}

untouched() {
  grep -c 'demo.service: domain subtree_control , pids.max 40,' /tmp/own-groups || return
  own_groups | diff /tmp/own-groups -
}

# unit NAME WHAT-IT-SAYS: `systemctl show`, a property a line.
properties() {
  systemctl show "$1" -p LoadState -p ActiveState -p TasksMax -p DropInPaths
}

pids_max() {  # pids_max GROUP VALUE
  echo "$1: pids.max $(cat "/sys/fs/cgroup/$1/pids.max"), expected $2"
  [ "$(cat "/sys/fs/cgroup/$1/pids.max")" = "$2" ]
}

# What systemd makes of a unit's files, of its slice, of a template and of its defaults
# (15 % of the host's tasks; the host's own number is that of the boot).
units() {
  pids_max system.slice/demo.service 40 &&
    pids_max demo.slice 60 &&
    pids_max demo.slice/sliced.service 80 &&
    pids_max system.slice/system-worker.slice/worker@1.service 30 &&
    pids_max system.slice/vm.service $(($(cat /proc/sys/kernel/threads-max) * 15 / 100)) &&
    properties demo.service | tee /tmp/demo &&
    grep -qx 'DropInPaths=/etc/systemd/system/demo.service.d/50-tasks.conf' /tmp/demo &&
    properties idle.service | tee /tmp/idle &&
    grep -qx LoadState=loaded /tmp/idle && grep -qx ActiveState=inactive /tmp/idle &&
    grep -E '^Max processes +200 +200 ' "/proc/$(systemctl show demo.service -p MainPID --value)/limits"
}

# says STATUS WORDS COMMAND...: `ceiling check COMMAND...` ends with STATUS and says WORDS.
says() {
  wanted=$1 words=$2
  shift 2
  "$bin/ceiling" check "$@" >/tmp/said 2>&1
  got=$?
  [ $got -eq "$wanted" ] && grep -qF -- "$words" /tmp/said && return
  echo "check $*: exit status $got, expected $wanted and: $words"
  cat /tmp/said
  return 1
}

# systemd is asked for a unit: what binds it, and which line set that.
check_unit() {
  drop_in=/etc/systemd/system/demo.service.d/50-tasks.conf
  says 1 "set by $drop_in:2" --unit demo.service --threads 100 &&
    cat /tmp/said &&
    says 0 'set by /etc/systemd/system/demo.service:8' --unit demo &&
    says 0 '39 more threads of ' --unit demo --threads 39 &&
    $scope "$bin/ceiling" check --unit demo --prove | sed -n '/^proof: /,$p' | tee /tmp/proof &&
    grep -q '^proof: confirmed' /tmp/proof &&
    says 1 'pids.max of /demo.slice allows 59' --unit sliced --threads 60 &&
    says 1 'set by /etc/systemd/system/worker@.service:5' --unit worker@1 --threads 30 &&
    says 0 "set by systemd default DefaultTasksMax=15%" --unit idle --threads 100 &&
    says 1 'pids.max of /demo.slice allows 59' --unit demo.slice --threads 60 &&
    says 64 'unit nosuch.service is not loaded: not-found' --unit nosuch &&
    says 64 'unit basic.target has no processes' --unit basic.target &&
    says 64 'worker@.service is missing the instance name' --unit worker@ &&
    as_demo "'$bin/ceiling' check --unit demo --threads 39"
}

check_policy() {
  cat >/tmp/policy.yaml <<END
policy: guest
targets:
  - {unit: demo, threads: 39}
  - {unit: sliced, peers: 30, threads_per_peer: 2}
  - {unit: worker@1, threads: 29}
END
  says 0 '3 of 3 targets' --policy /tmp/policy.yaml --snapshot /tmp/guest.json &&
    sed 's/threads: 29/threads: 30/' /tmp/policy.yaml >/tmp/over.yaml &&
    says 1 '2 of 3 targets' --policy /tmp/over.yaml && cat /tmp/said &&
    says 0 '3 of 3 targets' --policy /tmp/policy.yaml --from /tmp/guest.json &&
    says 1 '2 of 3 targets' --policy /tmp/over.yaml --from /tmp/guest.json &&
    says 64 'found no target unit idle.service, expected one of: ' --unit idle --from /tmp/guest.json &&
    cp /tmp/guest.json ceiling-results/
}

# demo's own groups stay between its logins.
loginctl enable-linger demo
as_demo true
own_groups >/tmp/own-groups

step doctor unified $scope
step units units
step check-unit check_unit
step check-policy check_policy
for program in cgroups spawn keeper prove; do
  step "${program}_kernel_test" $scope "$bin/${program}_kernel_test" --gtest_brief=1
done
step limits_property $scope "$bin/limits_property" --count 100 --host-limits
step kinesis-2020 kinesis_2020 as_demo sudo $scope
wrapper=$scope
for what in pids memory; do step "find-$what" "find_$what"; done
step untouched untouched
step nothing-left nothing_left
