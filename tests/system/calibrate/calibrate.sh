#!/bin/bash
# calibrate.sh BLKLAB AGENT CACHE KERNEL: equal cells in real VMs; what is called different there is a false alarm.
set -u
blklab=$1 agent=$2 cache=$3
kernel=$(find "$4" -name 'linux-image-*.deb' 2>/dev/null | sort -V | tail -n 1)
[ -n "$kernel" ] || { echo "no kernel package in $4: make guests"; exit 77; }
dir=$(mktemp -d /tmp/blklab-calibrate-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

cat >one.yaml <<'YAML'
name: equal
vm: { vcpus: 1, memory: 256MiB }
backing: { size: 32MiB }
axes: { bus: virtio-blk, iothreads: 1 }
jobs: one.fio
seed: 5
YAML
printf '[read]\nrw=randread\nbs=4k\ndirect=1\ntime_based\nruntime=1s\n' >one.fio

"$blklab" calibrate one.yaml --repeats 6 --kernel "$kernel" --work-dir work --cache-dir "$cache" --agent "$agent" \
	--store store.db >table || fail "exit $?"
cat table
"$blklab" calibrate --run 0 --store store.db --json >doc || fail "exit $? of --run"
# Six comparisons of each figure. Of 5 % false alarms among as many as there are, which share their trials: none is usual,
# and more than one figure's worth are no chance.
python3 - <<'PY' || exit 1
import json
doc = json.load(open('doc'))
print({k: doc[k] for k in ('equal_cells', 'repeats', 'comparisons', 'apart', 'alarms', 'alarms_corrected')})
assert doc['equal_cells'] == 4 and doc['repeats'] == 6
rows = {row['metric']: row for row in doc['rows']}
assert rows['iops']['comparisons'] == 6 and rows['iops']['sd_log'] > 0
assert doc['alarms_corrected'] <= 0.05 * doc['comparisons'], 'false alarms above the nominal rate'
assert doc['apart'] <= 0.25 * doc['comparisons'], 'intervals that leave out no change'
for row in doc['rows']:
    assert row['visible']['6'] > row['visible']['30'] > 0, row
PY
