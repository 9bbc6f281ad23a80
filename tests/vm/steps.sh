# What the scripts of both guests share; sourced. Every step leaves its output and exit status in
# ceiling-results. Expects $kernel and $bin.
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

# Full size, but not from 4 frontends on, and with less to serve: without KVM a sweep of 32 shards through 22
# frontends takes half a minute, and dependents that are quick to complain do so before the outage.
kinesis_2020() {  # kinesis_2020 WRAPPER...
  "$@" "$bin/ceiling" run harness/experiments/kinesis-2020.yaml --quiet --set fleet.start=20 \
    --set streams.orders.shards=8 --set clients.canary.rate_per_s=20 \
    --set clients.blocking-buffer.rate_per_s=5 --set clients.alarm-on-missing-data.missing_after_ms=10000 \
    --set arms.unguarded.recovery.rate=11
}

unified() {  # unified WRAPPER...
  "$@" "$bin/ceiling" doctor >/tmp/doctor && cat /tmp/doctor &&
    grep -q "ok  kernel     Linux $kernel\." /tmp/doctor &&
    grep -q 'unified, pids on v2 at /sys/fs/cgroup' /tmp/doctor
}

nothing_left() {
  find /sys/fs/cgroup -type d -name 'ceiling*' ! -name ceiling-caller >/tmp/left
  find /run/ceiling -mindepth 1 >>/tmp/left
  find /var/tmp -name 'ceiling*' >>/tmp/left
  for comm in /proc/[0-9]*/comm; do grep -H -E '^(ceiling|testee|.*_testee)' "$comm"; done >>/tmp/left 2>/dev/null
  cat /tmp/left
  [ ! -s /tmp/left ]
}
