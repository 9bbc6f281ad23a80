#!/usr/bin/env python3
"""The layering check must see what is wrong: every rule is broken once in a tree of its own."""

import os
import subprocess
import sys
import tempfile
import unittest

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layering.py")

GOOD = {
    "CMakeLists.txt": "",
    ".clang-format": "",
    "cgroups/cgroup.cc": '#include "cgroups/cgroup.h"\n#include <libcgroup.h>\n',
    "cgroups/limits/nproc.cc": '#include "cgroups/error.h"\n#include <unistd.h>\n',
    "workload/protocol/framing.cc": "#include <sys/socket.h>\n",
    "workload/frontend/map.cc": '#include "messages.pb.h"\n',
    "workload/frontend/frontend_main.cc": "#include <CLI/CLI.hpp>\n",
    "harness/experiment/parse.cc": "#include <yaml-cpp/yaml.h>\n",
    "harness/predict/predict.cc": '#include "harness/observe/history.h"\n'
                                  '#include "cgroups/limits/limit.h"\n',
    "harness/verify/judge.cc": '#include "harness/predict/predict.h"\n#include <cerrno>\n'
                               '#include "workload/protocol/hash_key.h"\n',
    "harness/observe/sampler.cc": '#include <unistd.h>\n#include "workload/protocol/status.h"\n',
    "harness/configs/config_file.cc": "#include <fstream>\n",
    "harness/inject/filter.cc": "#include <seccomp.h>\n",
    "harness/spawn/launcher.cc": '#include <boost/process/v2.hpp>\n'
                                 '#include "harness/inject/filter.h"\n',
    "harness/keeper/keeper.h": '#include "harness/spawn/launcher.h"\n',
    "harness/fleet/fleet.cc": '#include "harness/keeper/keeper.h"\n'
                              '#include "harness/observe/sampler.h"\n',
    "harness/cli/run.cc": '#include "harness/fleet/fleet.h"\n#include <CLI/CLI.hpp>\n',
    "tests/unit/some_test.cc": '#include "harness/cli/anything.h"\n#include <libcgroup.h>\n',
}

