"""Every document that the report and the history write satisfies its published schema, and the schemas
refuse documents that lack a field, carry one of another type, or a word that they do not know.

usage: schemas_test.py SCHEMAS_DIR DOCUMENTS_PROGRAM"""

import copy
import json
import pathlib
import subprocess
import sys

import jsonschema


def places(value, path=()):
    """The path of every field of every object in a document; free-form objects apart."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path + (key,)
            if key not in ("evidence", "ruled_out"):
                yield from places(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, path + (index,))


def changed(document, path, change):
    broken = copy.deepcopy(document)
    holder = broken
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return broken


def put(wrong):
    def change(holder, key):
        holder[key] = wrong

    return change


def breakages(document):
    # Of a history's events some may be left out; resources are there as far as they were measured.
    optional = ("value", "pids_events", "used", "probe", "resources")
    for path in places(document):
        measured = len(path) > 1 and path[-2] == "resources"
        if not measured and not (path[-1] in optional and "event" in document):
            yield f"without {path}", changed(document, path, lambda holder, key: holder.pop(key))
        yield f"{path} of another type", changed(document, path, put({"x": [1]}))
    for key in ("schema", "verdict", "event"):
        if key in document:
            yield f"{key} unknown", changed(document, (key,), put("perhaps"))


def main(folder, program):
    validators = {}
    for name in ("result", "predict", "repeat", "find", "history", "page"):
        schema = json.loads(pathlib.Path(folder, name + ".json").read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        # A page holds results: "$ref" names the file beside its own.
        resolver = jsonschema.RefResolver(pathlib.Path(folder).absolute().as_uri() + "/", schema)
        validators[name] = jsonschema.Draft202012Validator(schema, resolver=resolver)

    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    failures, seen, broken_seen = [], {name: 0 for name in validators}, set()
    for line in lines:
        name, text = line.split(" ", 1)
        document = json.loads(text)
        seen[name] += 1
        for error in validators[name].iter_errors(document):
            failures.append(f"{name}: {error.json_path}: {error.message}\n  {text}")
        kind = (name, document.get("event"), document.get("verdict"))
        if kind in broken_seen:
            continue
        broken_seen.add(kind)
        for what, broken in breakages(document):
            if validators[name].is_valid(broken):
                failures.append(f"{name}: accepted {what}\n  {text[:300]}")
    failures += [f"no {name} document was written" for name, count in seen.items() if count == 0]
    print("\n".join(failures) or f"{seen} documents are valid")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
