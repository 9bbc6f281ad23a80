"""Puts numbered records until its input ends, a line of JSON each: with boto3 as it comes, or, with
--cli, with one call of the AWS CLI a record."""
import base64
import json
import os
import re
import select
import subprocess
import sys
import time

import boto3
import botocore.exceptions

from operations import Operations

stream, cli = sys.argv[-1], "--cli" in sys.argv
endpoint = os.environ["AWS_ENDPOINT_URL"]
operations = Operations(stream)
client = None if cli else boto3.client("kinesis", endpoint_url=endpoint)


def not_stored(number, answered):
    """Only the last of several attempts is known of: another one may have been stored."""
    operations.write(number, "fail" if answered == 1 else "unknown")


def put_with_cli(number, data):
    done = subprocess.run(
        ["/usr/bin/aws", "--endpoint-url", endpoint, "--output", "json", "kinesis", "put-record",
         "--stream-name", stream, "--partition-key", "key", "--data", base64.b64encode(data).decode()], capture_output=True, text=True)
    if done.returncode == 0:
        operations.stored(number, json.loads(done.stdout))
        return {"ok": True, "attempts": 1}
    named = re.search(r"An error occurred \((\w+)\).*?(?:reached max retries: (\d+))?\)", done.stderr)
    error = named.group(1) if named else done.stderr.strip()[-80:]
    retries = re.search(r"max retries: (\d+)", done.stderr)
    attempts = 1 + int(retries.group(1) if retries else 0)
    not_stored(number, attempts if named else None)
    return {"ok": False, "error": error, "attempts": attempts}


def put_with_boto3(number, data):
    try:
        answer = client.put_record(StreamName=stream, PartitionKey="key", Data=data)
        operations.stored(number, answer)
        return {"ok": True, "attempts": 1 + answer["ResponseMetadata"]["RetryAttempts"]}
    except botocore.exceptions.ClientError as error:
        tried = 1 + error.response["ResponseMetadata"].get("RetryAttempts", 0)
        not_stored(number, tried)
        return {"ok": False, "error": error.response["Error"]["Code"], "attempts": tried}
    except botocore.exceptions.BotoCoreError as error:
        not_stored(number, None)
        return {"ok": False, "error": type(error).__name__, "attempts": 1}


number = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    at, began = time.time(), time.monotonic()
    operation = operations.begin("put", stream, key="key")
    line = (put_with_cli if cli else put_with_boto3)(operation, str(number).encode())
    line.update(n=number, at=at, ms=1000 * (time.monotonic() - began))
    print(json.dumps(line), flush=True)
    number += 1
    time.sleep(0.02)  # 50 a second at most: the limits of a shard are not what is tried
