"""report.html of real runs, as a person opens it: in Chromium. Needs root, for the runs.

usage: report_test.py CEILING FOLDER     screenshots are left in FOLDER"""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import jsonschema
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from browser import Browser

CEILING, FOLDER = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
SCHEMAS = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../../harness/report/schemas"))
PROMTOOL = os.path.abspath(os.path.join(os.path.dirname(__file__), "../check/promtool.sh"))
EXPERIMENT = """\
experiment: pages
description: Three small arms & a name with <markup>.
fleet: {start: 3, end: 9}
backends: 1
streams: [{name: orders, shards: 4}]
clients:
  - {kind: canary, rate_per_s: 50}
  - {kind: alarm-on-missing-data, missing_after_ms: 800}
limits: {pids.max: 8}
arms:
  - name: unguarded
    expect: outage
    hold_s: 10
    dependents: {alarm-on-missing-data: down}
    recovery: {strategy: paced, rate: 2, health_timeout_ms: 20000, expect_safe: true, expect_back: [alarm-on-missing-data]}
  - {name: staged, guardrails: [staged-build], expect: contained, recovery: {strategy: all-at-once, health_timeout_ms: 20000}}
  - {name: admitted, guardrails: [staged-build, admission], expect: prevented}
"""
CACHED = """\
experiment: cached
fleet: {start: 90, end: 108, step: 6}
backends: 1
streams: [{name: orders, shards: 4}]
clients: [{kind: canary, rate_per_s: 20}]
limits: {pids.max: 16, RLIMIT_NOFILE: 122}
arms:
  - {name: full, guardrails: [cache-fleet], expect: contained}
  - {name: roomy, guardrails: [cache-fleet], expect: prevented, fleet: {start: 3, end: 20, step: 6}}
"""
LONG = 100_000
BYTES = 5_000_000
OPEN_S = 2.0


def ceiling(*words, **how):
    return subprocess.run([CEILING, *words], capture_output=True, text=True, timeout=300, check=False, **how)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def share_text(share):
    """Rounded down, as everywhere."""
    if share in (None, 0, 1):
        return "-" if share is None else f"{share * 100:.0f} %"
    return f"{int(share * 10000) / 100:.2f} %"


