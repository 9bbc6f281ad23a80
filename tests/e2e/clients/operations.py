"""Writes what a client asks for and what comes of it to CEILING_OPERATIONS, for `ceiling serve` to judge."""
import json
import os
import time


def shard_number(shard_id):
    return int(shard_id.rpartition("-")[2])


class Operations:
    """One client's; one line a write, so that a reader sees none in parts."""

    def __init__(self, client):
        file = os.path.join(os.environ["CEILING_OPERATIONS"], client + ".jsonl")
        self.file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.last = 0

    def write(self, number, phase, **what):
        line = {"at_s": time.time(), "id": number, "phase": phase, **what}
        os.write(self.file, json.dumps(line).encode() + b"\n")

    def begin(self, kind, stream, **what):
        self.last += 1
        self.write(self.last, "invoke", kind=kind, stream=stream, **what)
        return self.last

    def stored(self, number, answer):
        """A put ended well: an answer to PutRecord, or an entry of one to PutRecords."""
        self.write(number, "ok", shard=shard_number(answer["ShardId"]), sequence=int(answer["SequenceNumber"]))

    def given(self, number, records):
        """A page of a get."""
        for record in records:
            self.write(number, "ok", key=record["PartitionKey"], sequence=int(record["SequenceNumber"]))
