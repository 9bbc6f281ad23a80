"""botocore, an implementation of its own, and ours agree: what botocore signs, ours verifies, and ours
signs the same requests with the same signature. A changed body is refused.

usage: signature_v4_botocore_test.py REQUESTS_PROGRAM"""

import datetime
import json
import random
import subprocess
import sys
import types
import urllib.parse

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = 1440938160  # 20150830T123600Z
COUNT = 500
CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TARGETS = ["PutRecord", "PutRecords", "GetRecords", "GetShardIterator"]
SEGMENTS = ["", ".", "..", "a", "a b", "%20", "%2F", "é", "%C3%A9", "ሴ", "a;b", "a+b", "a=b&c", "~-_.", "*",
            "(x)", "%zz", "'", "$@:!,"]
TEXTS = ["", "a", "b c", "é", "ሴ", "+", "/", "=", "&", "%", "~", "*", "A", "a-b_c.d", "'\"", "\U0001f600"]
VALUES = ["", "a", " a", "a ", "  a   b  ", "\ta\t\tb", "\"a   b   c\"", "é", "ሴ", "a,b", "a;b=c", ":", "0"]
BODIES = [b"", b"{}", b"x", "{\"StreamName\": \"ሴ\"}".encode(), bytes(range(256)), b"\r\n\r\n", b"y" * 100000]


class FixedTime(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return cls.utcfromtimestamp(NOW)


botocore.auth.datetime = types.SimpleNamespace(datetime=FixedTime)


def request_by(rng):
    """One request as botocore sends it, and its headers that botocore does not sign."""
    path = "/" + "/".join(rng.choice(SEGMENTS) for _ in range(rng.choice([0, 0, 1, 2, 5])))
    query = "&".join(urllib.parse.quote(rng.choice(TEXTS), safe="-_.~") +
                     ("=" + urllib.parse.quote(rng.choice(TEXTS), safe="-_.~") if rng.random() < 0.9 else "")
                     for _ in range(rng.choice([0, 0, 1, 2, 6])))
    query = "&".join(part for part in query.split("&") if part)  # a nameless parameter is not sent
    target = path + ("?" + query if query else "")
    host = rng.choice(["127.0.0.1:4567", "kinesis.eu-north-1.amazonaws.com", "localhost"])
    body = rng.choice(BODIES)
    request = AWSRequest(method=rng.choice(["POST", "POST", "POST", "GET", "PUT"]),
                         url="http://" + host + target, data=body)
    headers = [("Host", host), ("X-Amz-Target", "Kinesis_20131202." + rng.choice(TARGETS))]
    for _ in range(rng.choice([0, 1, 3, 8])):
        headers.append((rng.choice(["My-Header1", "my-header1", "X-Amz-Meta-A", "x-amz-meta-a-b", "Content-Type",
                                    "Zebra", "A"]), rng.choice(VALUES)))
    rng.shuffle(headers)
    for name, value in headers:
        request.headers[name] = value
    dated = rng.random() < 0.2
    if dated:
        request.headers["Date"] = "replaced"
    botocore.auth.SigV4Auth(CREDENTIALS, "kinesis", "eu-north-1").add_auth(request)

    arriving = list(request.headers.items())
    signed = [header for header in arriving if header[0] != "Authorization"]
    if rng.random() < 0.5:
        arriving.append(("User-Agent", "Boto3/1.26 md/Botocore"))
    return {"method": request.method, "target": target, "headers": arriving,
            "to_sign": [] if dated else signed, "body": body.hex(), "now": NOW}


def main():
    rng = random.Random(4)
    inputs = []
    for _ in range(COUNT):
        sent = request_by(rng)
        inputs += [sent, {**sent, "to_sign": [], "body": sent["body"] + "00"}]
    done = subprocess.run([sys.argv[1]], input="".join(json.dumps(one) + "\n" for one in inputs),
                          capture_output=True, text=True, timeout=60, check=True)
    outputs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(outputs) == len(inputs), f"{len(outputs)} answers to {len(inputs)} requests"

    wrong = signed = 0
    for sent, answer, changed in zip(inputs[::2], outputs[::2], outputs[1::2]):
        ok = answer["verdict"] == "123456789012" and changed["verdict"] == "InvalidSignatureException"
        if sent["to_sign"]:
            signed += 1
            ok = ok and answer["authorization"] == dict(sent["headers"])["Authorization"]
        if not ok:
            wrong += 1
            print(sent, answer, changed)
    assert 0 < signed < COUNT, "no request with x-amz-date, or none with Date"
    print(f"{COUNT} requests verified, {signed} signed, {wrong} wrong")
    sys.exit(wrong > 0)


main()