def value_text(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value in (None, "") else str(value)


def at(document, path):
    for key in path.split("/"):
        if document is None:
            return None
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.makedirs(FOLDER, exist_ok=True)
        cls.folder = tempfile.mkdtemp()
        with open(os.path.join(cls.folder, "pages.yaml"), "w", encoding="utf-8") as file:
            file.write(EXPERIMENT)
        done = ceiling("run", "pages.yaml", cwd=cls.folder)
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
        (name,) = os.listdir(os.path.join(cls.folder, "ceiling-results"))
        cls.run_folder = os.path.join(cls.folder, "ceiling-results", name)
        cls.page = os.path.join(cls.run_folder, "report.html")
        cls.result = json.loads(read(os.path.join(cls.run_folder, "result.json")))
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.folder)

    def copy_of_run(self, name):
        copy = os.path.join(self.folder, name)
        shutil.copytree(self.run_folder, copy)
        os.remove(os.path.join(copy, "report.html"))
        return copy

    def page_with(self, name, old, new):
        path = os.path.join(self.folder, name)
        text = read(self.page)
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))
        return path

    def data(self):
        return json.loads(self.browser.run("return document.getElementById('data').textContent"))

    def texts(self, selector):
        return self.browser.run(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def test_it_says_nothing_in_the_console_and_asks_for_nothing(self):
        self.browser.open(self.page)
        self.assertEqual(self.browser.said(), [])
        asked = self.browser.requested()
        self.assertEqual([url for url in asked if url != "file://" + self.page and url != "data:,"], [])
        self.assertIn("file://" + self.page, asked)

    def test_a_page_that_does_is_found(self):
        wrong = self.page_with("wrong.html", "<main", '<img src="http://example.test/x.png"><main')
        self.browser.open(wrong)
        self.assertIn("Content Security Policy", " ".join(self.browser.said()))
        policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
        open_page = self.page_with("open.html", policy, "default-src * 'unsafe-inline'")
        text = read(open_page).replace("<main", '<img src="http://example.test/x.png"><main', 1)
        with open(open_page, "w", encoding="utf-8") as file:
            file.write(text)
        self.browser.open(open_page)
        self.assertIn("http://example.test/x.png", self.browser.requested())

    def test_its_numbers_are_those_of_the_result(self):
        self.browser.open(self.page)
        self.assertEqual(self.data()["runs"][0]["result"], self.result)
        cells = self.browser.run(
            "return [...document.querySelectorAll('[data-of]')].map((one) => "
            "[one.dataset.of, one.dataset.as || '', one.textContent])")
        for path, kind, text in cells:
            value = at(self.result, path)
            self.assertEqual(text, share_text(value) if kind == "percent" else value_text(value), path)
        shown = {path for path, _, _ in cells}
        for index, arm in enumerate(self.result["arms"]):
            for path in ("predicted/fleet_size", "observed/fleet_size", "predicted/threads", "observed/threads",
                         "routable/before", "routable/lowest", "routable/after", "outcome"):
                self.assertIn(f"arms/{index}/{path}", shown)
            for number in range(len(arm["invariants"])):
                self.assertIn(f"arms/{index}/invariants/{number}/checked", shown)
            self.assertEqual(arm["verdict"], self.texts(f"#arm-0-{index} h2 .badge")[0])
        self.assertEqual(self.texts("h1 .badge"), ["confirmed"])

    def test_a_wrong_number_is_found(self):
        wrong = self.page_with("number.html", '"observed":{"fleet_size":7', '"observed":{"fleet_size":8')
        self.browser.open(wrong)
        self.assertNotEqual(self.data()["runs"][0]["result"], self.result)

    def test_every_figure_is_drawn_from_the_history(self):
        self.browser.open(self.page)
        history = [json.loads(line) for line in read(os.path.join(self.run_folder, "history.jsonl")).splitlines()]
        for index, arm in enumerate(self.result["arms"]):
            events = [one for one in history if one["arm"] == arm["name"]]
            refused = sum(one["event"] == "refusal" for one in events)
            self.assertIsNone(self.data()["runs"][0]["arms"][index]["caches"])
            growth = self.data()["runs"][0]["arms"][index]["growth"]
            self.assertEqual(sum(one["count"] for one in growth["refusals"]), refused)
            sizes = {one["fleet_size"] for one in events if one["event"] == "step"}
            self.assertEqual({one["fleet_size"] for one in growth["observed"]}, sizes)
            section = f"#arm-0-{index} "
            dots = self.texts(section + "figure:first-of-type circle title")
            self.assertEqual(len(dots), len(sizes))
            self.assertIn("3 frontends: 5 tasks", dots)
            self.assertIn("pids.max 8", self.texts(section + "figure:first-of-type text"))
            crosses = self.texts(section + "figure:first-of-type .refusal title")
            self.assertEqual(len(crosses), len(growth["refusals"]))
            figures = self.texts(section + "figcaption strong")
            expected = ["Threads of each frontend against fleet size", "Routable share over time",
                        "Health of the dependents over time"]
            self.assertEqual(figures, expected + (["Recovery over time"] if arm["recovery"] else []))

    def test_cache_servers_are_drawn_and_stand_in_the_table(self):
        with open(os.path.join(self.folder, "cached.yaml"), "w", encoding="utf-8") as file:
            file.write(CACHED)
        done = ceiling("run", "cached.yaml", "--results", "cached", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        (name,) = os.listdir(os.path.join(self.folder, "cached"))
        folder = os.path.join(self.folder, "cached", name)
        result = json.loads(read(os.path.join(folder, "result.json")))
        history = [json.loads(line) for line in read(os.path.join(folder, "history.jsonl")).splitlines()]
        self.browser.open(os.path.join(folder, "report.html"))
        self.assertEqual(self.browser.said(), [])
        data = self.data()
        self.assertEqual([error.message for error in self.page_schema().iter_errors(data)], [])
        for index, arm in enumerate(result["arms"]):
            events = [one for one in history if one["arm"] == arm["name"]]
            samples = [one for one in events if one["event"] == "sample" and one["scope"].startswith("cache-")
                       and one["limit"] == "RLIMIT_NOFILE"]
            drawn = data["runs"][0]["arms"][index]
            sizes = {one["fleet_size"] for one in events if one["event"] == "step"}
            self.assertEqual({one["fleet_size"] for one in drawn["caches"]["observed"]}, sizes)
            self.assertEqual(max(one["most"] for one in drawn["caches"]["observed"]), max(one["used"] for one in samples))
            self.assertEqual(sum(one["count"] for one in drawn["caches"]["refusals"]),
                             sum(one["event"] == "refusal" for one in events))
            self.assertEqual(drawn["growth"]["refusals"], [])
            section = f"#arm-0-{index} "
            self.assertEqual(self.texts(section + "figcaption strong")[1],
                             "descriptors counted by RLIMIT_NOFILE of each cache server against fleet size")
            figure = section + "figure:nth-of-type(2) "
            self.assertEqual(len(self.texts(figure + "circle title")), len(sizes))
            self.assertIn("RLIMIT_NOFILE 122", self.texts(figure + "text"))
            self.browser.run(f"document.querySelector('{figure}details').open = true")
            self.browser.await_true(f"return document.querySelectorAll('{figure}tbody tr').length > 0")
            first = self.texts(figure + "tbody tr:first-child > *")
            base = arm["cost_model"]["cache"]["descriptors"]
            start = min(sizes)
            self.assertEqual(first, [str(start), str(base + start), str(base + start), "0"])
            binding = [one for one in drawn["limits"] if one["binding"]]
            self.assertEqual([(one["limit"], one["scope"], one["value"]) for one in binding],
                             [("RLIMIT_NOFILE", "cache", 122)])
            self.assertEqual(binding[0]["used"], max(one["used"] for one in samples))
            self.assertTrue(drawn["limits"][0]["binding"])
        full = data["runs"][0]["arms"][0]
        self.assertEqual(full["limits"][0]["used"], 122)
        crosses = self.texts("#arm-0-0 figure:nth-of-type(2) .refusal title")
        self.assertEqual(len(crosses), 1)
        self.assertIn(" frontends and 122 descriptors, the first of frontend-", crosses[0])
        self.browser.screenshot(os.path.join(FOLDER, "cached.png"))

    def page_schema(self):
        schema = json.loads(read(os.path.join(SCHEMAS, "page.json")))
        resolver = jsonschema.RefResolver("file://" + SCHEMAS + "/", schema)
        return jsonschema.Draft202012Validator(schema, resolver=resolver)

    def test_the_recoveries_are_drawn_and_compared(self):
        self.browser.open(self.page)
        for index, arm in enumerate(self.result["arms"][:2]):
            drawn = self.data()["runs"][0]["arms"][index]["recovery"]
            for total, name in (("requests", "requests"), ("failed_requests", "failed")):
                self.assertEqual(sum(one[name] for one in drawn["stretches"]), arm["recovery"][total])
            restarts = sum(one["restarts"] + one["again"] for one in drawn["stretches"])
            self.assertEqual(restarts, arm["recovery"]["restarts"])
            figure = f"#arm-0-{index} figure:nth-of-type(4) "
            self.assertEqual(len(self.texts(figure + ".restart title")), sum(one["restarts"] > 0 for one in drawn["stretches"]))
            self.assertIn("a sweep found 100 %", " ".join(self.texts(figure + ".sweep title")))
            self.assertEqual(arm["recovery"]["completed"], True)
        self.assertIsNone(self.data()["runs"][0]["arms"][2]["recovery"])
        self.assertEqual(self.result["fastest_safe_recovery"], "unguarded")
        self.assertEqual(len(self.texts("#recovery .rate title")), 3 * 2)
        took = f"{self.result['arms'][0]['recovery']['routable_after_s']:.3f} s"
        self.assertIn(f"unguarded, paced, 2 at a time: {took}, seconds until all is routable", self.texts("#recovery .rate title"))
        self.assertEqual(len(self.texts("#recovery .fastest")), 1)
        self.assertIn("fastest safe", self.texts("#recovery text"))
        self.browser.run("document.querySelector('#recovery details').open = true")
        self.browser.await_true("return document.querySelectorAll('#recovery tbody tr').length === 2")
        first = self.texts("#recovery tbody tr:first-child > *")
        self.assertEqual(first[:4], ["unguarded", "paced", "2 at a time", took])
        self.assertEqual(first[-2:], ["yes", "yes"])

    def test_its_data_keeps_to_its_schema(self):
        validator = self.page_schema()
        self.browser.open(self.page)
        data = self.data()
        self.assertEqual([error.message for error in validator.iter_errors(data)], [])
        data["runs"][0]["result"]["verdict"] = "perhaps"
        self.assertFalse(validator.is_valid(data))

    def test_every_figure_has_its_data_by_keyboard(self):
        self.browser.open(self.page)
        self.browser.run("document.querySelector('.skip').focus()")
        reached = []
        opened = 0
        for _ in range(200):
            ActionChains(self.browser.driver).send_keys(Keys.TAB).perform()
            focused = self.browser.run("const one = document.activeElement; "
                                       "return [one.tagName, one.textContent.slice(0, 30)]")
            if focused[0] == "BODY":
                break
            reached.append(focused)
            if focused[0] == "SUMMARY":
                ActionChains(self.browser.driver).send_keys(Keys.ENTER).perform()
                opened += 1
        self.assertGreaterEqual(opened, 3 * len(self.result["arms"]), reached)
        tables = self.browser.run("return [...document.querySelectorAll('details .scroll')]"
                                  ".map((one) => one.querySelectorAll('tbody tr').length)")
        promised = self.browser.run("return [...document.querySelectorAll('details summary')].map((one) => "
                                    "parseInt(one.textContent.replace(/\\D+/, ''))).filter((one) => one > 0)")
        self.assertEqual(tables, promised)

    def test_it_fits_a_phone_a_desk_the_dark_and_paper(self):
        for width in (320, 500, 700, 1000, 1010):
            self.browser.open(self.page, width)
            self.assertEqual(self.browser.run("return document.scrollingElement.scrollWidth"), width)
        for width in (360, 1280):
            for dark in (False, True):
                self.browser.open(self.page, width, dark)
                name = f"report-{width}{'-dark' if dark else ''}.png"
                self.browser.screenshot(os.path.join(FOLDER, name))
                self.assertEqual(self.browser.run("return document.scrollingElement.scrollWidth"), width)
                ground = self.browser.run("return getComputedStyle(document.documentElement).backgroundColor")
                self.assertEqual(ground, "rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")
        # A4 with its margins.
        self.browser.open(self.page, 720)
        self.browser.command("Emulation.setEmulatedMedia", media="print")
        self.assertEqual(self.browser.run("return document.scrollingElement.scrollWidth"), 720)
        self.browser.screenshot(os.path.join(FOLDER, "report-paper.png"))
        self.browser.print_to(os.path.join(FOLDER, "report.pdf"))

    def test_a_long_history_opens_soon(self):
        copy = self.copy_of_run("long")
        lines = read(os.path.join(copy, "history.jsonl")).splitlines()
        first = next(n for n, line in enumerate(lines) if '"event":"op"' in line)
        op = json.loads(lines[first])
        more = [json.dumps({**op, "id": 1_000_000 + n, "phase": "ok" if n % 7 else "fail"})
                for n in range(LONG - len(lines))]
        with open(os.path.join(copy, "history.jsonl"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines[:first + 1] + more + lines[first + 1:]) + "\n")
        self.assertEqual(ceiling("report", copy).returncode, 0)
        page = os.path.join(copy, "report.html")
        self.assertLess(os.path.getsize(page), BYTES)
        seconds = self.browser.open(page)
        print(f"{LONG} lines: {os.path.getsize(page)} bytes, opened in {seconds:.2f} s")
        self.assertLess(seconds, 5 * OPEN_S)
        self.assertEqual(self.browser.said(), [])

    def test_two_runs_are_compared(self):
        other = self.copy_of_run("other")
        run_id = self.run_folder.rsplit("-", 1)[1]
        history = read(os.path.join(other, "history.jsonl"))
        with open(os.path.join(other, "history.jsonl"), "w", encoding="utf-8") as file:
            file.write(history.replace(f'"run_id":"{run_id}"', '"run_id":"0ther"', 1))
        both = os.path.join(self.folder, "both.html")
        done = ceiling("report", self.run_folder, other, "--output", both)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"report: {both}\n")
        self.browser.open(both, 360)
        self.assertEqual(self.browser.said(), [])
        self.assertEqual(self.browser.run("return document.scrollingElement.scrollWidth"), 360)
        self.assertEqual(self.texts("#arms + table tbody th"),
                         [f"{arm}, run {run}" for arm in ("unguarded", "staged", "admitted")
                          for run in (run_id, "0ther")])
        self.browser.screenshot(os.path.join(FOLDER, "comparison-360.png"))

    def test_a_damaged_folder_says_what_is_missing(self):
        copy = self.copy_of_run("damaged")
        os.remove(os.path.join(copy, "result.json"))
        done = ceiling("report", copy)
        self.assertEqual(done.returncode, 2)
        self.assertIn("result.json", done.stderr)
        self.assertEqual(ceiling("verify", copy).returncode, 0)

        history = read(os.path.join(copy, "history.jsonl")).splitlines()
        with open(os.path.join(copy, "history.jsonl"), "w", encoding="utf-8") as file:
            file.write("\n".join(history[:20] + ["{\"t_s\": 1, \"arm"] + history[21:len(history) // 2]))
        done = ceiling("report", copy)
        self.assertEqual(done.returncode, 2)
        self.assertIn("line 21: ", done.stderr)
        self.browser.open(os.path.join(copy, "report.html"))
        self.assertEqual(self.texts("h1 .badge"), ["unknown"])
        self.assertIn("line 21: ", " ".join(self.texts(".warning li")))
        self.assertIn("the history has nothing of this arm", " ".join(self.texts("section li")))

        os.remove(os.path.join(copy, "experiment.yaml"))
        for verb in ("report", "verify"):
            done = ceiling(verb, copy)
            self.assertEqual(done.returncode, 2)
            self.assertIn("experiment.yaml: No such file", done.stderr + done.stdout)
        self.browser.open(os.path.join(copy, "report.html"))
        self.assertEqual(self.browser.said(), [])
        self.assertEqual(self.texts("h1 .badge"), ["unknown"])
        self.assertIn("unguarded", self.texts("#arms + table tbody th")[0])

        os.remove(os.path.join(copy, "history.jsonl"))
        for verb in ("report", "verify"):
            done = ceiling(verb, copy)
            self.assertEqual(done.returncode, 64)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn("damaged: found no run there", done.stderr)

    def test_ci_can_read_it(self):
        done = ceiling("verify", self.run_folder, "--format", "junit")
        self.assertEqual(done.returncode, 0)
        root = xml.etree.ElementTree.fromstring(done.stdout)
        cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
        self.assertEqual(root.get("tests"), str(len(cases)))
        self.assertEqual((root.get("failures"), root.get("errors")), ("0", "0"))
        for arm in self.result["arms"]:
            for name in ["arm", *(one["name"] for one in arm["invariants"])]:
                self.assertIn(("pages." + arm["name"], name), cases)
        done = ceiling("verify", self.run_folder, "--format", "prometheus")
        self.assertEqual(done.returncode, 0)
        for line in done.stdout.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) ceiling_[a-z_]+ .+|ceiling_[a-z_]+\{([a-z]+="[^"]*",?)+\} [0-9.e+-]+)$')
        self.assertIn('ceiling_arm_observed_fleet_members{experiment="pages",arm="unguarded"} 7\n', done.stdout)

    def test_promtool_has_nothing_to_say(self):
        tools = os.path.join(os.path.dirname(os.path.dirname(CEILING)), "tools")
        found = subprocess.run([PROMTOOL, tools], capture_output=True, text=True, check=False)
        if found.returncode != 0:
            (self.fail if os.environ.get("CEILING_REQUIRE_PRIVILEGED") else self.skipTest)(found.stderr)

        def check(metrics):
            return subprocess.run([found.stdout.strip(), "check", "metrics"], input=metrics, capture_output=True,
                                  text=True, check=False)
        ran = ceiling("run", "pages.yaml", "--format", "prometheus", "--results", "prometheus", cwd=self.folder)
        for done in (ran, ceiling("verify", self.run_folder, "--format", "prometheus")):
            self.assertEqual(done.returncode, 0, done.stderr)
            checked = check(done.stdout)
            self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))
        self.assertNotEqual(check("# TYPE ceiling_left_total gauge\nceiling_left_total 4\n").returncode, 0)

    def test_wrong_calls_are_refused(self):
        for words, said in (((), "DIR"), ((self.run_folder,) * 3, ""), (("nowhere",), "nowhere: found no run there"),
                            ((self.run_folder, "--output", "/nowhere/x.html"), "cannot write a file there")):
            done = ceiling("report", *words)
            self.assertEqual(done.returncode, 64, words)
            self.assertIn(said, done.stderr)

    def test_a_page_that_finds_no_room_costs_the_page_only(self):
        with open(os.path.join(self.folder, "small.yaml"), "w", encoding="utf-8") as file:
            file.write("experiment: small\nfleet: {start: 3, end: 4}\nlimits: {pids.max: 20}\n"
                       "streams: [{name: orders, shards: 4}]\narms: [{name: only, expect: not-reached}]\n")
        less = 100_000  # bytes a file, less than any page
        done = ceiling("run", "small.yaml", "--results", "full", cwd=self.folder,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (less, less)))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"cannot write full/small-\S+/report.html: File too large")
        self.assertIn("verdict: confirmed", done.stdout)
        (name,) = os.listdir(os.path.join(self.folder, "full"))
        run = os.path.join(self.folder, "full", name)
        self.assertEqual(sorted(os.listdir(run)), ["experiment.yaml", "history.jsonl", "logs", "result.json"])
        self.assertEqual(ceiling("report", run).returncode, 0)

    def test_repeated_runs_are_judged_together(self):
        done = ceiling("run", "pages.yaml", "--repeat", "2", "--format", "json", "--results", "repeated",
                       cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        together = json.loads(done.stdout)
        self.assertEqual(together["verdicts"], {"confirmed": 2, "refuted": 0, "unknown": 0})
        self.assertEqual(together["arms"][0]["observed_fleet_sizes"], [{"fleet_size": 7, "runs": 2}])
        self.assertEqual(len(os.listdir(os.path.join(self.folder, "repeated"))), 2)
        for count in ("1", "101", "-2", "x", "2.5"):
            self.assertEqual(ceiling("run", "pages.yaml", "--repeat", count, cwd=self.folder).returncode, 64)
        refused = ceiling("run", "pages.yaml", "--repeat", "2", "--format", "junit", cwd=self.folder)
        self.assertEqual(refused.returncode, 64)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("report_test.py: needs root, to run experiments")
    unittest.main(verbosity=2)
