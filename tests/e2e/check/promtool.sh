#!/usr/bin/env bash
# usage: promtool.sh FOLDER: prints the path of a promtool, the installed one or one taken out of Debian's
# package into FOLDER: the whole package would bring a server that starts by itself.
set -euo pipefail
command -v promtool && exit
folder=$1
if [[ ! -x "$folder/promtool" ]]; then
  work=$(mktemp -d)
  trap 'rm -rf -- "$work"' EXIT
  fetch() { (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download prometheus) >&2; }
  fetch || { ((EUID == 0)) && apt-get -qq update >&2 && fetch; }
  dpkg --fsys-tarfile "$work"/prometheus_*.deb | tar -x -C "$work" ./usr/bin/promtool
  mkdir -p "$folder"
  mv "$work/usr/bin/promtool" "$folder/promtool"
fi
echo "$folder/promtool"
