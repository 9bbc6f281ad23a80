# Sourced by guest.sh: limits of the whole host, and what stands there afterwards.

setting() { cat "/proc/sys/kernel/$1"; }  # the shell's own read gets no further than the first digit

now() {  # into $now: hundredths of a second
  read -r now _ </proc/uptime
  now=${now%.*}${now#*.}
}

# until_within CENTISECONDS COMMAND...: false when it does not come true in time; $took says when it did.
until_within() {
  now; from=$now limit=$1
  shift
  until "$@"; do
    now; [ $((now - from)) -lt "$limit" ] || return 1
    sleep 0.05
  done
  now; took=$((now - from))
}

is_set_to() { [ "$(setting "$1")" = "$2" ]; }
all_ended() { [ -z "$(ls -A /run/ceiling)" ]; }

of_vm='/proc/sys/vm/max_map_count /proc/sys/vm/overcommit_memory'

# host_limit EXPERIMENT: confirmed, and every setting is as before.
host_limit() {
  threads_max=$(setting threads-max) pid_max=$(setting pid_max) vm=$(cat $of_vm)
  "$bin/ceiling" run "harness/experiments/$1.yaml" --host-limits --quiet
  confirmed=$?
  is_set_to threads-max "$threads_max" && is_set_to pid_max "$pid_max" &&
    [ "$(cat $of_vm)" = "$vm" ] && return $confirmed
  sysctl kernel.threads-max kernel.pid_max vm.max_map_count vm.overcommit_memory
  return 1
}

# judged_host_limit EXPERIMENT: who is refused memory is chance, and may be the run's own client; what is
# unknown is tried once more.
judged_host_limit() {
  host_limit "$1"
  judged=$?
  [ $judged = 2 ] || return $judged
  host_limit "$1"
}

# no_pid_namespace: these kernels have one pid_max for all, which is not touched.
no_pid_namespace() {
  before=$(setting pid_max)
  "$bin/ceiling" run harness/experiments/pid-namespace.yaml >/tmp/refused 2>&1
  status=$?
  cat /tmp/refused
  [ $status = 69 ] && grep -q "which Linux has since 6.14; this is $kernel\." /tmp/refused && is_set_to pid_max "$before"
}

# in_force: a run whose limit is in force, and far from full, $harness; what stood there before in $before.
in_force() {
  before=$(setting threads-max)
  "$bin/ceiling" run harness/experiments/threads-max.yaml --host-limits --quiet &
  harness=$!
  until_within 3000 is_set_to threads-max 176
}

harness_killed() {
  in_force && kill -KILL "$harness" && until_within 200 is_set_to threads-max "$before" || return 1
  echo "restored $took/100 s after the end of the harness"
  until_within 1000 all_ended
}

harness_and_keeper_killed() {
  in_force || return 1
  keeper=$(sed -n 's/.*"keeper": \([0-9]*\).*/\1/p' /run/ceiling/*)
  kill -STOP "$keeper" && kill -KILL "$harness" "$keeper" && ! is_set_to threads-max "$before" &&
    "$bin/ceiling" clean --dry-run >/tmp/clean && "$bin/ceiling" clean >>/tmp/clean
  cleaned=$?
  cat /tmp/clean
  grep -q "would restore kernel.threads-max from 176 to $before" /tmp/clean &&
    is_set_to threads-max "$before" && all_ended && return $cleaned
}
