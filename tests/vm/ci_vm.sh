#!/usr/bin/env bash
# usage: ci_vm.sh BUILD: ci/vm itself. What a user would miss: the command's own status, both streams
# and the results; the time limit; no QEMU left behind; a guest that dies is no answer.
set -uo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." || exit
here=$(mktemp -d)
trap 'rm -rf -- "$here"' EXIT
failed=0
fail() { echo "FAILED: $1"; failed=1; }
vm=(ci/vm --kernel 6.12 --build "$1" --console "$here/console" --results "$here/results")

# In the guest; one that falls over its own patching of code (boot.sh) is started anew.
guest() {
  local attempt status
  for attempt in 1 2 3; do
    "${vm[@]}" "$@" >"$here/guest.out" 2>"$here/guest.err"
    status=$?
    ((status == 125)) || break
    echo "ci_vm.sh: attempt $attempt: the guest died" >&2
  done
  cat "$here/guest.out"
  cat "$here/guest.err" >&2
  return "$status"
}

# The guest's own QEMU, by the name of its console.
alive() { pgrep -f "path=$here/console" >/dev/null; }
gone() { for _ in {1..50}; do alive || return 0; sleep 0.1; done; return 1; }

guest -- sh -c 'echo out; echo err >&2; mkdir -p ceiling-results/a; seq 20000 >ceiling-results/a/b; exit 3' \
  >"$here/out" 2>"$here/err"
status=$?
if ((status == 69)); then
  cat "$here/err"
  [[ "${CEILING_REQUIRE_PRIVILEGED-}" == 1 ]] && exit 1
  exit 77
fi
((status == 3)) || fail "the command's status is 3, ours $status"
[[ "$(<"$here/out")" == out ]] || fail "standard output: $(<"$here/out")"
grep -qx err "$here/err" || fail "standard error: $(<"$here/err")"
cmp "$here/results/a/b" <(seq 20000) || fail "the results came back otherwise"

guest -- sh -c '[ "$(ip -o link | grep -c :)" = 1 ] && ping -c 1 127.0.0.1' >/dev/null ||
  fail "loopback, and no other network"

guest --timeout 4 -- sleep 1000 2>/dev/null
(($? == 124)) || fail "the time limit is status 124"
gone || fail "the time limit left QEMU"

for _ in 1 2 3; do  # a guest that fell over before it came to this has said nothing of it
  "${vm[@]}" -- sh -c 'echo c >/proc/sysrq-trigger; sleep 1000' 2>"$here/err"
  status=$?
  ((status == 125)) || fail "a guest that died is status 125, ours $status"
  grep -q 'sysrq: Trigger a crash' "$here/console" && break
done
grep -q 'Kernel panic' "$here/err" || fail "a guest that died shows its console: $(<"$here/err")"

guest --systemd -- sh -c 'cat /proc/1/comm; echo err >&2; mkdir -p ceiling-results; seq 20000 >ceiling-results/c; exit 3' \
  >"$here/out" 2>"$here/err"
status=$?
((status == 3)) || fail "under systemd: the command's status is 3, ours $status: $(<"$here/err")"
[[ "$(<"$here/out")" == systemd ]] || fail "under systemd: the first process is $(<"$here/out")"
grep -qx err "$here/err" || fail "under systemd: standard error: $(<"$here/err")"
cmp "$here/results/c" <(seq 20000) || fail "under systemd: the results came back otherwise"

guest --systemd -- systemd-run --quiet --wait --uid demo -- sudo sh -c '[ "$(id -u)" = 0 ]' ||
  fail "demo becomes root by sudo"

guest -- ctest -R '^Kill.CallerDoesNotEndItself$' >"$here/out" 2>&1
status=$?
((status == 0)) && grep -q '1/1 Test .* Passed' "$here/out" ||
  fail "ctest in the guest: status $status: $(<"$here/out")"

rm -f "$here/console"
"${vm[@]}" -- sleep 1000 2>/dev/null &
script=$!
until alive; do kill -0 "$script" || break; sleep 0.1; done
alive || fail "QEMU did not start"
kill -KILL "$script"
{ wait "$script"; } 2>/dev/null
gone || fail "killing ci/vm left QEMU"

for bad in '' '--kernel 5.4 -- true' '--kernel 6.1' '--kernel 6.1 --timeout soon -- true'; do
  # shellcheck disable=SC2086
  ci/vm $bad 2>/dev/null
  (($? == 64)) || fail "ci/vm $bad is bad usage"
done
exit "$failed"
