#!/usr/bin/env python3
"""Checks the arrows between the rooms: which file may include what.

usage: layering.py ROOT

Prints `file:line: what was found, what is allowed`, one a line, and ends with 1 when there is any.
The arrows are those of the design; where they are drawn finer, README.md beside this file says why.
"""

import os
import re
import subprocess
import sys

HOUSES = ("cgroups", "workload", "harness")

# room -> rooms that its files may include, besides its own.
ARROWS = {
    "cgroups": [],
    "workload/protocol": ["cgroups"],
    "workload/membership": ["cgroups", "workload/protocol"],
    "workload/backend": ["cgroups", "workload/protocol"],
    "workload/frontend": ["cgroups", "workload/protocol"],
    "workload/client": ["cgroups", "workload/protocol"],
    "harness/experiment": ["cgroups"],
    "harness/observe": ["cgroups", "workload/protocol"],
    "harness/predict": ["cgroups", "harness/experiment", "harness/observe"],
    "harness/configs": ["cgroups"],
    "harness/verify": ["cgroups", "workload/protocol", "harness/experiment", "harness/observe",
                       "harness/predict"],
    "harness/check": ["cgroups", "harness/configs", "harness/experiment"],
    "harness/report": ["cgroups", "harness/experiment", "harness/observe", "harness/predict",
                       "harness/verify", "harness/prove", "harness/check", "harness/configs",
                       "harness/inject", "harness/find"],
    "harness/inject": ["cgroups"],
    "harness/spawn": ["cgroups", "workload/protocol", "harness/inject"],
    "harness/keeper": ["cgroups", "harness/spawn"],
    "harness/find": ["cgroups", "harness/inject", "harness/observe", "harness/spawn",
                     "harness/keeper"],
    "harness/prove": ["cgroups", "harness/observe", "harness/spawn", "harness/keeper",
                      "harness/verify"],
    "harness/fleet": ["cgroups", "workload/protocol", "harness/experiment", "harness/spawn",
                      "harness/observe", "harness/keeper"],
    "harness/cli": ["cgroups", "workload/protocol", "harness/experiment", "harness/observe",
                    "harness/predict", "harness/verify", "harness/report", "harness/inject",
                    "harness/spawn", "harness/keeper", "harness/fleet", "harness/configs",
                    "harness/prove", "harness/check", "harness/find"],
}

# Pure files take values and give values: no OS header, no file opened, nothing impure included.
PURE = re.compile(r"harness/(experiment|predict|verify|report|configs)/|harness/observe/((dependent_|recovery_|trial_)?event|history(_fields)?|client_log)\."
                  r"|harness/find/search\."
                  r"|harness/prove/(measurement|attribute|judge|proof)\."
                  r"|harness/check/(answer|policy|selector|snapshot(_fields)?|unit_state|what_if)\.")
# The one pure file that opens files: those below a root directory that it is given.
READS_A_ROOT = "harness/configs/config_file.cc"
# Headers outside the pure rooms that are plain values and functions of values.
VALUES = {"cgroups/error.h", "cgroups/facts.h", "cgroups/headroom.h", "cgroups/limits/limit.h",
          "workload/protocol/hash_key.h", "harness/inject/choice.h", "harness/inject/injection.h",
          "harness/find/sweep_result.h", "harness/find/find_result.h"}
IMPURE = re.compile(
    r"(fstream|thread|csignal|signal\.h|pthread\.h|semaphore\.h|unistd\.h|fcntl\.h|poll\.h|dirent\.h"
    r"|sched\.h|spawn\.h|netdb\.h|boost/(asio|beast|process)(/.*|\.hpp)"
    r"|(sys|linux|asm|net|netinet|arpa)/.*)$")

# library -> (its headers, files that may include them)
LIBRARIES = {
    "libcgroup": (re.compile(r"libcgroup(\.h|/.*)$"), re.compile(r"cgroups/")),
    "libseccomp": (re.compile(r"seccomp\.h$"), re.compile(r"harness/inject/")),
    "Boost.Process": (re.compile(r"boost/process(\.hpp|/.*)$"), re.compile(r"harness/spawn/")),
    "libsystemd": (re.compile(r"systemd/"), re.compile(r"harness/check/ask_systemd\.cc$")),
    "RocksDB": (re.compile(r"rocksdb/"), re.compile(r"workload/backend/")),
    "libnghttp2": (re.compile(r"nghttp2/"), re.compile(r"workload/frontend/http2_protocol\.cc$")),
    "CLI11": (re.compile(r"CLI/"), re.compile(r"harness/cli/|workload/[a-z_/]*_main\.cc$")),
    "GoogleTest": (re.compile(r"(gtest|gmock|benchmark)/"), re.compile(r"tests/")),
}

GENERATED = re.compile(r"[a-z_]+\.pb\.h$")  # by protoc, into the build folder

TOP_LEVEL = {"CMakeLists.txt", "harness", "workload", "cgroups", "tests", "ci", "README.md",
             "CMakePresets.json", "LICENSE", "CHANGELOG.md"}

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    """The room that a path from the root lies in, or None."""
    parts = path.split("/")
    room = parts[0] if parts[0] == "cgroups" else "/".join(parts[:2])
    return room if room in ARROWS and len(parts) > room.count("/") + 1 else None


def judge(path, quoted, target):
    """What is wrong with `path` including `target`, or None."""
    room = room_of(path)
    if quoted and GENERATED.match(target):
        target = "workload/protocol/" + target
    if target.split("/")[0] in HOUSES + ("tests",):
        other = room_of(target)
        if other is None:
            return "is in no room that may be included"
        if other != room and other not in ARROWS[room]:
            return f"{room} may include only {', '.join(ARROWS[room]) or 'itself'}"
        if PURE.match(path) and not PURE.match(target) and target not in VALUES:
            return "a pure file includes pure files and values only"
        return None
    if quoted:
        return "own headers are included by their path from the root, others in <>"
    if path == READS_A_ROOT and target == "fstream":
        return None
    if PURE.match(path) and IMPURE.match(target):
        return "a pure file includes no OS header and opens nothing"
    for library, (headers, users) in LIBRARIES.items():
        if headers.match(target) and not users.match(path):
            return f"{library} is not for this file"
    return None


def sources(root):
    for house in HOUSES:
        for folder, _, names in os.walk(os.path.join(root, house)):
            for name in sorted(names):
                if name.endswith((".h", ".cc")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def top_level(root):
    """Names at the top: what git tracks, or in an unpacked archive what is there."""
    if not os.path.exists(os.path.join(root, ".git")):
        return set(os.listdir(root))
    command = ["git", "-c", f"safe.directory={os.path.realpath(root)}", "-C", root, "ls-files", "-z"]
    tracked = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {path.split("/")[0] for path in tracked.split("\0") if path}


def check(root):
    """All findings, and how many includes were looked at."""
    findings = [f"{name}:1: does not belong at the top level"
                for name in sorted(top_level(root)) if name not in TOP_LEVEL and name[0] != "."]
    seen = 0
    for path in sources(root):
        if room_of(path) is None:
            findings.append(f"{path}:1: lies in no known room")
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = INCLUDE.match(line)
                if match:
                    seen += 1
                    wrong = judge(path, match[1] == '"', match[2])
                    if wrong:
                        findings.append(f"{path}:{number}: includes {match[2]}: {wrong}")
    return findings, seen


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    findings, seen = check(arguments[1])
    for finding in findings:
        print(finding)
    if seen == 0:
        print(f"{arguments[1]}: no include found below {', '.join(HOUSES)}: nothing was checked")
        return 1
    print(f"{seen} includes checked, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
