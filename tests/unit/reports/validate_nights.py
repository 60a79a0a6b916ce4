"""The nights in expected/ as other programs read them.

JSON under the shipped schema, with nothing in it that the schema does not name; JUnit XML in the
shape that the schemas in use have in common; metrics by the OpenMetrics parser of Prometheus'
client library. Each of the checks must also refuse what is broken. Exit status 77: packages
python3-jsonschema or python3-prometheus-client are not there.
"""
import copy
import glob
import json
import math
import re
import sys
import xml.etree.ElementTree as ET

try:
    import jsonschema
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
    from prometheus_client.parser import text_string_to_metric_families as text_format
except ImportError as missing:
    print("not compared:", missing)
    sys.exit(77)

root = sys.argv[1]


def files(ending):
    found = sorted(glob.glob(f"{root}/tests/unit/reports/expected/night-*.{ending}"))
    assert len(found) == 5, found
    for path in found:
        with open(path, encoding="utf-8") as f:
            yield path.rsplit("/", 1)[1], f.read()


def closed(schema):
    """The schema, with every object refusing what it does not name."""
    if isinstance(schema, dict):
        schema = {k: closed(v) for k, v in schema.items()}
        if "properties" in schema and schema.get("type") == "object":
            schema["additionalProperties"] = False
        return schema
    return [closed(v) for v in schema] if isinstance(schema, list) else schema


def refused(check, *args):
    try:
        check(*args)
    except Exception:  # of whatever kind: what was broken was seen
        return
    raise AssertionError(f"this was accepted: {args!r:.200}")


# --- JSON ---

with open(root + "/reports/nights/night.schema.json", encoding="utf-8") as f:
    schema = json.load(f)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(closed(schema))
documents = {name: json.loads(text) for name, text in files("json")}
for name, document in documents.items():
    validator.validate(document)
    assert document["text"].count("\n") <= 20, name
changed = documents["night-changed.json"]
assert {c["metric"] for c in changed["changes"]} == {"p99_ns", "iops", "p50_ns"}
assert "cause" not in changed["changes"][2] and "run_id" not in documents["night-not-measured.json"]
for break_it in (lambda d: d.pop("id"), lambda d: d.update(outcome="good"),
                 lambda d: d.update(run_id="019"), lambda d: d["changes"][0].update(extra=1),
                 lambda d: d["points"][0].update(value="412 us"), lambda d: d.update(trials=-1)):
    broken = copy.deepcopy(changed)
    break_it(broken)
    refused(validator.validate, broken)

# --- JUnit ---

SUITE_ORDER = ["properties", "testcase", "system-out", "system-err"]


def check_junit(text):
    suites = ET.fromstring(text.encode())
    assert suites.tag == "testsuites" and len(suites) == 1 and not suites.attrib
    suite = suites[0]
    assert suite.tag == "testsuite"
    for key in ("name", "tests", "failures", "errors", "time", "timestamp", "hostname",
                "id", "package"):
        assert key in suite.attrib, key
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
    order = [SUITE_ORDER.index(child.tag) for child in suite]
    assert order == sorted(order) and order.count(0) == 1, order
    counted = {"failure": 0, "error": 0, "skipped": 0}
    cases = suite.findall("testcase")
    names = [(c.get("classname"), c.get("name")) for c in cases]
    assert len(set(names)) == len(names), "two cases of one name"
    for case in cases:
        assert case.get("name") and case.get("classname") and float(case.get("time")) >= 0
        assert len(case) <= 1
        for end in case:
            counted[end.tag] += 1
            assert end.get("message"), ET.tostring(end)
            assert end.tag == "skipped" or end.get("type")
    assert int(suite.get("tests")) == len(cases)
    assert int(suite.get("failures")) == counted["failure"]
    assert int(suite.get("errors")) == counted["error"]
    assert int(suite.get("skipped")) == counted["skipped"]
    return counted


junit = {name: check_junit(text) for name, text in files("xml")}
assert junit["night-quiet.xml"] == {"failure": 0, "error": 0, "skipped": 0}
assert junit["night-changed.xml"] == {"failure": 2, "error": 1, "skipped": 1}
assert junit["night-not-measured.xml"] == {"failure": 0, "error": 1, "skipped": 0}
assert junit["night-cannot-tell.xml"] == {"failure": 0, "error": 0, "skipped": 1}
text = dict(files("xml"))["night-changed.xml"]
refused(check_junit, text.replace('failures="2"', 'failures="1"'))
refused(check_junit, text.replace("<testcase", "<case"))

# --- metrics ---


def samples(text, parse):
    return {(s.name, tuple(sorted(s.labels.items()))): s.value
            for family in parse(text) for s in family.samples}


for name, text in files("prom"):
    new, old = samples(text, openmetrics), samples(text, text_format)
    assert new == old and len(new) >= 8, name  # one file, both formats
    assert all(family.type == "gauge" for family in openmetrics(text))
    assert sum(v for (n, _), v in new.items() if n == "blklab_night_outcome") == 1
    labels = dict(next(iter(new))[1])
    want = documents[name.replace(".prom", ".json")]
    assert labels["scenario"] == want["scenario"].replace("\n", " "), labels  # unescaped again
    for point in want["points"]:
        key = tuple(sorted({"scenario": labels["scenario"], "host": labels["host"],
                            "cell": point["cell"].replace("\n", " "), "workload": point["job"],
                            "metric": point["metric"]}.items()))
        # JSON documents have six digits
        assert math.isclose(new["blklab_night_value", key], point["value"], rel_tol=1e-5), point
        assert (("blklab_night_ratio", key) in new) == ("ratio" in point)
        told = point["verdict"] != "cannot tell"
        assert (("blklab_night_drifted", key) in new) == told
refused(lambda t: list(openmetrics(t)), text.replace("# EOF\n", ""))
refused(lambda t: list(openmetrics(t)), text.replace('"} ', '} '))
print("validated: 5 nights as JSON, JUnit XML and metrics")
