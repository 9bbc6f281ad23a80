# Sourced by both guests: ceiling find, with testees whose need is known.

# found VALUE... -- OPTION... -- MODE NUMBER: the smallest healthy value is one from the first to the last VALUE.
found() {
  least=$1 most=$2
  shift 2
  $wrapper "$bin/ceiling" find --format json --quiet --ready-log '^ready' "$@" >/tmp/found || return
  smallest=$(sed -n 's/.*"smallest_healthy": \([0-9]*\).*/\1/p' /tmp/found)
  sed -n '/"trials"/,$s/.*"\(value\|outcome\|refusals\)": \(.*\),$/\2/p' /tmp/found | paste -s -d ' ' -
  echo "smallest healthy: $smallest, expected $least to $most"
  [ "$smallest" -ge "$least" ] && [ "$smallest" -le "$most" ]
}

find_pids() {
  found 5 5 --range 1:40 -- "$bin/find_testee" strict 5 && grep -q '"below": "refused-to-start"' /tmp/found
}

# 64 MiB, and what the kernel charges for the process itself.
find_memory() {
  found 67108864 70254592 --limit memory.max --range 16M:256M -- "$bin/find_testee" memory 64 &&
    grep -q '"below": "crashed"' /tmp/found && grep -q '"signal": 9' /tmp/found
}

map_count() { cat /proc/sys/vm/max_map_count; }
maps_are() { [ "$(map_count)" = "$1" ]; }
maps_are_not() { ! maps_are "$1"; }

# mmap(2) is refused to a process that has more than vm.max_map_count: the last of 400 needs 399.
find_maps() {
  before=$(map_count)
  found 399 399 --limit vm.max_map_count --host-limits -- "$bin/find_testee" maps 400 &&
    grep -q '"below": "refused-to-start"' /tmp/found && maps_are "$before"
}

# Killed while the limit is in force: the command is ready only where the host's own stands.
find_killed() {
  before=$(map_count)
  "$bin/ceiling" find --limit vm.max_map_count --host-limits --range 300:400 --timeout 60 --quiet \
    --ready-log '^ready' -- sh -c \
    "[ \$(cat /proc/sys/vm/max_map_count) != $before ] || echo ready; exec sleep 60" &
  harness=$!
  until_within 3000 maps_are_not "$before" && echo "in force: $(map_count)" &&
    kill -KILL "$harness" && until_within 200 maps_are "$before" || return 1
  echo "restored $took/100 s after the end of the harness"
  until_within 1000 all_ended
}

# refused WORDS -- ...: a search that ends with 64, saying so.
refused() {
  words=$1
  shift
  $wrapper "$bin/ceiling" find --quiet --ready-log '^ready' "$@" >/tmp/refused 2>&1
  status=$?
  cat /tmp/refused
  [ $status = 64 ] && grep -qF -- "$words" /tmp/refused
}

# Only CAP_SYS_RESOURCE raises a hard limit, and not every host that tests run on has it.
find_raised() {
  refused 'the command has set its own RLIMIT_NOFILE to 65536, above the ' \
    --limit RLIMIT_NOFILE --range 10:100 -- "$bin/find_testee" raise &&
    refused 'the command has set its own pids.max to max, above the ' --range 3:9 -- sh -c \
      "for file in \$(find /sys/fs/cgroup -path '*/trial-*/pids.max'); do echo max >\$file; done
       exec '$bin/find_testee' strict 6"
}

find_left() {
  refused 'the command has left the control group of its trial: ' --probe 'sleep 1' -- sh -c \
    "echo 0 >\$(find /sys/fs/cgroup -path '*/beside-*/cgroup.procs'); exec '$bin/find_testee' strict 6"
}
