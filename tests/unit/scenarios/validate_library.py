"""Every shipped scenario is valid under the shipped JSON Schema, and some broken ones are not.

Exit status 77: python3-yaml or python3-jsonschema is not there.
"""
import glob
import json
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print("not compared:", missing)
    sys.exit(77)

root = sys.argv[1]
with open(root + "/scenarios/scenario.schema.json", encoding="utf-8") as f:
    schema = json.load(f)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)

paths = sorted(glob.glob(root + "/scenarios/library/*.yaml"))
assert paths, "no scenarios"
for path in paths:
    with open(path, encoding="utf-8") as f:
        validator.validate(yaml.safe_load(f))

HEAD = "{name: t, jobs: j.fio, "
BROKEN = [
    "{name: t}",
    "{jobs: j.fio}",
    "{name: 'a b', jobs: j.fio}",
    HEAD + "axes: {cahce: none}}",
    HEAD + "axes: {cache: writebak}}",
    HEAD + "axes: {cache: []}}",
    HEAD + "axes: {cache: [none, none]}}",
    HEAD + "axes: {iothreads: 65}}",
    HEAD + "axes: {queues: many}}",
    HEAD + "include: [{}]}",
    HEAD + "exclude: [{name: x, bus: host}]}",
    HEAD + "exclude: [{bus: [host, sata]}]}",
    HEAD + "vm: {vcpus: 0}}",
    HEAD + "backing: {size: large}}",
    HEAD + "limits: {boot: soon}}",
    HEAD + "repeats: 0}",
    HEAD + "order: random}",
    HEAD + "telemetry: sometimes}",
    "{name: t, jobs: {runtime: 1s}}",
    HEAD + "axes: {storage: disk}}",
    HEAD + "device: {serial: S}}",
    HEAD + "device: {pci: '0000:5e:00.0'}}",
    HEAD + "device: {pci: '0000:5e:20.0', serial: S}}",
    HEAD + "device: {path: sdb, serial: S}}",
    HEAD + "device: {pci: '5e:00.0', path: /dev/sdb, serial: S}}",
    HEAD + "device: {path: /dev/sdb, serial: S, namespace: 1}}",
    HEAD + "device: {pci: '5e:00.0', serial: S, namespace: 0}}",
    HEAD + "needs: {snapshots: maybe}}",
    HEAD + "needs: {fast: yes}}",
]
GOOD = [
    HEAD + "device: {pci: '5E:00.0', serial: 12345, namespace: 2}, needs: {snapshots: no}}",
    HEAD + "telemetry: off}",
    HEAD + "telemetry: 'on'}",
    HEAD + "device: {path: /dev/disk/by-id/x, serial: S 1}, needs: {shared_device: 'yes'}}",
]
for text in GOOD:
    validator.validate(yaml.safe_load(text))
for text in BROKEN:
    assert not validator.is_valid(yaml.safe_load(text)), "accepted: " + text
