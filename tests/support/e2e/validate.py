"""Prints every way in which a document, or each of its lines, breaks a JSON Schema; nothing when it is valid.

usage: validate.py SCHEMA DOCUMENT [--lines]"""

import json
import pathlib
import sys

import jsonschema


def main(schema, document, lines=""):
    validator = jsonschema.Draft202012Validator(json.loads(pathlib.Path(schema).read_text()))
    text = pathlib.Path(document).read_text()
    documents = text.splitlines() if lines == "--lines" else [text]
    if not documents:
        print("nothing to validate")
    for number, one in enumerate(documents, 1):
        for error in validator.iter_errors(json.loads(one)):
            print(f"{number}: {error.json_path}: {error.message}")


main(*sys.argv[1:])
