#!/usr/bin/env bash
# usage: boot.sh KERNEL bare|systemd BUILD RESULTS
# Runs guest.sh or systemd.sh in that guest, leaves what it found in RESULTS.
# Skips (77) where a guest cannot be had, and fails instead where privileges are required.
set -uo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." || exit
kernel=$1 flavour=$2 build=$3 results=$4
with=(--with "$PWD/tests/vm") script=tests/vm/guest.sh
[[ "$flavour" == bare ]] || { with+=("--$flavour"); script=tests/vm/systemd.sh; }
for program in {cgroups,spawn,find}_testee {cgroups,spawn,keeper,prove}_kernel_test limits_property; do
  with+=(--with "$build/bin/$program")
done
# QEMU without KVM now and then lets a guest kernel fall over its own patching of code, on both CPUs at
# once (seen with 6.12): such a guest has judged nothing, and is started anew.
for attempt in 1 2 3 4; do
  rm -rf -- "$results" && mkdir -p "$results"
  ci/vm --kernel "$kernel" --timeout 600 --build "$build" "${with[@]}" \
    --results "$results" --console "$results/console" -- sh $script "$kernel" "$build/bin"
  status=$?
  ((status == 125)) || break
  echo "boot.sh: attempt $attempt: the guest died" >&2
done
if ((status == 69)) && [[ "${CEILING_REQUIRE_PRIVILEGED-}" != 1 ]]; then
  touch "$results/skipped"
  exit 77
fi
exit "$status"