BAD = [  # file, include, part of the finding
    ("cgroups/cgroup.cc", '"harness/keeper/keeper.h"', "cgroups may include only itself"),
    ("cgroups/cgroup.cc", '"workload/protocol/framing.h"', "cgroups may include only itself"),
    ("workload/frontend/map.cc", '"workload/backend/shards.h"', "workload/frontend may include"),
    ("workload/client/load.cc", '"harness/observe/history.h"', "workload/client may include"),
    ("workload/protocol/framing.cc", '"workload/frontend/map.h"', "workload/protocol may include"),
    ("harness/fleet/fleet.cc", '"workload/frontend/map.h"', "harness/fleet may include"),
    ("harness/fleet/fleet.cc", '"harness/verify/verify.h"', "harness/fleet may include"),
    ("harness/spawn/launcher.cc", '"harness/keeper/keeper.h"', "harness/spawn may include"),
    ("harness/keeper/keeper.cc", '"harness/fleet/fleet.h"', "harness/keeper may include"),
    ("harness/experiment/parse.cc", '"harness/cli/run.h"', "harness/experiment may include"),
    ("harness/predict/predict.cc", '"harness/verify/verify.h"', "harness/predict may include"),
    ("harness/verify/judge.cc", '"harness/report/report.h"', "harness/verify may include"),
    ("harness/verify/judge.cc", '"workload/protocol/status.h"', "pure files and values only"),
    ("harness/predict/predict.cc", '"workload/protocol/hash_key.h"', "harness/predict may include"),
    ("harness/keeper/keeper.cc", '"messages.pb.h"', "harness/keeper may include"),
    ("harness/verify/judge.cc", '"harness/observe/sampler.h"', "pure files and values only"),
    ("harness/predict/predict.cc", '"cgroups/cgroup.h"', "pure files and values only"),
    ("harness/observe/history.cc", '"workload/protocol/status.h"', "pure files and values only"),
    ("harness/observe/history.cc", "<fstream>", "no OS header"),
    ("harness/report/text.cc", "<unistd.h>", "no OS header"),
    ("harness/report/text.cc", "<sys/ioctl.h>", "no OS header"),
    ("harness/experiment/parse.cc", "<fcntl.h>", "no OS header"),
    ("harness/verify/judge.cc", "<poll.h>", "no OS header"),
    ("harness/verify/judge.cc", "<thread>", "no OS header"),
    ("harness/verify/judge.cc", "<pthread.h>", "no OS header"),
    ("harness/predict/predict.cc", "<signal.h>", "no OS header"),
    ("harness/configs/sysctl.cc", "<fstream>", "no OS header"),
    ("harness/configs/config_file.cc", "<unistd.h>", "no OS header"),
    ("harness/configs/sysctl.cc", '"cgroups/control_file.h"', "pure files and values only"),
    ("harness/fleet/fleet.cc", "<libcgroup.h>", "libcgroup is not for this file"),
    ("harness/spawn/launcher.cc", "<seccomp.h>", "libseccomp is not for this file"),
    ("harness/keeper/keeper.cc", "<boost/process.hpp>", "Boost.Process is not for this file"),
    ("harness/fleet/fleet.cc", "<boost/process/v2/process.hpp>", "Boost.Process is not for"),
    ("workload/frontend/map.cc", "<rocksdb/db.h>", "RocksDB is not for this file"),
    ("workload/frontend/map.cc", "<CLI/CLI.hpp>", "CLI11 is not for this file"),
    ("cgroups/cgroup.cc", "<gtest/gtest.h>", "GoogleTest is not for this file"),
    ("cgroups/cgroup.cc", '"tests/support/fake_root.h"', "is in no room"),
    ("cgroups/cgroup.cc", '"error.h"', "by their path from the root"),
    ("harness/fleet/fleet.cc", "<workload/frontend/map.h>", "harness/fleet may include"),
    ("harness/fleet/fleet.cc", '"harness/attic/old.h"', "is in no room"),
    ("harness/attic/old.cc", "<vector>", "lies in no known room"),
    ("harness/loose.cc", "<vector>", "lies in no known room"),
    ("src/more.cc", "<vector>", "src:1: does not belong at the top level"),
]


def run_on(files, git=False):
    """Exit status and output of the check on a tree with these files."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        if git:
            tracked = [path for path in files if not path.startswith("untracked")]
            subprocess.run(["git", "init", "--quiet", root], check=True)
            subprocess.run(["git", "-C", root, "add", "--"] + tracked, check=True)
        done = subprocess.run([sys.executable, CHECK, root], stdout=subprocess.PIPE, text=True)
        return done.returncode, done.stdout


class Layering(unittest.TestCase):
    def test_a_tree_that_follows_every_arrow_passes(self):
        status, output = run_on(GOOD)
        self.assertEqual((status, output), (0, "24 includes checked, 0 findings\n"))

    def test_every_broken_rule_is_found_alone_and_in_its_place(self):
        for path, include, finding in BAD:
            with self.subTest(path=path, include=include):
                files = dict(GOOD)
                before = files.get(path, "// Nothing here.\n")
                files[path] = f"{before}  #  include {include}  // why not\n"
                status, output = run_on(files)
                self.assertEqual(status, 1)
                self.assertIn(finding, output)
                self.assertRegex(output, r"checked, 1 findings\n$")
                if " room" not in finding and "top level" not in finding:
                    self.assertIn(f"{path}:{before.count(chr(10)) + 1}: includes ", output)

    def test_a_commented_include_is_none(self):
        status, _ = run_on({**GOOD, "cgroups/more.cc": '// #include "harness/cli/run.h"\n'})
        self.assertEqual(status, 0)

    def test_at_the_top_only_what_git_tracks_counts(self):
        self.assertEqual(run_on({**GOOD, "untracked/notes": ""}, git=True)[0], 0)
        status, output = run_on({**GOOD, "notes/tracked": ""}, git=True)
        self.assertEqual(status, 1)
        self.assertIn("notes:1: does not belong", output)

    def test_a_check_of_nothing_fails(self):
        status, output = run_on({"README.md": ""})
        self.assertEqual(status, 1)
        self.assertIn("nothing was checked", output)


if __name__ == "__main__":
    unittest.main()
