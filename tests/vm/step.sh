#!/usr/bin/env bash
# usage: step.sh RESULTS STEP: what boot.sh found in that step of guest.sh.
[[ ! -e "$1/skipped" ]] || exit 77
cat "$1/$2.log" && exit "$(<"$1/$2.status")"
