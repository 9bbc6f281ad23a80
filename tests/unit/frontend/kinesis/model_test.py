"""The tables of the API, and what is answered, against the model of the service that botocore ships.

usage: model_test.py REQUESTS_PROGRAM"""

import base64
import copy
import datetime
import json
import re
import struct
import subprocess
import sys

import botocore.loaders
import cbor2

MODEL = botocore.loaders.Loader().load_service_model("kinesis", "service-2", "2013-12-02")
SHAPES = MODEL["shapes"]

# (operation, member) that a newer model has and the table lacks, or the other way round, and why.
LATER = "a newer model; streams are told by their name alone"
DIFFERENT_MEMBERS = {"StreamARN": LATER, "StreamId": LATER}
# Members of answers that break the model, as the service's own do.
UNBOUND = {"FailedRecordCount": "0 when none failed", "ShardLevelMetrics": "empty when none is enabled"}

NAMES = ["a", "A-b_c.9", "a b", "a/b", "é", "a\n", "a" * 200, "0", "01", "9" * 39, "9" * 40, "9" * 129, "9" * 130,
         "-1", "+1", "1 ", "1e3", ""]


class Instant:
    """A timestamp; JSON has seconds, CBOR milliseconds."""
    def __init__(self, ms):
        self.ms = ms


