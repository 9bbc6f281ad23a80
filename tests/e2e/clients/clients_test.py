"""The clients that people have, against `ceiling serve`: boto3, the AWS CLI and the JavaScript SDK as
they come. Before the ceiling, while the fleet crosses it, and after it has recovered. Needs root.

usage: clients_test.py CEILING"""
import base64
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import boto3
import botocore.config
import botocore.exceptions

from operations import Operations, shard_number

CEILING = sys.argv.pop(1)
HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENT = """\
experiment: clients
fleet: {start: 3, end: 9, step: 1}
backends: 2
streams: [{name: orders, shards: 4}]
clients: [{kind: canary, rate_per_s: 20}]
limits: {pids.max: 8}
arms:
  - {name: unguarded, expect: outage}
  - {name: staged, guardrails: [staged-build], expect: contained}
"""
CEILING_AT = 7  # 3 tasks and one for each of 6 others are more than 8
WRITERS = {
    "boto3": [sys.executable, os.path.join(HERE, "writer.py")],
    "AWS CLI": [sys.executable, os.path.join(HERE, "writer.py"), "--cli"],
    "JavaScript SDK": ["node", os.path.join(HERE, "writer.mjs")],
}


class Serve:
    """A served fleet, and this process's environment pointed at it."""

    def __init__(self, arm):
        self.folder = tempfile.mkdtemp()
        with open(os.path.join(self.folder, "clients.yaml"), "w", encoding="utf-8") as file:
            file.write(EXPERIMENT)
        self.process = subprocess.Popen(
            [CEILING, "serve", "clients.yaml", "--arm", arm], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            pasted = re.fullmatch(r"(?:export )?((?:AWS|CEILING)_\w+)=(\S+)\n", line)
            if pasted:
                os.environ[pasted.group(1)] = pasted.group(2)
            if line.startswith("serving arm "):
                return
        raise RuntimeError("serve ended: " + self.process.stderr.read())

    def order(self, *words):
        done = subprocess.run([CEILING, "serve", *words], capture_output=True, text=True, timeout=60)
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr)
        return done.stdout

    def end(self):
        """The verdict's arm."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        runs = os.path.join(self.folder, "ceiling-results")
        with open(os.path.join(runs, os.listdir(runs)[0], "result.json"), encoding="utf-8") as file:
            return json.load(file)["arms"][0]

    def remove(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=60)
        shutil.rmtree(self.folder)


def connect():
    """Debian's boto3 and AWS CLI are older than the variable AWS_ENDPOINT_URL."""
    return boto3.session.Session().client("kinesis", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def aws(*words):
    done = subprocess.run(
        ["/usr/bin/aws", "--endpoint-url", os.environ["AWS_ENDPOINT_URL"], "--output", "json",
         "kinesis", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else {}


def read_all(kinesis, stream, operations):
    """Every record of every shard, parents first."""
    read = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        get = operations.begin("get", stream, shard=shard_number(shard["ShardId"]))
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"],
            ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:
            page = kinesis.get_records(ShardIterator=iterator)
            operations.given(get, page["Records"])
            read += [int(record["Data"]) for record in page["Records"]]
            if not page["Records"] and page["MillisBehindLatest"] == 0:
                break
            iterator = page.get("NextShardIterator")
    return read


def put_each(kinesis, stream, numbers, operations):
    for n in numbers:
        put = operations.begin("put", stream, key="key")
        operations.stored(
            put, kinesis.put_record(StreamName=stream, PartitionKey="key", Data=str(n).encode()))


def story_of_boto3(stream):
    kinesis = connect()
    active = kinesis.get_waiter("stream_exists")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    active.wait(StreamName=stream, WaiterConfig={"Delay": 1})
    operations = Operations(stream)
    put_each(kinesis, stream, range(20), operations)
    batch = [{"PartitionKey": "key", "Data": str(n).encode()} for n in range(20, 40)]
    puts = [operations.begin("put", stream, key="key") for _ in batch]
    answer = kinesis.put_records(StreamName=stream, Records=batch)
    assert answer["FailedRecordCount"] == 0
    for put, stored in zip(puts, answer["Records"]):
        operations.stored(put, stored)
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    kinesis.split_shard(StreamName=stream, ShardToSplit=shard, NewStartingHashKey=str(1 << 127))
    active.wait(StreamName=stream, WaiterConfig={"Delay": 1})
    put_each(kinesis, stream, range(40, 60), operations)
    return read_all(kinesis, stream, operations), len(kinesis.list_shards(StreamName=stream)["Shards"])


def story_of_the_cli(stream):
    operations = Operations(stream)

    def put(first, end):
        puts = [operations.begin("put", stream, key="key") for _ in range(first, end)]
        records = [f"Data={base64.b64encode(str(n).encode()).decode()},PartitionKey=key"
                   for n in range(first, end)]
        answer = aws("put-records", "--stream-name", stream, "--records", *records)
        assert answer["FailedRecordCount"] == 0
        for number, stored in zip(puts, answer["Records"]):
            operations.stored(number, stored)
    aws("create-stream", "--stream-name", stream, "--shard-count", "1")
    aws("wait", "stream-exists", "--stream-name", stream)
    put(0, 20)
    twentieth = operations.begin("put", stream, key="key")
    operations.stored(twentieth, aws("put-record", "--stream-name", stream, "--partition-key", "key",
                                     "--data", base64.b64encode(b"20").decode()))
    put(21, 40)
    shard = aws("list-shards", "--stream-name", stream)["Shards"][0]["ShardId"]
    aws("split-shard", "--stream-name", stream, "--shard-to-split", shard,
        "--new-starting-hash-key", str(1 << 127))
    aws("wait", "stream-exists", "--stream-name", stream)
    put(40, 60)
    shards = [one["ShardId"] for one in aws("list-shards", "--stream-name", stream)["Shards"]]
    read = []
    for shard in shards:
        get = operations.begin("get", stream, shard=shard_number(shard))
        iterator = aws("get-shard-iterator", "--stream-name", stream, "--shard-id", shard,
                       "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
        page = aws("get-records", "--shard-iterator", iterator)
        operations.given(get, page["Records"])
        read += [int(base64.b64decode(record["Data"])) for record in page["Records"]]
    return read, len(shards)


def story_of_javascript(stream):
    done = subprocess.run(["node", os.path.join(HERE, "story.mjs"), stream], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    story = json.loads(done.stdout)
    return story["read"], story["shards"]


class Clients(unittest.TestCase):
    def serve(self, arm):
        serving = Serve(arm)
        self.addCleanup(serving.remove)
        return serving

    def test_create_put_list_read_split_and_read_across_the_split(self):
        serving = self.serve("staged")
        for name, story in {"boto3": story_of_boto3, "AWS CLI": story_of_the_cli,
                            "JavaScript SDK": story_of_javascript}.items():
            with self.subTest(client=name):
                read, shards = story(name.replace(" ", "-").lower())
                self.assertEqual(read, list(range(60)), "in order, nothing lost, nothing twice")
                self.assertEqual(shards, 3, "the one that was split, and its halves")
        arm = serving.end()
        self.assertEqual(
            arm["clients"],
            [{"name": name, "puts_acknowledged": 60, "puts_failed": 0, "puts_unknown": 0,
              "records_read": 60} for name in ("aws-cli", "boto3", "javascript-sdk")])
        self.assertEqual(self.checked(arm)["no-gap"], 180, "every record that they read")

    def checked(self, arm):
        """How much of each was judged; all that speak of records hold."""
        records = [one for one in arm["invariants"] if one["judged"]]
        self.assertEqual([one for one in records if not one["holds"]], [])
        return {one["name"]: one["checked"] for one in records}

    def test_a_record_that_a_client_was_never_acknowledged_is_missed(self):
        serving = self.serve("staged")
        kinesis = connect()
        liar = Operations("liar")
        put_each(kinesis, "orders", range(10), liar)
        claimed = liar.begin("put", "orders", key="key")
        liar.write(claimed, "ok", shard=0, sequence=123456)
        arm = serving.end()
        lost = next(one for one in arm["invariants"] if one["name"] == "no-lost-records")
        self.assertEqual(arm["verdict"], "refuted")
        self.assertIs(lost["holds"], False)
        self.assertEqual(lost["evidence"], 'put 11 of liar of key "key" (stream orders, shard 0, sequence '
                         "123456) was acknowledged and is not there")

    def test_a_backend_brings_what_it_acknowledged_back(self):
        serving = self.serve("staged")
        kinesis = boto3.session.Session().client(
            "kinesis", endpoint_url=os.environ["AWS_ENDPOINT_URL"],
            config=botocore.config.Config(retries={"total_max_attempts": 1}))
        writer = Operations("writer")
        kinesis.create_stream(StreamName="two", ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(StreamName="two", WaiterConfig={"Delay": 1})

        def put():
            """The shards that take a record; one each is tried, and they have an owner each."""
            taken = set()
            for hash_key in (0, 1 << 127):
                number = writer.begin("put", "two", key="key", hash_key=str(hash_key))
                try:
                    answer = kinesis.put_record(StreamName="two", PartitionKey="key", Data=b"1",
                                                ExplicitHashKey=str(hash_key))
                    writer.stored(number, answer)
                    taken.add(shard_number(answer["ShardId"]))
                except botocore.exceptions.ClientError as error:
                    self.assertEqual(error.response["Error"]["Code"], "InternalFailure")
                    writer.write(number, "unknown")
            return taken

        for _ in range(20):
            self.assertEqual(put(), {0, 1})
        serving.order("--kill", "backend-1")
        self.assertEqual(len(put()), 1, "its shards only")
        serving.order("--restart", "backend-1")
        self.assertEqual(put(), {0, 1})
        self.assertEqual(len(read_all(kinesis, "two", writer)), 43)
        arm = serving.end()
        self.assertEqual(
            arm["clients"], [{"name": "writer", "puts_acknowledged": 43, "puts_failed": 0,
                              "puts_unknown": 1, "records_read": 43}])
        self.assertEqual(self.checked(arm)["no-gap"], 43)

    def through_the_ceiling(self, arm):
        """What each client saw while the fleet grew past its ceiling and shrank again: its lines."""
        serving = self.serve(arm)
        kinesis = connect()
        streams = {name: name.replace(" ", "-").lower() for name in WRITERS}
        for stream in streams.values():
            kinesis.create_stream(StreamName=stream, ShardCount=1)
        for stream in streams.values():
            kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
        writers = {name: subprocess.Popen(command + [streams[name]], stdin=subprocess.PIPE,
                                          stdout=subprocess.PIPE, text=True)
                   for name, command in WRITERS.items()}
        seen = {name: [] for name in writers}

        def until_each_has_asked():
            """Until a request of each client has begun from now on, and ended."""
            now = time.time()
            for name, writer in writers.items():
                while not seen[name] or seen[name][-1]["at"] < now:
                    seen[name].append(json.loads(writer.stdout.readline()))

        until_each_has_asked()
        serving.order("--grow", str(CEILING_AT - 3))
        until_each_has_asked()
        serving.order("--shrink", str(CEILING_AT - 3))
        until_each_has_asked()
        for name, writer in writers.items():
            writer.stdin.close()  # communicate() would not see what readline() has read ahead
            seen[name] += [json.loads(line) for line in writer.stdout]
            writer.wait()
            writer.stdout.close()
        print(f"\n{arm}: {'client':<16}{'requests':>9}{'failed':>7}{'retried':>8}{'slowest':>10}  errors")
        for name, lines in seen.items():
            failed = [line for line in lines if not line["ok"]]
            errors = collections.Counter(line["error"] for line in failed)
            print(f"{'':{len(arm) + 2}}{name:<16}{len(lines):>9}{len(failed):>7}"
                  f"{sum(line['attempts'] > 1 for line in lines):>8}"
                  f"{max(line['ms'] for line in lines):>7.0f} ms  {dict(errors) or ''}")
            read = read_all(kinesis, streams[name], Operations("reader-of-" + streams[name]))
            acknowledged = [line["n"] for line in lines if line["ok"]]
            self.assertEqual([n for n in acknowledged if n not in set(read)], [],
                             f"{name}: what it was told is stored is there")
            once = list(dict.fromkeys(read))
            self.assertEqual([n for n in once if n in set(acknowledged)], acknowledged,
                             f"{name}: in the order of its requests")
            self.assertTrue(lines[-1]["ok"], f"{name}: it is served again")
        arm = serving.end()
        counted = {one["name"]: one for one in arm["clients"]}
        for name, lines in seen.items():
            stored = counted[streams[name]]["puts_acknowledged"]
            self.assertEqual(stored, sum(line["ok"] for line in lines), name)
            self.assertGreaterEqual(counted["reader-of-" + streams[name]]["records_read"], stored, name)
        self.assertEqual(self.checked(arm)["no-gap"], sum(one["records_read"] for one in arm["clients"]))
        return seen, arm

    def test_unguarded_clients_see_errors_and_lose_nothing_that_was_acknowledged(self):
        seen, arm = self.through_the_ceiling("unguarded")
        self.assertEqual(arm["observed"]["fleet_size"], CEILING_AT)
        for name, lines in seen.items():
            errors = {line["error"] for line in lines if not line["ok"]}
            self.assertEqual(errors, {"InternalFailure"}, name)

    def test_with_staged_build_no_client_sees_a_failed_request(self):
        seen, arm = self.through_the_ceiling("staged")
        self.assertEqual(arm["observed"]["fleet_size"], CEILING_AT)
        for name, lines in seen.items():
            self.assertEqual([line for line in lines if not line["ok"]], [], name)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("clients_test.py: needs root, to serve a fleet")
    unittest.main(verbosity=2)