def to_json(value):
    if isinstance(value, dict):
        return {name: to_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [to_json(one) for one in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.ms / 1000 if isinstance(value, Instant) else value


def to_cbor(value):
    if isinstance(value, dict):
        return {name: to_cbor(one) for name, one in value.items()}
    if isinstance(value, list):
        return [to_cbor(one) for one in value]
    return cbor2.CBORTag(1, value.ms) if isinstance(value, Instant) else value


def streamed_cbor(value):
    """As a writer does that does not know the lengths when it begins: the Java SDK's, Jackson."""
    if isinstance(value, dict):
        return b"\xbf" + b"".join(streamed_cbor(k) + streamed_cbor(v) for k, v in value.items()) + b"\xff"
    if isinstance(value, list):
        return b"\x9f" + b"".join(streamed_cbor(one) for one in value) + b"\xff"
    if isinstance(value, str) and len(value) > 3:
        return b"\x7f" + cbor2.dumps(value[:2]) + cbor2.dumps(value[2:]) + b"\xff"
    if isinstance(value, bytes) and len(value) > 3:
        return b"\x5f" + cbor2.dumps(value[:2]) + cbor2.dumps(value[2:]) + b"\xff"
    if isinstance(value, Instant):
        return b"\xc1\x1b" + struct.pack(">Q", value.ms)
    return cbor2.dumps(value)


WRITERS = {"json": ("json", lambda value: json.dumps(to_json(value)).encode()),
           "cbor": ("cbor", lambda value: cbor2.dumps(to_cbor(value))),
           "streamed": ("cbor", streamed_cbor)}


def valid(name):
    """The smallest value of a shape."""
    shape = SHAPES[name]
    kind = shape["type"]
    if kind == "string":
        if "enum" in shape:
            return shape["enum"][0]
        return "1" * max(1, shape.get("min", 0))
    if kind in ("integer", "long"):
        return shape.get("min", 1)
    if kind == "structure":
        return {one: valid(shape["members"][one]["shape"]) for one in shape.get("required", [])}
    if kind == "list":
        return [valid(shape["member"]["shape"])] * max(1, shape.get("min", 0))
    return {"blob": b"", "boolean": True, "timestamp": Instant(1600000000123)}[kind]


def members_of(name, table, keys=(), path=""):
    """(keys to it, path in messages, name of its shape, whether it is required) of every member below
    a structure, without those that differ on purpose."""
    shape = SHAPES[name]
    for member, inside in shape["members"].items():
        if member in DIFFERENT_MEMBERS and member not in table:
            continue
        at = path + member[0].lower() + member[1:]
        kind = SHAPES[inside["shape"]]
        yield keys + (member,), at, inside["shape"], member in shape.get("required", [])
        if kind["type"] == "structure":
            yield from members_of(inside["shape"], table.get(member, {}), keys + (member,), at + ".")
        if kind["type"] == "list" and SHAPES[kind["member"]["shape"]]["type"] == "structure":
            yield from members_of(kind["member"]["shape"], table.get(member, {}), keys + (member, 0),
                                  at + ".1.member.")


def with_value(document, keys, value, top):
    """A copy of the document in which the member has the value, and what is around it is there."""
    document = copy.deepcopy(document)
    inside, shape = document, top
    for key in keys[:-1]:
        shape = SHAPES[shape]["members"][key]["shape"] if key != 0 else SHAPES[shape]["member"]["shape"]
        if key != 0 and key not in inside:
            inside[key] = valid(shape)
        inside = inside[key]
    if value is None:
        inside.pop(keys[-1], None)
    else:
        inside[keys[-1]] = value
    return document


def wrong_types(kind, format_):
    """Values that are of another type."""
    values = {"text": "x", "int": 1, "float": 1.5, "bool": True, "list": [], "map": {}}
    fitting = {"string": ["text"], "integer": ["int"], "long": ["int"], "boolean": ["bool"], "blob": [],
               "timestamp": ["int", "float"], "structure": ["map"], "list": ["list"]}[kind]
    yield from (value for name, value in values.items() if name not in fitting)
    if kind in ("integer", "long"):
        yield from (2**31, -2**31 - 1, 2**63, 2**64 - 1, 1.0)
    if kind == "timestamp":
        yield from (-1, 1e300)
    if kind == "blob" and format_ == "json":
        yield from ("eA", "e A=", "eB==", "====")
    if format_ == "cbor" and kind != "blob":
        yield from ([b"x"] if kind != "string" else [])


def bounds(shape):
    """(value, None where it is within its bounds, or the constraint) on both sides of each."""
    kind = shape["type"]
    sized = {"string": lambda n: "1" * n, "blob": lambda n: b"1" * n,
             "list": lambda n: [valid(shape["member"]["shape"])] * n}
    if kind in sized and "enum" not in shape:
        make, what = sized[kind], "have length"
    elif kind in ("integer", "long"):
        make, what = int, "have value"
    else:
        make = None
    if make and "min" in shape:
        yield make(shape["min"]), None
        if kind in ("integer", "long") or shape["min"] > 0:
            yield make(shape["min"] - 1), f"Member must {what} greater than or equal to {shape['min']}"
    if make and "max" in shape:
        yield make(shape["max"]), None
        yield make(shape["max"] + 1), f"Member must {what} less than or equal to {shape['max']}"
    if "enum" in shape:
        for one in shape["enum"]:
            yield one, None
            for other in (one.lower(), one + "x", one[:-1]):
                yield other, "Member must satisfy enum value set: ["
    if "pattern" in shape:
        pattern = shape["pattern"]
        for text in NAMES:
            if shape.get("min", 0) <= len(text) <= shape.get("max", len(text)):
                fits = re.fullmatch(pattern, text)
                yield text, None if fits else f"Member must satisfy regular expression pattern: {pattern}"


class Cases:
    """Requests with what is expected of them, asked all in one go."""
    def __init__(self):
        self.lines = []
        self.checks = []

    def add(self, operation, document, expected, writers=WRITERS):
        for name in writers:
            format_, write = WRITERS[name]
            self.lines.append(json.dumps({"operation": operation, "format": format_,
                                          "body": base64.b64encode(write(document)).decode()}))
            self.checks.append((operation, name, document, expected))

    def wrong(self, program):
        done = subprocess.run([program, "--parse"], input="\n".join(self.lines) + "\n", capture_output=True,
                              text=True, timeout=300, check=True)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(self.checks), f"{len(answers)} answers to {len(self.checks)} requests"
        wrong = 0
        for (operation, name, document, expected), answer in zip(self.checks, answers):
            if not expected(answer):
                wrong += 1
                if wrong <= 20:
                    print(f"{operation} as {name}: {str(document)[:300]}\n  answer {str(answer)[:500]}")
        return wrong


def ok(answer):
    return "ok" in answer


def same(document):
    """It is read as it was written, timestamps as milliseconds."""
    def read(value):
        if isinstance(value, dict):
            return {name: read(one) for name, one in value.items()}
        if isinstance(value, list):
            return [read(one) for one in value]
        return value.ms if isinstance(value, Instant) else to_json(value)
    return lambda answer: answer.get("ok") == read(document)


def serialization(path):
    return lambda answer: (answer.get("type") == "SerializationException"
                           and answer["message"].startswith(path))


def violation(path, constraint):
    """Only of this member, of this constraint and perhaps of another one of it (an empty name)."""
    found = re.compile(r"Value (null|'[^']*') at '([^']*)' failed to satisfy constraint: ([^;]*)", re.DOTALL)

    def check(answer):
        if answer.get("type") != "ValidationException":
            return False
        told = found.findall(answer["message"])
        head = f"{len(told)} validation error{'' if len(told) == 1 else 's'} detected: Value "
        return (answer["message"].startswith(head) and {at for _, at, _ in told} == {path}
                and any(text.startswith(constraint) for _, _, text in told))
    return check


def violations(*paths):
    def check(answer):
        return (answer.get("type") == "ValidationException"
                and answer["message"] == (f"{len(paths)} validation errors detected: " + "; ".join(
                    f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
                    for path in paths)))
    return check


def requests_of(operation, table, cases):
    top = MODEL["operations"][operation]["input"]["shape"]
    base = valid(top)
    cases.add(operation, base, same(base))
    cases.add(operation, {**base, "Unknown": {"StreamName": [1]}, "streamName": 1}, same(base))
    for keys, path, name, required in members_of(top, table):
        shape = SHAPES[name]
        kind = shape["type"]
        here = with_value(base, keys, valid(name), top)
        cases.add(operation, here, same(here))
        for writer, (format_, _) in WRITERS.items():
            for value in wrong_types(kind, format_):
                cases.add(operation, with_value(base, keys, value, top), serialization(path), [writer])
        for value, constraint in bounds(shape):
            cases.add(operation, with_value(base, keys, value, top),
                      violation(path, constraint) if constraint else ok)
        missing = violation(path, "Member must not be null") if required else same(
            with_value(base, keys, None, top))
        cases.add(operation, with_value(base, keys, None, top), missing)
        null = with_value(base, keys, 0, top)
        inside = null
        for key in keys[:-1]:
            inside = inside[key]
        inside[keys[-1]] = None
        cases.add(operation, null, missing)


def model_and_table_differ(top, table, path=""):
    """Members that only one of them has."""
    for member, inside in SHAPES[top]["members"].items():
        shape = SHAPES[inside["shape"]]
        if member not in table:
            if member not in DIFFERENT_MEMBERS:
                yield f"{path}{member} is missing in the table"
            continue
        element = shape["member"]["shape"] if shape["type"] == "list" else inside["shape"]
        if SHAPES[element]["type"] == "structure":
            yield from model_and_table_differ(element, table[member], f"{path}{member}.")
    for member in table:
        if member not in SHAPES[top]["members"] and member not in DIFFERENT_MEMBERS:
            yield f"{path}{member} is not in the model"


def wrong_in_answer(name, value, format_, path):
    """What of an answer is not as its shape wants it."""
    shape = SHAPES[name]
    kind = shape["type"]
    types = {"structure": dict, "list": list, "string": str, "integer": int, "long": int, "boolean": bool,
             "blob": str if format_ == "json" else bytes, "timestamp": float if format_ == "json" else int}
    if not isinstance(value, types[kind]) or (kind != "boolean" and isinstance(value, bool)):
        yield f"{path} is {value!r}, no {kind}"
        return
    if kind == "structure":
        yield from (f"{path}.{one} is missing" for one in shape.get("required", []) if one not in value)
        for member, inside in value.items():
            if member not in shape["members"]:
                yield f"{path}.{member} is unknown"
            else:
                yield from wrong_in_answer(shape["members"][member]["shape"], inside, format_, f"{path}.{member}")
    if kind == "list":
        for one in value:
            yield from wrong_in_answer(shape["member"]["shape"], one, format_, f"{path}[]")
    if kind == "timestamp":
        ms = value * 1000 if format_ == "json" else value
        if round(ms) != 1767323045678:
            yield f"{path} is {value}, another time"
    size = value if kind in ("integer", "long") else len(value) if hasattr(value, "__len__") else 0
    if path.rsplit(".")[-1] not in UNBOUND and kind not in ("structure", "boolean", "timestamp"):
        if not shape.get("min", size) <= size <= shape.get("max", size):
            yield f"{path} is {value!r}, out of bounds"
    if "enum" in shape and value not in shape["enum"]:
        yield f"{path} is {value!r}, not one of {shape['enum']}"
    if "pattern" in shape and not re.fullmatch(shape["pattern"], value):
        yield f"{path} is {value!r}, not of the pattern"


class Served:
    """The Service, one request after the other."""
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, operation, document, format_):
        body = WRITERS[format_][1](document)
        line = {"operation": operation, "format": format_, "body": base64.b64encode(body).decode()}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        bytes_ = base64.b64decode(answer["body"])
        if not bytes_:
            return answer["status"], None
        return answer["status"], json.loads(bytes_) if format_ == "json" else cbor2.loads(bytes_)


def wrong_answers(program, table):
    served = Served(program)
    stream = {"StreamName": "orders"}
    record = {"Data": b"data", "PartitionKey": "key"}
    for format_ in ("json", "cbor"):
        shard = {**stream, "ShardId": "shardId-000000000001"}
        good = {
            "CreateStream": [{"StreamName": "mine", "ShardCount": 2}],
            "DeleteStream": [stream],
            "MergeShards": [{**stream, "ShardToMerge": "shardId-000000000000",
                             "AdjacentShardToMerge": "shardId-000000000001"}],
            "SplitShard": [{**stream, "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "7"}],
            "DescribeStream": [stream, {**stream, "Limit": 1}],
            "DescribeStreamSummary": [stream],
            "GetShardIterator": [
                {**shard, "ShardIteratorType": "TRIM_HORIZON"},
                {**shard, "ShardIteratorType": "LATEST"},
                {**shard, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": "42"},
                {**shard, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "42"},
                {**shard, "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": Instant(1600000000123)}],
            "ListShards": [stream, {**stream, "MaxResults": 1},
                           {**stream, "ShardFilter": {"Type": "FROM_TIMESTAMP", "Timestamp": Instant(1)}}],
            "ListStreams": [{}],
            "PutRecord": [{**stream, **record}],
            "PutRecords": [{**stream, "Records": [record, {**record, "ExplicitHashKey": "0"}]}],
        }
        _, iterator = served.ask("GetShardIterator", good["GetShardIterator"][0], format_)
        good["GetRecords"] = [iterator, {**iterator, "Limit": 1}]
        yield from (f"{one} is served, and its answer is not tested" for one in table if one not in good)
        for operation, requests in good.items():
            for request in requests:
                status, answer = served.ask(operation, request, format_)
                where = f"{operation} ({format_})"
                if status != 200:
                    yield f"{where}: {status} {answer}"
                elif "output" not in MODEL["operations"][operation]:
                    if answer:
                        yield f"{where}: expected no answer, found {answer}"
                else:
                    output = MODEL["operations"][operation]["output"]["shape"]
                    yield from wrong_in_answer(output, answer, format_, where)
    served.process.stdin.close()
    served.process.wait(10)


def main():
    program = sys.argv[1]
    table = json.loads(subprocess.run([program, "--table"], capture_output=True, check=True).stdout)
    assert table, "no operations"
    problems = []
    cases = Cases()
    for operation, members in table.items():
        top = MODEL["operations"][operation]["input"]["shape"]
        problems += [f"{operation}: {one}" for one in model_and_table_differ(top, members)]
        requests_of(operation, members, cases)
    cases.add("PutRecord", {}, violations("streamName", "data", "partitionKey"))
    cases.add("PutRecords", {"Records": [{"Data": b""}, {}]},
              violations("records.1.member.partitionKey", "records.2.member.data",
                         "records.2.member.partitionKey", "streamName"))
    wrong = cases.wrong(program)
    problems += wrong_answers(program, table)
    print("\n".join(problems))
    print(f"{len(table)} operations, {len(cases.checks)} requests, {wrong} wrong, {len(problems)} other problems")
    sys.exit(wrong > 0 or bool(problems))


main()
